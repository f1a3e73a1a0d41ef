import { availableParallelism } from "node:os";
import type { Clock, Logger } from "@layotto/sidecar-kit";
import { WasmError } from "./errors.ts";
import type { GuestHost } from "./model/guest-host.ts";
import type { FunctionDefinition } from "./model/definition.ts";
import type { CallOptions, Engine, EngineStream, LoadedVersion, StreamSink } from "./model/engine.ts"; // prettier-ignore
import type { FaultKind, GuestFault } from "./model/fault.ts";
import type { GuestSpec } from "./model/guest-spec.ts";
import type { ModuleInfo } from "./model/module-info.ts";
import type { StreamInput } from "./model/streams.ts";
import { nextVersionNumber } from "./model/version-numbers.ts";
import { GuestLog } from "./pool/guest-log.ts";
import { RunningVersion } from "./pool/running-version.ts";
import { Scheduler } from "./pool/scheduler.ts";
import { Turns } from "./turns.ts";
import type { WorkerThread } from "./pool/worker-thread.ts";

/** What an engine is made with. */
export interface EngineOptions {
  /** What guests may ask for. */
  readonly host: GuestHost;
  readonly logger: Logger;
  /** Threads that are always there, and the most. Default 2 and 16. */
  readonly workers?: { readonly min: number; readonly max: number };
  /** How host calls wait: `jspi` suspends the guest (Node.js 24), `atomics` blocks its thread. Default `auto`. */
  readonly hostCalls?: "auto" | "atomics" | "jspi";
  readonly clock?: Clock;
}

/** Modules that are read and tried at once: more would only take threads from calls. */
const LOADS = 2;

/** What helps a module that does not start because of a limit. */
const cures: Readonly<Partial<Record<FaultKind, string>>> = {
  cpu: "; raise its limit (`cpu`), or let it begin with less",
  timeout: "; raise its limit (`timeout`), or let it begin with less",
  fuel: "; raise its limit (`fuel`), or let it begin with less",
};

interface Prepared {
  readonly module: WebAssembly.Module;
  readonly info: ModuleInfo;
}

/** Whether this Node.js can suspend guests (JavaScript Promise Integration). */
export function canSuspend(): boolean {
  return typeof WebAssembly.Suspending === "function" && typeof WebAssembly.promising === "function"; // prettier-ignore
}

/**
 * Starts the engine of proxy-wasm modules: its threads start at once, guests with their first call.
 *
 * @throws WasmError `jspi` is asked for and this Node.js has it not
 */
export function createEngine(options: EngineOptions): Engine {
  return new WasmEngine(options);
}

class WasmEngine implements Engine {
  onFault: (version: LoadedVersion, fault: GuestFault) => void = () => {};
  readonly #scheduler: Scheduler;
  readonly #log: GuestLog;
  readonly #versions = new Map<number, RunningVersion>();
  readonly #preparing = new Map<number, { thread: WorkerThread; resolve: (made: Prepared) => void; reject: (error: Error) => void }>(); // prettier-ignore
  readonly #turns = new Turns(LOADS);
  #numbers = 0;

