import type { GuestFault } from "../model/fault.ts";
import { setLowPriority, threadCpuMs } from "./thread-cpu.ts";
import type { RunningVersion } from "./running-version.ts";
import type { Lease, WorkerThread } from "./worker-thread.ts";

/** How often threads are looked at while something runs on them, ms. */
const LOOK_MS = 5;
/** What runs for longer than this lets others go first, ms. */
const LONG_MS = 10;
/** A call whose time is over may end by itself for so long, ms. */
const GRACE_MS = 20;
/** Time that reading and compiling a module may take, ms. */
const PREPARE_MS = 10_000;

/** An activation that is suspended may be late by so much, ms: its host should have answered it. */
const LATE_MS = 5000;

/** Who is charged with processor time. */
interface Account {
  /** What was seen so far, ms. */
  usedMs: number;
}

interface Watched {
  /** The activation seen last. */
  n: number;
  /** Since when it has been seen to run. */
  since: number;
  /** Processor time of the thread at that time; undefined: the system does not say. */
  readonly sinceCpuMs: number | undefined;
  /** When it was charged last. */
  chargedAt: number;
  /** Processor time of the thread at that time; undefined: the system does not say. */
  cpuMs: number | undefined;
  readonly account: Account;
}

/** What is known of an activation that runs. */
export interface RunningNow {
  readonly deadline: number;
  readonly cpuMs: number;
  /** undefined: it has none. */
  readonly account: Account | undefined;
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
  readonly #looked: () => void;
  readonly #watched = new WeakMap<WorkerThread, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    threads: () => Iterable<WorkerThread>;
    /** What is known of an activation of a thread. */
    find: (thread: WorkerThread, n: number) => RunningNow | undefined;
    kill: (thread: WorkerThread, fault: GuestFault) => void;
    /** All threads have been looked at: some may wait or take long now. */
    looked: () => void;
  }) {
    this.#threads = options.threads;
    this.#find = options.find;
    this.#kill = options.kill;
    this.#looked = options.looked;
  }

  /** Something was ordered. */
  wake(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A thread is lent: who has computed for long lately goes last from the start. */
  lent(thread: WorkerThread): void {
    if (isSlow(thread)) this.#lower(thread);
  }

  /** A thread is free: what ran on it does not slow down who has it next. */
  release(thread: WorkerThread): void {
    this.#raise(thread);
    thread.longRun = 0;
    this.#watched.delete(thread);
  }

  #look(): void {
    const now = performance.now();
    let busy = false;
    for (const thread of this.#threads()) {
      if (thread.dead || !thread.ready) continue;
      const n = thread.control.running;
      if (n !== 0) this.#judge(thread, n, now);
      else this.#rest(thread, now);
      if (n !== 0 || thread.busy || thread.lease === "loader") busy = true;
    }
    if (!busy) this.stop();
    this.#looked();
  }

  #judge(thread: WorkerThread, n: number, now: number): void {
    const running = this.#find(thread, n);
    const seen = this.#watched.get(thread);
    if (seen === undefined || seen.n !== n || seen.since === Infinity)
      return this.#begin(thread, n, now, running?.account);
    const { deadline, cpuMs } = running ?? { deadline: seen.since + PREPARE_MS, cpuMs: PREPARE_MS };
    if (thread.longRun !== n && now - seen.since >= LONG_MS && hasComputed(thread, seen)) {
      thread.longRun = n;
      this.#lower(thread);
      if (isVersion(thread.lease)) thread.lease.ranLong();
    }
    if (now >= deadline + GRACE_MS) return this.#end(thread, tooLate);
    // Where the system tells the time it is asked for it only when it could be used up.
    if (seen.cpuMs !== undefined && seen.account.usedMs + now - seen.chargedAt < cpuMs) return;
    charge(thread, seen, now);
    const used = seen.account.usedMs;
    if (used < cpuMs) return;
    this.#end(thread, { kind: "cpu", message: `it used ${Math.round(used)} ms of processor time; ${cpuMs} ms are allowed` }); // prettier-ignore
  }

  /** Another activation runs than at the last look, or one goes on that was suspended. */
  #begin(thread: WorkerThread, n: number, now: number, account: Account = { usedMs: 0 }): void {
    const seen = this.#watched.get(thread);
    if (isSlow(thread)) this.#lower(thread);
    else this.#raise(thread);
    // What was used since the last look is charged to who ran then, if that is to go on.
    if (seen !== undefined && isUnderWay(thread, seen.n)) charge(thread, seen, now);
    const cpuMs = seen?.chargedAt === now ? seen.cpuMs : threadCpuMs(thread.systemId);
    this.#watched.set(thread, { n, since: now, sinceCpuMs: cpuMs, chargedAt: now, cpuMs, account }); // prettier-ignore
  }

  #rest(thread: WorkerThread, now: number): void {
    if (isLate(thread, now)) return this.#end(thread, tooLate);
    if (!isSlow(thread)) this.#raise(thread);
    const seen = this.#watched.get(thread);
    if (seen === undefined) return;
    seen.since = Infinity;
    if (!isUnderWay(thread, seen.n)) this.#watched.delete(thread);
  }

  #end(thread: WorkerThread, fault: GuestFault): void {
    // It has to run once more to end.
    this.#raise(thread);
    this.#kill(thread, fault);
  }

  #lower(thread: WorkerThread): void {
    thread.long = true;
    thread.low ||= setLowPriority(thread.systemId, true);
  }

  /** Only the privileged may raise a priority again; a thread that stays low is of no more use to the others. */
  #raise(thread: WorkerThread): void {
    thread.long = false;
    if (!thread.low) return;
    thread.slow = !setLowPriority(thread.systemId, false);
    thread.low = thread.slow;
  }
}

function isVersion(lease: Lease | undefined): lease is RunningVersion {
  return lease !== undefined && lease !== "loader";
}

/** Who has the thread has computed for long lately, or reads a module: that has time. */
function isSlow({ lease }: WorkerThread): boolean {
  return lease === "loader" || (isVersion(lease) && lease.isSlow);
}

const tooLate: GuestFault = { kind: "timeout", message: "its time was over and it did not end" };

function isUnderWay({ pending, starting }: WorkerThread, n: number): boolean {
  return pending.has(n) || starting.has(n);
}

/** It has not only been seen for long, but has had a processor meanwhile. */
function hasComputed({ systemId, control }: WorkerThread, { sinceCpuMs }: Watched): boolean {
  if (control.waiting) return false;
  const cpuMs = threadCpuMs(systemId);
  return cpuMs === undefined || sinceCpuMs === undefined || cpuMs - sinceCpuMs >= LONG_MS;
}

/** What is suspended ends when its host answers, at its deadline at the latest. */
function isLate({ pending, starting }: WorkerThread, now: number): boolean {
  const [oldest = starting.values().next().value] = pending.values();
  return oldest !== undefined && now > oldest.deadline + LATE_MS;
}

function charge({ systemId, control }: WorkerThread, seen: Watched, now: number): void {
  const cpuMs = threadCpuMs(systemId);
  if (cpuMs !== undefined && seen.cpuMs !== undefined) seen.account.usedMs += cpuMs - seen.cpuMs;
  else if (!control.waiting && seen.since !== Infinity) seen.account.usedMs += now - seen.chargedAt;
  seen.cpuMs = cpuMs;
  seen.chargedAt = now;
}
