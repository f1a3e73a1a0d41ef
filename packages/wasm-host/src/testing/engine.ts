import { silentLogger } from "@layotto/sidecar-kit";
import { createEngine, type EngineOptions } from "../engine.ts";
import { noCapabilities } from "../model/capabilities.ts";
import { defaultLimits, type FunctionDefinition, type Limits } from "../model/definition.ts";
import type { CallOptions, Engine, LoadedVersion } from "../model/engine.ts";
import type { GuestHost } from "../model/guest-host.ts";
import { WasmStatus, type HostAnswer, type HostCall } from "../model/host-calls.ts";
import type { StreamInput, StreamOutput } from "../model/streams.ts";

const empty = new Uint8Array(0);

/** What a test says of a function; everything else is the default with one instance. */
export type DefinitionParts = Partial<Omit<FunctionDefinition, "limits">> & {
  readonly limits?: Partial<Limits>;
};

export function definitionOf(name: string, parts: DefinitionParts = {}): FunctionDefinition {
  return {
    name,
    adapter: "proxy-wasm",
    instances: 1,
    isolation: "pooled",
    recycling: { calls: 0, memoryBytes: 0 },
    capabilities: noCapabilities,
    rootContextId: 1,
    vmConfig: empty,
    pluginConfig: empty,
    environment: {},
    ...parts,
    limits: { ...defaultLimits, ...parts.limits },
  };
}

/** A host that answers with a function; without one everything is unimplemented. */
export function hostOf(answer?: (call: HostCall) => HostAnswer | Promise<HostAnswer>): GuestHost {
  return {
    handle(_caller, call, reply) {
      if (answer === undefined) {
        reply({ status: WasmStatus.UNIMPLEMENTED, value: empty, extra: 0 });
        return;
      }
      void Promise.resolve(answer(call)).then(reply);
    },
    release() {},
  };
}

/** An engine with few threads and no logs. */
export function testEngine(options: Partial<EngineOptions> = {}): Engine {
  return createEngine({
    host: hostOf(),
    logger: silentLogger,
    workers: { min: 2, max: 6 },
    ...options,
  });
}

export function requestOf(body: string | Uint8Array, mode: StreamInput["mode"] = "function"): StreamInput {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return {
    mode,
    phase: "request",
    headers: [":method", "POST", ":path", "/", ":authority", "test"],
    body: bytes.length === 0 ? undefined : bytes,
    trailers: undefined,
    bodyFollows: false,
    properties: [],
  };
} // prettier-ignore

/** Calls a function and resolves with what comes of it. */
export function callOnce(
  engine: Engine,
  version: LoadedVersion,
  body: string | Uint8Array,
  options?: CallOptions,
): Promise<StreamOutput> {
  return new Promise((resolve) => {
    engine.open(version, requestOf(body), { onOutput: resolve }, options);
  });
}

/** The answer's body as text. @throws Error when the call failed */
export function textOf({ answer, fault }: StreamOutput): string {
  if (answer === undefined) throw new Error(`the call failed: ${fault?.kind} ${fault?.message}`);
  return Buffer.from(answer.body).toString();
}
