import type { TestContext } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { GrpcError, type StatusCode } from "@layotto/grpc-transport";
import { ErrorInfoSchema } from "@layotto/proto/google/rpc/error_details";
import { StatusSchema } from "@layotto/proto/google/rpc/status";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { client, implement, type Client, type Handlers } from "@layotto/sidecar-kit";
import { FakeExtension, type FakeFunction } from "./fake-extension.ts";
import type { FakeSidecar } from "./fake-sidecar.ts";
import { ready, sidecar, start, type Started } from "./harness.ts";

/** The service of all these tests. */
export const runtime = "spec.proto.runtime.v1.Runtime";

type RuntimeMethods = typeof Runtime extends GenService<infer S> ? S : never;

/** What a {@link startHooked} is made from. */
export interface HookedOptions {
  readonly hooks: readonly Record<string, unknown>[];
  readonly functions?: Readonly<Record<string, FakeFunction>>;
  readonly handlers: Handlers<RuntimeMethods>;
  /** More of section `gateway`. */
  readonly section?: Record<string, unknown>;
  /** Protobuf files that the sidecar hands out. Default: those of its services. */
  readonly files?: readonly Uint8Array[];
  /** Whether something runs functions. Default: true. */
  readonly wasm?: boolean;
}

/** A gateway with hooks, a sidecar of the Runtime API and one that runs functions. */
export interface Hooked extends Started {
  readonly api: Client<RuntimeMethods>;
  readonly extension: FakeExtension;
  readonly wasm: FakeSidecar | undefined;
  readonly state: FakeSidecar;
}

export async function startHooked(t: TestContext, options: HookedOptions): Promise<Hooked> {
  const { hooks, functions = {}, handlers, section = {}, wasm = true, ...more } = options;
  // A busy machine is no failure of a function.
  const patient = hooks.map((hook) => ({ timeout: "10s", ...hook }));
  const names = wasm ? ["state", "wasm"] : ["state"];
  const started = await start(t, names, { hooks: patient, ...section });
  const extension = new FakeExtension(functions);
  const { runDir } = started;
  const services = [implement(Runtime, handlers)];
  const state = await sidecar(t, runDir, "state", { methods: {}, services, ...more });
  const running = wasm
    ? await sidecar(t, runDir, "wasm", { methods: {}, services: [extension.service] })
    : undefined;
  await ready(started.gateway);
  return { ...started, api: client(Runtime, started.channel), extension, wasm: running, state };
}

/** Matches an error of the gateway by code, reason and text. */
export function failsWith(code: StatusCode, reason: string, message: RegExp) {
  return (error: unknown): boolean => {
    if (!(error instanceof GrpcError)) return false;
    const info = errorInfo(error);
    return error.code === code && info?.reason === reason && message.test(error.message);
  };
}

/** `google.rpc.ErrorInfo` of an error. */
export function errorInfo({ statusDetails }: GrpcError) {
  if (statusDetails === undefined) return undefined;
  const [details] = fromBinary(StatusSchema, statusDetails).details;
  return details && anyUnpack(details, ErrorInfoSchema);
}
