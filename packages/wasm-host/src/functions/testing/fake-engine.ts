import { createHash } from "node:crypto";
import { noCapabilities } from "../../model/capabilities.ts";
import { defaultLimits, type FunctionDefinition } from "../../model/definition.ts";
import type {
  CallOptions,
  Engine,
  EngineStream,
  LoadedVersion,
  StreamSink,
  VersionStats,
} from "../../model/engine.ts";
import type { FaultKind, GuestFault } from "../../model/fault.ts";
import type { PhaseInput, StreamInput } from "../../model/streams.ts";
import { WasmError } from "../../errors.ts";

/** A definition with nothing special about it. */
export function definitionOf(
  name: string,
  part: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  return {
    name,
    adapter: "proxy-wasm",
    instances: 2,
    isolation: "pooled",
    recycling: { calls: 0, memoryBytes: 0 },
    limits: defaultLimits,
    capabilities: noCapabilities,
    rootContextId: 1,
    vmConfig: new Uint8Array(),
    pluginConfig: new Uint8Array(),
    environment: {},
    ...part,
  };
}

/** A module of the {@link FakeEngine}: `id=x` is what it says it is, `bad` does not load. */
export function fakeModule(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A version of the {@link FakeEngine}. */
export class FakeVersion implements LoadedVersion {
  readonly version: number;
  readonly definition: FunctionDefinition;
  readonly id: string;
  readonly info: LoadedVersion["info"];
  readonly text: string;
  calls = 0;
  instances = 1;
  readonly faults: Partial<Record<FaultKind, number>> = {};

  constructor(version: number, definition: FunctionDefinition, bytes: Uint8Array) {
    this.version = version;
    this.definition = definition;
    this.text = new TextDecoder().decode(bytes);
    this.id = /id=(\S+)/.exec(this.text)?.[1] ?? definition.name;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.info = {
      bytes: bytes.length,
      sha256,
      abi: "proxy-wasm 0.2.1",
      imports: [],
      exports: [],
      functions: 1,
      memory: undefined,
      producers: [],
    };
  }

  stats(): VersionStats {
    const { calls, faults, instances } = this;
    return {
      calls,
      faults,
      instances,
      queued: 0,
      openStreams: 0,
      runningUs: calls * 10,
      fuel: 0,
      memoryBytes: 65_536,
      recycled: 0,
    };
  }
}

/** A call that waits for the test. */
export interface FakeCall {
  readonly version: FakeVersion;
  readonly input: StreamInput;
  readonly options: CallOptions | undefined;
  readonly phases: PhaseInput[];
  closed: boolean;
  /** Ends it with an answer of this body. */
  answer(body?: string, status?: number, headers?: readonly string[]): void;
  goOn(): void;
  fail(kind: FaultKind, message?: string): void;
}

/** An engine without threads: the test answers its calls. */
export class FakeEngine implements Engine {
  onFault: Engine["onFault"] = () => {};
  readonly loaded = new Set<FakeVersion>();
  readonly calls: FakeCall[] = [];
  readonly log: string[] = [];
  /** Answers each call at once with the text of its module. */
  answersAtOnce = false;
  /** Modules that say `refuses` do not start. */
  refuses = false;
  /** Loading waits for it. */
  gate: Promise<void> = Promise.resolve();
  /** Unloading waits for it. */
  leaving: Promise<void> = Promise.resolve();
  private count = 0;

  async load(bytes: Uint8Array, definition: FunctionDefinition): Promise<LoadedVersion> {
    const version = new FakeVersion(++this.count, definition, bytes);
    this.log.push(`load ${version.text}`);
    await this.gate;
    if (version.text.includes("bad")) {
      throw new WasmError("NOT_A_MODULE", 422, `"${definition.name}" is no module: give another`);
    }
    if (this.refuses && version.text.includes("refuses")) {
      throw new WasmError("START_FAILED", 422, "the module does not start");
    }
    this.loaded.add(version);
    return version;
  }

  warm(version: LoadedVersion, instances: number): Promise<void> {
    this.log.push(`warm ${textOf(version)} ${instances}`);
    return Promise.resolve();
  }

  resize(version: LoadedVersion, instances: number): void {
    this.log.push(`resize ${textOf(version)} ${instances}`);
  }

  async unload(version: LoadedVersion): Promise<void> {
    this.log.push(`unload ${textOf(version)}`);
    await this.leaving;
    for (const each of this.loaded) if (each === version) this.loaded.delete(each);
  }

  open(
    loaded: LoadedVersion,
    input: StreamInput,
    sink: StreamSink,
    options?: CallOptions,
  ): EngineStream {
    const version = loaded as FakeVersion; // it made them all
    version.calls++;
    const call = fakeCall(version, input, sink, options, this);
    this.calls.push(call);
    if (this.answersAtOnce) call.answer(version.text);
    return {
      next: (phase) => call.phases.push(phase),
      close: () => {
        call.closed = true;
      },
    };
  }

  /** The call that was opened last. */
  get lastCall(): FakeCall {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error("no call");
    return call;
  }

  close(): Promise<void> {
    this.log.push("close");
    return Promise.resolve();
  }
}

function textOf(version: LoadedVersion): string {
  return (version as FakeVersion).text;
}

function fakeCall(
  version: FakeVersion,
  input: StreamInput,
  sink: StreamSink,
  options: CallOptions | undefined,
  engine: Engine,
): FakeCall {
  return {
    version,
    input,
    options,
    phases: [],
    closed: false,
    answer: (body = "", status = 200, headers = []) => {
      const bytes = new TextEncoder().encode(body);
      const answer = { status, headers, body: bytes, trailers: [], grpcStatus: -1, details: "" };
      sink.onOutput({ stream: 1, outcome: "answer", answer });
    },
    goOn: () => sink.onOutput({ stream: 1, outcome: "continue" }),
    fail: (kind, message = `${kind} in proxy_on_request_body`) => {
      const fault: GuestFault = { kind, message };
      version.faults[kind] = (version.faults[kind] ?? 0) + 1;
      engine.onFault(version, fault);
      sink.onOutput({ stream: 1, outcome: "failed", fault });
    },
  };
}
