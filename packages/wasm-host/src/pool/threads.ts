import type { RunningVersion } from "./running-version.ts";
import { WorkerThread, type Lease, type ThreadOwner } from "./worker-thread.ts";

/** How many threads there are. */
export interface ThreadSettings {
  /** Threads that are there from the start, and stay. */
  readonly min: number;
  /**
   * Threads that compute at once. Those that wait for their host, or have been computing for long, do not count: calls of
   * others find further ones, up to `max`.
   */
  readonly computing: number;
  /**
   * Threads for calls from outside. Calls of nested functions may have {@link PER_DEPTH} more per level, and functions
   * whose streams are held open between two phases one each, up to as many again.
   */
  readonly max: number;
  readonly jspi: boolean;
  /** Lowest level of log lines that is wanted now. */
  readonly logLevel: () => number;
  /** Told when the system did not start a thread, or it ended before it was ready. It is tried again. */
  readonly onStartFailure: (error: unknown) => void;
}

/**
 * Threads that calls of each level of nesting have of their own: a function that waits for another one keeps its
 * thread, so the other one must always find one.
 */
const PER_DEPTH = 2;
/** Deepest nesting. */
export const MAX_DEPTH = 8;
/**
 * Threads that functions have beyond all limits whose calls are known to be short: they wait for nobody who computes,
 * and are done before they are in the way. Each costs 10 MB.
 */
const FOR_QUICK = 1;
/** Free threads beyond the least number end after so long, ms. */
const IDLE_MS = 30_000;

/** Pause after threads that ended before they were ready, ms. */
const RETRY_MS = 1000;
/** So many of them in a row bring the pause. */
const MAX_FAILURES = 3;

/** Somebody who waits for a free thread. */
interface Waiter {
  readonly to: Lease;
  readonly take: (thread: WorkerThread | undefined) => void;
}

/** All worker threads: lent to one version at a time, started ahead of need, ended when nobody needs them. */
export class Threads {
  readonly all = new Set<WorkerThread>();
  readonly #settings: ThreadSettings;
  readonly #owner: ThreadOwner;
  readonly #waiters: Waiter[] = [];
  /** Versions that found no free thread since the last one came free. */
  readonly #missing = new Set<RunningVersion>();
  #leased = 0;
  /** Threads in a row that ended before they were ready. */
  #failures = 0;
  #closed = false;
  /** No thread is started now: the last ones failed. */
  #pause: NodeJS.Timeout | undefined;

  constructor(settings: ThreadSettings, owner: ThreadOwner) {
    this.#settings = settings;
    this.#owner = owner;
    for (let i = 0; i < settings.min; i++) this.#start();
  }

  /** No further thread can be started for calls from outside. */
  get full(): boolean {
    return this.#leased >= this.#limit(0);
  }

  /** Host calls suspend guests instead of blocking their threads. */
  get jspi(): boolean {
    return this.#settings.jspi;
  }

