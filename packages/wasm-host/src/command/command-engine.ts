import { availableParallelism } from "node:os";
import { systemClock, type Clock, type Logger } from "@layotto/sidecar-kit";
import { WasmError } from "../errors.ts";
import type { FunctionDefinition } from "../model/definition.ts";
import type { CallOptions, Engine, EngineStream, LoadedVersion, StreamSink } from "../model/engine.ts"; // prettier-ignore
import type { GuestFault } from "../model/fault.ts";
import type { StreamInput } from "../model/streams.ts";
import { GuestLog } from "../pool/guest-log.ts";
import { CommandPool } from "./command-pool.ts";
import { CommandVersion } from "./command-version.ts";
import { prepareApart } from "./prepare-apart.ts";

/** Level of what programs write to standard error: info. */
const INFO = 2;

/** What an engine of programs is made with. */
export interface CommandEngineOptions {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Processes at once, of all programs; each takes 100 to 300 MiB. Default: twice the number of processors + 4. */
  readonly processes?: number;
}

/**
 * Starts the engine of programs that read standard input and write standard output (WASI, `_start`): the body of the
 * request is the input, the output is the body of the answer, headers and path are environment variables as with CGI.
 * Each call is a run of its own, with a memory and an empty file system of its own, without network.
 *
 * Programs run with `@wasmer/sdk` in child processes under limits of ours. Nothing is started before the first program
 * is loaded.
 */
export function createCommandEngine(options: CommandEngineOptions): Engine {
  return new CommandEngine(options);
}

class CommandEngine implements Engine {
  onFault: (version: LoadedVersion, fault: GuestFault) => void = () => {};
  readonly #clock: Clock;
  readonly #log: GuestLog;
  readonly #pool: CommandPool;

  constructor({ logger, clock = systemClock, processes }: CommandEngineOptions) {
    this.#clock = clock;
    this.#log = new GuestLog(logger);
    this.#pool = new CommandPool({
      processes: processes ?? 2 * availableParallelism() + 4,
      clock,
      onFault: (version, fault) => this.#faulted(version, fault),
      onLine: (version, line) => this.#log.line(version, INFO, line),
    });
  }

  async load(bytes: Uint8Array, definition: FunctionDefinition): Promise<LoadedVersion> {
    const program = await prepareApart(bytes, definition.limits);
    const version = new CommandVersion(definition, program, this.#clock.now());
    const failure = await this.#pool.start(version, "load");
    if (failure === undefined) return version;
    throw new WasmError("START_FAILED", 422, `the module does not start: ${failure}`);
  }

  async warm(loaded: LoadedVersion, instances: number): Promise<void> {
    const version = own(loaded);
    const missing = Math.min(instances, version.wanted) - version.children.size;
    if (missing <= 0) return;
    await Promise.all(Array.from({ length: missing }, () => this.#pool.start(version, "call")));
  }

  resize(loaded: LoadedVersion, instances: number): void {
    const version = own(loaded);
    version.wanted = instances;
    this.#pool.resized(version);
  }

  async unload(loaded: LoadedVersion): Promise<void> {
    const version = own(loaded);
    version.closed = true;
    if (version.queue.length > 0 || version.running > 0) {
      await new Promise<void>((resolve) => {
        version.onEmpty = resolve;
      });
    }
    await this.#pool.remove(version);
    this.#log.forget(version);
  }

  open(loaded: LoadedVersion, input: StreamInput, sink: StreamSink, options: CallOptions = {}): EngineStream {
    return this.#pool.open(own(loaded), input, sink, options);
  } // prettier-ignore

  close(): Promise<void> {
    return this.#pool.close();
  }

  #faulted(version: CommandVersion, fault: GuestFault): void {
    this.#log.fault(version, fault);
    this.onFault(version, fault);
  }
}

function own(version: LoadedVersion): CommandVersion {
  if (version instanceof CommandVersion) return version;
  throw new TypeError("this version was loaded by another engine");
}
