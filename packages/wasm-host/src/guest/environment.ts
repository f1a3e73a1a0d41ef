import type { HostAnswer, HostCall } from "../model/host-calls.ts";

/** What a worker offers to the guests on it. */
export interface GuestEnvironment {
  /** Asks the main thread and blocks this thread until it has answered. */
  call(call: HostCall): HostAnswer;
  /** Asks the main thread; only where host calls can suspend (JSPI), undefined elsewhere. */
  readonly callAsync: ((call: HostCall) => Promise<HostAnswer>) | undefined;
  /** A memory of zeros for a module that imports one, pages; undefined: each makes its own. */
  readonly memory?: ((initial: number, maximum: number) => WebAssembly.Memory) | undefined;
  /** @param level 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 critical */
  log(level: number, message: string): void;
  /** Lowest level that is logged at all. */
  readonly logLevel: number;
}