  /** Threads that a version is spread over before several of its guests share one, where host calls suspend. */
  get spread(): number {
    return Math.max(1, this.#settings.computing - 1);
  }

  /**
   * Whether a call of this depth may run on a thread. Threads beyond the limit of its depth are left to deeper calls,
   * also when the version has one of them already: if calls from outside took them over, those that they make would
   * find none.
   */
  allows(thread: WorkerThread, version: RunningVersion, depth: number): boolean {
    if (thread.lease === undefined) {
      if (this.#atLimit(version, this.#limit(depth))) return false;
      const leaves = this.#leaves(version, this.#freeOnes());
      if (leaves) this.#miss(version, depth);
      return !leaves;
    }
    // Whether it is lent already does not hang on who else computes at the moment.
    return !this.#atLimit(version, this.#most() + depth * PER_DEPTH + 1);
  }

  /**
   * A free thread for a version, by preference one that has its module, otherwise the one where fewest guests of others
   * rest; undefined: none is free, or the version's depth may not have more. One more is started then.
   *
   * @param version undefined: a module is read
   */
  free(version: RunningVersion | undefined, depth: number): WorkerThread | undefined {
    if (this.#atLimit(version, this.#limit(depth))) return undefined;
    const free = this.#freeOnes();
    const found = this.#leaves(version ?? "loader", free) ? undefined : bestOf(free, version);
    if (found !== undefined) return found;
    this.#miss(version, depth);
    return undefined;
  }

  /** The next thread that is free, before calls that wait; it is lent already. Undefined: there will be none any more. */
  async acquire(to: Lease): Promise<WorkerThread | undefined> {
    if (this.#closed) return undefined;
    const thread = this.free(to === "loader" ? undefined : to, MAX_DEPTH);
    if (thread === undefined)
      return await new Promise((take) => {
        this.#waiters.push({ to, take });
        this.#grow(MAX_DEPTH);
      });
    thread.reserved = true;
    this.lend(thread, to);
    return thread;
  }

  /** Lends a free thread. Says whether it was free. */
  lend(thread: WorkerThread, to: Lease): boolean {
    if (thread.lease !== undefined) return false;
    thread.lease = to;
    if (to !== "loader") this.#missing.delete(to);
    this.#leased++;
    this.#grow(0);
    return true;
  }

  /** Takes a thread back. Says whether somebody has taken it at once. */
  giveBack(thread: WorkerThread, now: number): boolean {
    this.#missing.clear();
    this.#failures = 0;
    if (thread.lease !== undefined) this.#leased--;
    thread.lease = undefined;
    thread.freeSince = now;
    return this.#offer(thread);
  }

  /** Offers a free thread to who waits for one. */
  #offer(thread: WorkerThread): boolean {
    if (thread.dead || thread.lease !== undefined) return false;
    const [waiter] = this.#waiters;
    if (waiter === undefined || this.#leaves(waiter.to, this.#freeOnes())) return false;
    this.#waiters.shift();
    thread.reserved = true;
    this.lend(thread, waiter.to);
    waiter.take(thread);
    return true;
  }

  #miss(version: RunningVersion | undefined, depth: number): void {
    if (version !== undefined) this.#missing.add(version);
    this.#grow(depth);
  }

  #freeOnes(): WorkerThread[] {
    return [...this.all].filter(({ ready, dead, lease }) => ready && !dead && lease === undefined);
  }

  /** Those that are known to be quick have threads beyond the limit, which are not the others' loss. */
  #atLimit(version: RunningVersion | undefined, limit: number): boolean {
    if (this.#leased < limit) return false;
    if (version?.isQuick === true) return this.#leased >= limit + FOR_QUICK;
    let quick = 0;
    for (const { lease } of this.all) if (lease !== undefined && lease !== "loader" && lease.isQuick) quick++;
    return this.#leased - Math.min(FOR_QUICK, quick) >= limit;
  } // prettier-ignore

  /**
   * The last free thread is left to those who are known to be done with it soon, when another one comes for who is not.
   * While none can be started it is anybody's, or they would wait for as long as the quick ones have calls.
   */
  #leaves(to: Lease, free: readonly WorkerThread[]): boolean {
    if (free.length > 1 || this.#pause !== undefined || (to !== "loader" && to.isQuick)) return false;
    if (this.all.size <= this.#limit(0)) return true;
    return [...this.all].some(({ ready, dead }) => !ready && !dead);
  } // prettier-ignore

  /** A thread has ended. */
  remove(thread: WorkerThread): void {
    if (!this.all.delete(thread)) return;
    if (thread.lease !== undefined) this.#leased--;
    thread.lease = undefined;
    if (thread.ready) this.#failures = 0;
    else if (thread.reason === "crashed") this.#startFailed(thread.error);
    this.#grow(0);
  }

  /** Threads that never get ready would be started without end. */
  #startFailed(error: unknown): void {
    if (this.#closed) return;
    this.#settings.onStartFailure(error);
    if (++this.#failures < MAX_FAILURES) return;
    this.#pause ??= setTimeout(() => {
      this.#pause = undefined;
      this.#grow(0);
    }, RETRY_MS);
  }

  /** Tells the threads which log lines are wanted. */
  setLogLevel(): void {
    const level = this.#settings.logLevel();
    for (const { control } of this.all) control.logLevel = level;
  }

  /** Ends threads that nobody has needed for a while. */
  shrink(now: number): void {
    let surplus = this.all.size - Math.max(this.#settings.min, this.#leased + 1);
    for (const thread of this.all) {
      if (surplus <= 0) return;
      if (!thread.ready || thread.dead || thread.lease !== undefined) continue;
      if (now - thread.freeSince < IDLE_MS || thread.awaited) continue;
      surplus--;
      thread.end("closed");
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#pause);
    for (const thread of this.all) thread.end("closed");
    for (const { take } of this.#waiters.splice(0)) take(undefined);
  }

  #limit(depth: number): number {
    const { computing } = this.#settings;
    let most = computing;
    if (this.#leased >= computing) {
      for (const thread of this.all) if (leavesRoom(thread)) most++;
    }
    return Math.min(most, this.#most()) + depth * PER_DEPTH;
  }

  /** Peers that say nothing hold streams, and a thread for each function whose streams they are: others must not wait for them. */
  #most(): number {
    const { max } = this.#settings;
    if (this.#leased < max) return max;
    const held = new Set<Lease>();
    for (const { lease, busy, isNeeded } of this.all) {
      if (lease !== undefined && lease !== "loader" && !busy && isNeeded) held.add(lease);
    }
    return max + Math.min(held.size, max);
  } // prettier-ignore

  /**
   * One thread is always free, also while as many compute as may: what is killed is replaced before anybody waits, and
   * whoever may have one more has it at once.
   */
  #grow(depth: number): void {
    if (this.#closed || this.#pause !== undefined) return;
    const most = Math.max(this.#limit(depth) + FOR_QUICK, this.#settings.min);
    const wanted = Math.max(
      this.#settings.min,
      this.#leased + 1 + this.#missing.size + this.#waiters.length,
    );
    while (this.all.size < Math.min(most, wanted) && this.#start());
  }

  /** Says whether it could be: the system may have no more threads. */
  #start(): boolean {
    const { jspi, logLevel } = this.#settings;
    try {
      this.all.add(new WorkerThread({ jspi, logLevel }, this.#owner));
      return true;
    } catch (error) {
      this.#failures = MAX_FAILURES;
      this.#startFailed(error);
      return false;
    }
  }
}

function bestOf(threads: readonly WorkerThread[], version: RunningVersion | undefined): WorkerThread | undefined {
  let best: WorkerThread | undefined;
  for (const thread of threads) {
    if (version !== undefined && thread.loaded.has(version.version)) return thread;
    if (best === undefined || thread.slots.size < best.slots.size) best = thread;
  }
  return best;
} // prettier-ignore

/**
 * It is lent and does not compute: its guests wait for their host, or are held by streams that are between two phases.
 * Or what runs on it has taken long already, and lets others go first.
 */
function leavesRoom({ lease, long, waits, busy }: WorkerThread): boolean {
  return lease !== undefined && (long || waits || (lease !== "loader" && !busy));
}
