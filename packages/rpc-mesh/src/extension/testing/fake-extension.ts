import { join } from "node:path";
import type { TestContext } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { GrpcServer } from "@layotto/grpc-transport";
import {
  Extension,
  Phase,
  type ProcessRequest,
  type ProcessResponseSchema,
} from "@layotto/proto/sidecar/v1/extension";
import { implement, serve, silentLogger } from "@layotto/sidecar-kit";
import { tempDir, testContext } from "@layotto/sidecar-kit/testing";
import { meshClock, type MeshClock } from "../../clock.ts";
import { ExtensionClient } from "../extension-client.ts";
import type { FunctionTools } from "../listener-function.ts";

/** What a function says to a phase; undefined: it thinks for ever. */
export type FakeFunction = (
  request: ProcessRequest,
) => MessageInitShape<typeof ProcessResponseSchema> | undefined;

/** A gateway with functions behind it. */
export interface FakeExtension {
  readonly tools: FunctionTools;
  /** Folder with the socket of the gateway. */
  readonly runDir: string;
  /** `function phase`, in the order in which they were asked. */
  readonly log: string[];
  readonly requests: ProcessRequest[];
  /** Streams that are open, and those that their callers gave up. */
  readonly streams: { open: number; cancelled: number };

  readonly server: GrpcServer;
}

/** Starts functions by name. */
export async function startExtension(
  test: TestContext,
  functions: Readonly<Record<string, FakeFunction>>,
  clock: MeshClock = meshClock,
): Promise<FakeExtension> {
  const runDir = tempDir(test);
  const log: string[] = [];
  const requests: ProcessRequest[] = [];
  const streams = { open: 0, cancelled: 0 };
  const server = new GrpcServer();
  const process = async function* (asked: AsyncIterable<ProcessRequest>) {
    let name = "";
    let ended = false;
    streams.open++;
    try {
      for await (const request of asked) {
        if (request.function !== "") name = request.function;
        log.push(`${name} ${request.phase === Phase.REQUEST ? "request" : "response"}`);
        requests.push(request);
        const run = functions[name];
        if (run === undefined) throw new Error(`no function "${name}"`);
        const response = run(request);
        if (response === undefined) await new Promise(() => {});
        else yield response;
      }
      ended = true;
    } finally {
      streams.open--;
      if (!ended) streams.cancelled++;
    }
  };
  serve(server, [implement(Extension, { process })], testContext());
  await server.listen({ path: join(runDir, "gateway.internal.sock") });
  const client = ExtensionClient.in(runDir);
  test.after(() => Promise.all([client.close(), server.close()]));
  return { tools: { client, clock, logger: silentLogger }, runDir, log, requests, streams, server };
}