  constructor(options: EngineOptions) {
    const { workers, host, clock, logger } = options;
    const cores = availableParallelism();
    const min = workers?.min ?? 2;
    const max = Math.max(min, workers?.max ?? 16);
    this.#log = new GuestLog(logger);
    const onStartFailure = (err: unknown): void => logger.error({ err }, "cannot start a worker thread; it is tried again");
    this.#scheduler = new Scheduler({
      threads: { min, computing: Math.min(max, Math.max(min, cores + 1)), max, jspi: wantsJspi(options), logLevel: () => this.#log.level(), onStartFailure },
      host,
      find: (version) => this.#versions.get(version),
      onFault: (version, fault) => this.#faulted(version, fault),
      onLog: (version, level, message) => this.#log.line(this.#versions.get(version), level, message),
      onPrepared: (report) => this.#prepared(report),
      onPreparerLost: (thread) => this.#preparerLost(thread),
      ...(clock === undefined ? {} : { clock }),
    });
  } // prettier-ignore

  async load(bytes: Uint8Array, definition: FunctionDefinition): Promise<LoadedVersion> {
    return await this.#turns.take(() => this.#load(bytes, definition));
  }

  async warm(loaded: LoadedVersion, instances: number): Promise<void> {
    const version = this.#own(loaded);
    const missing = Math.min(instances, version.wanted) - version.slots.size;
    if (version.fresh || missing <= 0) return;
    await Promise.all(Array.from({ length: missing }, () => this.#scheduler.start(version)));
  }

  resize(loaded: LoadedVersion, instances: number): void {
    const version = this.#own(loaded);
    version.wanted = instances;
    for (const slot of [...version.slots].slice(instances)) this.#scheduler.retire(slot);
  }

  async unload(loaded: LoadedVersion): Promise<void> {
    const version = this.#own(loaded);
    version.closed = true;
    if (version.waiting > 0 || version.openStreams > 0) {
      await new Promise<void>((resolve) => {
        version.onEmpty = resolve;
      });
    }
    this.#remove(version);
  }

  open(loaded: LoadedVersion, input: StreamInput, sink: StreamSink, options: CallOptions = {}): EngineStream {
    return this.#scheduler.open(this.#own(loaded), input, sink, options);
  } // prettier-ignore

  async close(): Promise<void> {
    this.#scheduler.close();
    return Promise.resolve();
  }

  async #load(bytes: Uint8Array, definition: FunctionDefinition): Promise<LoadedVersion> {
    const made = await this.#prepare(bytes, definition);
    const spec = specOf(nextVersionNumber(), definition, made.info);
    const version = new RunningVersion(definition, { spec, ...made });
    this.#versions.set(spec.version, version);
    try {
      await this.#probe(version);
    } catch (error) {
      this.#remove(version);
      throw error;
    }
    return version;
  }

  #own(version: LoadedVersion): RunningVersion {
    if (version instanceof RunningVersion) return version;
    throw new TypeError("this version was loaded by another engine");
  }

  #remove(version: RunningVersion): void {
    this.#scheduler.unload(version);
    this.#versions.delete(version.version);
    this.#log.forget(version);
  }

  async #prepare(bytes: Uint8Array, { limits, isolation }: FunctionDefinition): Promise<Prepared> {
    let thread = await this.#scheduler.threads.acquire("loader");
    while (thread?.dead === true) thread = await this.#scheduler.threads.acquire("loader");
    if (thread === undefined) throw new WasmError("INTERNAL", 503, "the host is being stopped");
    return await new Promise((resolve, reject) => {
      const n = thread.nextActivation();
      // Numbers are unique per thread only; a thread prepares one module at a time.
      const key = ++this.#numbers;
      thread.preparing = key;
      this.#preparing.set(key, { thread, resolve, reject });
      this.#scheduler.prepare(thread, { t: "prepare", n, key, bytes, limits, isolation });
    });
  }

  #prepared(report: Parameters<ConstructorParameters<typeof Scheduler>[0]["onPrepared"]>[0]): void {
    const waiting = this.#preparing.get(report.key);
    this.#preparing.delete(report.key);
    if (report.t === "prepared") waiting?.resolve({ module: report.module, info: report.info });
    else waiting?.reject(new WasmError(report.reason, report.status, report.message));
  }

  #preparerLost(thread: WorkerThread): void {
    const waiting = this.#preparing.get(thread.preparing);
    this.#preparing.delete(thread.preparing);
    const why = thread.verdict === undefined ? "the thread that read it ended" : "it takes too long to read and compile"; // prettier-ignore
    waiting?.reject(new WasmError("INVALID_MODULE", 422, `the module cannot be used: ${why}`));
  }

  /** One instance is started before a version counts: what fails now would fail with every call. */
  async #probe(version: RunningVersion): Promise<void> {
    const fault = await this.#scheduler.start(version);
    if (fault === undefined) return;
    const cure = cures[fault.kind] ?? "";
    throw new WasmError("START_FAILED", 422, `the module does not start: ${fault.message}${cure}`);
  }

  #faulted(version: RunningVersion, fault: GuestFault): void {
    this.#log.fault(version, fault);
    this.onFault(version, fault);
  }
}

function wantsJspi({ hostCalls = "auto" }: EngineOptions): boolean {
  if (hostCalls === "atomics") return false;
  if (canSuspend()) return true;
  if (hostCalls === "auto") return false;
  throw new WasmError("INTERNAL", 500, `host_calls "jspi" needs Node.js 24 or newer; this is ${process.version}: use "auto"`); // prettier-ignore
}

function specOf(version: number, definition: FunctionDefinition, info: ModuleInfo): GuestSpec {
  const { limits } = definition;
  const { memory } = info;
  return {
    version,
    name: definition.name,
    rootContextId: definition.rootContextId,
    vmConfig: definition.vmConfig,
    pluginConfig: definition.pluginConfig,
    environment: definition.environment,
    isolation: definition.isolation,
    recycling: definition.recycling,
    hostFunctions: definition.capabilities.hostFunctions,
    memoryBytes: limits.memoryBytes,
    tableElements: limits.tableElements,
    bodyBytes: limits.bodyBytes,
    streams: limits.streams,
    fuel: limits.fuel,
    // Those that live for one call are given their memory.
    ...(memory !== undefined && (memory.imported || definition.isolation === "fresh")
      ? { importedMemory: memory }
      : {}),
  };
}
