import type { FunctionDefinition } from "./definition.ts";
import type { FaultKind, GuestFault } from "./fault.ts";
import type { ModuleInfo } from "./module-info.ts";
import type { PhaseInput, StreamInput, StreamOutput } from "./streams.ts";

/** Figures of a version, as they are now. Counters only grow. */
export interface VersionStats {
  readonly calls: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Instances that exist. */
  readonly instances: number;
  /** Calls that wait for one. */
  readonly queued: number;
  readonly openStreams: number;
  /** Time in the guest and in its host calls, summed up, µs. */
  readonly runningUs: number;
  /** Instructions, where they are counted. */
  readonly fuel: number;
  /** Largest memory seen of an instance, octets. */
  readonly memoryBytes: number;
  /** Instances that were replaced: recycled, or dropped after a fault. */
  readonly recycled: number;
}

/** A version that is compiled, checked, and has run once: it can take calls. */
export interface LoadedVersion {
  /** Unique in the process; later ones are larger. */
  readonly version: number;
  readonly definition: FunctionDefinition;
  readonly info: ModuleInfo;
  /** What the guest says it is (`proxy_get_id`); the function's name when it says nothing. */
  readonly id: string;
  stats(): VersionStats;
}

/** Gets what comes of a stream. */
export interface StreamSink {
  /** One per phase. After `answer` and `failed` nothing more comes and the stream is closed. */
  onOutput(output: StreamOutput): void;
}

/** How a call is run. */
export interface CallOptions {
  /** When it must be over, `performance.now()` ms; at the latest after the function's own timeout. */
  readonly deadline?: number;
  /** How many functions have called each other to get here; 0: nobody. */
  readonly depth?: number;
  /** A function of this process waits for it: it goes before calls from outside, with an instance of its own. Default: no. */
  readonly nested?: true;
  /** Passed on with calls that the guest makes of the Runtime API, e.g. `traceparent`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An open call or stream. */
export interface EngineStream {
  /** Begins the next phase; only after the output of the one before, in mode `filter`. */
  next(input: PhaseInput): void;
  /** The exchange is over or given up: the guest's context ends. The sink hears nothing more. */
  close(): void;
}

/** Runs modules: compiles them, keeps their instances on worker threads, holds them to their limits. */
export interface Engine {
  /**
   * Checks, limits and compiles a module, then starts one instance of it under the watchdog.
   *
   * @throws WasmError what is wrong with it
   */
  load(bytes: Uint8Array, definition: FunctionDefinition): Promise<LoadedVersion>;
  /** Starts instances ahead of calls, so that a version that takes over is warm. Never rejects. */
  warm(version: LoadedVersion, instances: number): Promise<void>;
  /** How many instances serve calls at once, from now on. */
  resize(version: LoadedVersion, instances: number): void;
  /** Takes no new calls for it. Resolves when its calls are over and it is gone from all threads. */
  unload(version: LoadedVersion): Promise<void>;
  open(version: LoadedVersion, input: StreamInput, sink: StreamSink, options?: CallOptions): EngineStream;
  /** Told of each fault of a guest, after it was counted; faults of `load` are not told. */
  onFault: (version: LoadedVersion, fault: GuestFault) => void;
  close(): Promise<void>;
} // prettier-ignore
