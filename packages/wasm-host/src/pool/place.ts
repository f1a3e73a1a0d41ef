import type { GuestSlot } from "./guest-slot.ts";
import type { RunningVersion } from "./running-version.ts";
import type { Threads } from "./threads.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** Fresh guests that may be under way on one thread where host calls suspend. */
const SUSPENDED_PER_THREAD = 64;
/** What the memories of fresh guests that are under way on one thread may come to, octets. */
const UNDER_WAY_BYTES = 512 * 1024 * 1024;

/** Where a new guest goes, and which idle one has to make room for it. */
export interface NewPlace {
  readonly thread: WorkerThread;
  readonly instead: GuestSlot | undefined;
}

/** What a choice depends on. */
export interface PlaceOptions {
  readonly threads: Threads;
  /** Versions whose calls wait for a thread. */
  readonly waiting: ReadonlySet<RunningVersion>;
}

/**
 * The guest that takes the next call of a version, or the place for a new one; undefined: the call waits.
 *
 * A call made by another function never waits behind one that is under way: that could be waiting for this one.
 *
 * @param depth 0: a call from outside
 */
export function choosePlace(
  version: RunningVersion,
  depth: number,
  options: PlaceOptions,
): GuestSlot | NewPlace | undefined {
  return version.fresh ? freshPlace(version, depth, options) : pooledPlace(version, depth, options);
}

function pooledPlace(
  version: RunningVersion,
  depth: number,
  { threads, waiting }: PlaceOptions,
): GuestSlot | NewPlace | undefined {
  let least: GuestSlot | undefined;
  let resting: GuestSlot | undefined;
  let living = 0;
  let leaving = 0;
  for (const slot of version.slots) {
    const { thread } = slot;
    if (thread.dead) continue;
    if (slot.retiring) {
      leaving++;
      continue;
    }
    living++;
    if (thread.lease === undefined) {
      if (least === undefined || least.load > 0) least = slot;
    } else if (thread.lease !== version) resting ??= slot.idle ? slot : undefined;
    else if (!mustYield(thread, version, threads, waiting) && (least === undefined || slot.load < least.load)) least = slot; // prettier-ignore
  }
  if (least !== undefined && !threads.allows(least.thread, version, depth)) return undefined;
  if (least?.load === 0) return least;
  // Instances that are to be replaced may be held for long, by streams that are open on them.
  const room = living < version.wanted && leaving <= version.wanted;
  if (room || resting !== undefined || depth > 0) {
    const thread = newThread(version, depth, threads);
    if (thread !== undefined) return { thread, instead: room || depth > 0 ? undefined : resting };
  }
  if (depth > 0 || least === undefined || least.load >= version.ahead) return undefined;
  return least;
}

/**
 * A free thread; where host calls suspend, also one that the version has already: a guest that waits for its host
 * leaves the thread to others.
 */
function newThread(version: RunningVersion, depth: number, threads: Threads): WorkerThread | undefined {
  const free = threads.free(version, depth);
  if (!threads.jspi) return free;
  const own = [...threads.all].filter(
    (thread) => thread.lease === version && !thread.dead && threads.allows(thread, version, depth),
  );
  if (free !== undefined && own.length < threads.spread) return free;
  return own.toSorted((a, b) => a.pending.size - b.pending.size)[0] ?? free;
} // prettier-ignore

function freshPlace(
  version: RunningVersion,
  depth: number,
  { threads, waiting }: PlaceOptions,
): NewPlace | undefined {
  let own: WorkerThread | undefined;
  let count = 0;
  for (const thread of threads.all) {
    if (thread.lease !== version || thread.dead) continue;
    count++;
    if (!mustYield(thread, version, threads, waiting) && (own === undefined || thread.pending.size < own.pending.size)) own = thread; // prettier-ignore
  }
  if (own !== undefined && !threads.allows(own, version, depth)) return undefined;
  if (depth === 0 && !version.hasRoom) return undefined;
  if (own?.pending.size === 0) return { thread: own, instead: undefined };
  if (count < version.wanted || depth > 0) {
    const free = threads.free(version, depth);
    if (free !== undefined) return { thread: free, instead: undefined };
  }
  const most = Math.min(
    threads.jspi ? SUSPENDED_PER_THREAD : version.ahead,
    Math.max(1, Math.floor(UNDER_WAY_BYTES / version.definition.limits.memoryBytes)),
  );
  if (own === undefined || (depth > 0 && !threads.jspi) || own.pending.size >= most)
    return undefined;
  return { thread: own, instead: undefined };
}

/** Others wait, no thread can be had for them but this one, and no stream holds it. */
function mustYield(
  thread: WorkerThread,
  version: RunningVersion,
  threads: Threads,
  waiting: ReadonlySet<RunningVersion>,
): boolean {
  const others = waiting.has(version) ? waiting.size - 1 : waiting.size;
  if (!threads.full || others === 0) return false;
  return [...thread.slots.values()].every((slot) => slot.version !== version || slot.streams.size === slot.load); // prettier-ignore
}
