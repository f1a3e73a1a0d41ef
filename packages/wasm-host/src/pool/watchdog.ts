import type { GuestFault } from "../model/fault.ts";
import { setLowPriority, threadCpuMs } from "./thread-cpu.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** How often threads are looked at while something runs on them, ms. */
const LOOK_MS = 5;
/** What runs for longer than this lets others go first, ms. */
const LONG_MS = 10;
/** A call whose time is over may end by itself for so long, ms. */
const GRACE_MS = 20;
/** Time that reading and compiling a module may take, ms. */
const PREPARE_MS = 10_000;

interface Watched {
  /** The activation seen last. */
  n: number;
  /** Since when it has been seen. */
  since: number;
  /** Processor time of the thread when it was first seen; undefined: the system does not say. */
  cpuMs: number | undefined;
  low: boolean;
}

/** What is known of an activation that runs. */
export interface RunningNow {
  readonly deadline: number;
  readonly cpuMs: number;
}

/**
 * Looks at what runs on the threads: what runs long gets the lowest priority, what uses up its time ends with its
 * thread. Processor time counts where the system tells it, so that a busy machine makes nobody guilty; elsewhere wall
 * time outside of host calls does.
 */
export class Watchdog {
  readonly #threads: () => Iterable<WorkerThread>;
  readonly #find: (thread: WorkerThread, n: number) => RunningNow | undefined;
  readonly #kill: (thread: WorkerThread, fault: GuestFault) => void;
  readonly #watched = new WeakMap<WorkerThread, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    threads: () => Iterable<WorkerThread>;
    /** What is known of an activation of a thread. */
    find: (thread: WorkerThread, n: number) => RunningNow | undefined;
    kill: (thread: WorkerThread, fault: GuestFault) => void;
  }) {
    this.#threads = options.threads;
    this.#find = options.find;
    this.#kill = options.kill;
  }

  /** Something was ordered. */
  wake(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    let busy = false;
    for (const thread of this.#threads()) {
      if (thread.dead || !thread.ready) continue;
      const n = thread.control.running;
      if (n !== 0) this.#judge(thread, n, now);
      else this.#rest(thread);
      if (n !== 0 || thread.pending.size > 0 || thread.lease === "loader") busy = true;
    }
    if (!busy) this.stop();
  }

  #judge(thread: WorkerThread, n: number, now: number): void {
    let seen = this.#watched.get(thread);
    if (seen === undefined || seen.n !== n) {
      const low = seen?.low ?? false;
      if (low) this.#raise(thread);
      seen = { n, since: now, cpuMs: threadCpuMs(thread.systemId), low: false };
      this.#watched.set(thread, seen);
      return;
    }
    const ms = now - seen.since;
    if (ms >= LONG_MS && !seen.low && !thread.control.waiting)
      seen.low = setLowPriority(thread.systemId, true);
    const running = this.#find(thread, n) ?? {
      deadline: seen.since + PREPARE_MS,
      cpuMs: PREPARE_MS,
    };
    if (now >= running.deadline + GRACE_MS)
      return this.#kill(thread, {
        kind: "timeout",
        message: "its time was over and it did not end",
      });
    if (ms < running.cpuMs || thread.control.waiting) return;
    const used = this.#used(thread, seen, ms);
    if (used < running.cpuMs) return;
    this.#kill(thread, { kind: "cpu", message: `it used ${Math.round(used)} ms of processor time; ${running.cpuMs} ms are allowed` }); // prettier-ignore
  }

  #used(thread: WorkerThread, { cpuMs }: Watched, ms: number): number {
    const now = threadCpuMs(thread.systemId);
    return now === undefined || cpuMs === undefined ? ms : now - cpuMs;
  }

  #rest(thread: WorkerThread): void {
    const seen = this.#watched.get(thread);
    if (seen === undefined) return;
    if (seen.low) this.#raise(thread);
    this.#watched.delete(thread);
  }

  /** Only the privileged may raise a priority again; a thread that stays low is of no more use to the others. */
  #raise(thread: WorkerThread): void {
    thread.slow = !setLowPriority(thread.systemId, false);
  }
}
