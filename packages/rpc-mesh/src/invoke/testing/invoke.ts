// InvokeService as the gateway calls it, and servers behind it in this process.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { GrpcClient, GrpcError, GrpcServer, Metadata } from "@layotto/grpc-transport";
import { HTTPExtension_Verb as Verb, Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { client, serve, silentLogger } from "@layotto/sidecar-kit";
import { eventually, tempDir, testContext } from "@layotto/sidecar-kit/testing";
import { clusterOf } from "../../call/testing/scripted-call.ts";
import { meshClock } from "../../clock.ts";
import type { FunctionTools } from "../../extension/listener-function.ts";
import { Listeners } from "../../listener/listeners.ts";
import { Mesh } from "../../mesh.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import type { HookConfig } from "../../model/listener.ts";
import type { ForwardAction, RetryPolicy, RouteConfig } from "../../model/route.ts";
import { listenerOf } from "../../testing/listener.ts";
import { forwardTo, routeOf, routerOf } from "../../testing/routing.ts";
import { createChannel } from "../create-channel.ts";
import { invokeServices } from "../service.ts";

/** What is called. */
export interface Message {
  method?: string;
  data?: Uint8Array;
  contentType?: string;
  verb?: Verb;
  query?: string;
}

/** What a test wants. */
export interface Setup {
  readonly protocol: "http" | "grpc";
  readonly hosts: readonly string[];
  readonly cluster?: Partial<ClusterConfig>;
  readonly action?: Partial<ForwardAction>;
  readonly route?: Partial<RouteConfig>;
  readonly flatErrors?: boolean;
  readonly hooks?: readonly HookConfig[];
  /** What the hooks are run with. */
  readonly tools?: FunctionTools;
}

/** A mesh with InvokeService, and a client of it, until the test ends. */
export async function setup(
  t: TestContext,
  { protocol, hosts, cluster, action, route, flatErrors = false, hooks, tools }: Setup,
) {
  // prettier-ignore
  const mesh = new Mesh({
    clock: meshClock,
    random: Math.random,
    logger: silentLogger,
    feed: (of) => {
      if (of.config.source.type === "static") of.setHosts(of.config.source.hosts);
      return () => {};
    },
  });
  await mesh.apply(
    [clusterOf("x", hosts, { outlier: undefined, ...cluster })],
    [routerOf([routeOf("x", {}, { action: forwardTo("x", action), ...route })])],
  );
  const configs = [listenerOf({ name: "out", hooks })];
  const inherited = () => undefined;
  const listeners = await Listeners.create({
    mesh,
    configs,
    logger: silentLogger,
    tools,
    inherited,
  });
  const channel = { protocol, listener: "out", size: 0 } as const;
  const rpcs = { channel, beforeInvoke: [], afterInvoke: [], flatErrors, timeoutMs: 3000 };
  const server = new GrpcServer();
  const options = { channel: createChannel(rpcs, mesh, listeners), before: [], timeoutMs: 3000 };
  serve(server, invokeServices(options), testContext());
  const path = join(tempDir(t), "mesh.sock");
  await server.listen({ path });
  const connection = new GrpcClient({ path });
  t.after(async () => {
    await connection.close();
    await server.close();
    mesh.close();
  });
  const runtime = client(Runtime, connection);
  const invoke = (
    message: Message = {},
    metadata: Record<string, string> = {},
    id = "shop",
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ) => {
    // prettier-ignore
    const { method = "/pay", data, contentType = "", verb, query = "" } = message;
    const http = verb === undefined && query === "" ? undefined : { verb: verb ?? Verb.NONE, querystring: query }; // prettier-ignore
    return runtime.invokeService(
      { id, message: { method, contentType, ...(data ? { data: { value: data } } : {}), ...(http ? { httpExtension: http } : {}) } }, // prettier-ignore
      { metadata: Metadata.from(Object.entries(metadata)), ...options },
    );
  };
  const even = () =>
    eventually("all is even", () => {
      for (const { counters, cluster: of } of mesh.clusterStates()) {
        if (counters.active !== 0 || of.hosts.some(({ active }) => active !== 0)) return false;
      }
      return true;
    });
  /** InvokeService without a client that checks what it sends. */
  const raw = (metadata: Metadata, message: Uint8Array) =>
    connection.unary("/spec.proto.runtime.v1.Runtime/InvokeService", message, { metadata });
  return { mesh, invoke, even, raw };
}

/** `host:port` of a listening server. */
export async function portOf(server: { address(): unknown }): Promise<string> {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
}

/** An HTTP server. */
export async function origin(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (part: string) => (body += part));
    request.on("end", () => answer(request, response, body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return portOf(server);
}

/** A server that says exactly this to every request. */
export async function rawOrigin(
  t: TestContext,
  text: string,
  then?: (socket: Socket) => void,
): Promise<string> {
  const server = createTcp((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      if (text !== "") socket.write(text, "latin1");
      then?.(socket);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return portOf(server);
}

/** For `assert.rejects`: an error with this code and such a message. */
export const failure =
  (code: number, message: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof GrpcError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };

/** Two further attempts after whatever can be sent again. */
export const retry: RetryPolicy = {
  on: ["connect-failure", "refused-stream", "gateway-error", "reset"],
  statusCodes: [],
  retries: 2,
  backoffMs: 1,
  maxBackoffMs: 1,
  nonIdempotent: false,
  avoidTriedHosts: true,
};
