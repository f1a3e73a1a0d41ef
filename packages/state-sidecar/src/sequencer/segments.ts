import type { CallOptions, MaybePromise } from "@layotto/sidecar-kit";
import { sequencerErrors } from "../errors.ts";
import type { SequencerStore } from "./component.ts";

/** Ids taken from the store at once. */
export const SEGMENT_SIZE = 10_000;
/** The next segment is fetched when so many ids are left. */
export const PREFETCH_AT = 1000;
/** How long a caller waits for the next segment. */
const WAIT_MS = 2000;
const QUICK_RETRIES = 5;
const RETRY_EVERY_MS = 2000;
/** Keys with a segment in memory; beyond, the oldest one is dropped and its ids are never given out. */
const MAX_KEYS = 65_536;

interface Segment {
  /** Next id to give out. */
  next: number;
  /** First id that is not ours any more. */
  end: number;
  /** First id of the segment after this one; 0 = not fetched yet. */
  ahead: number;
  /** Settles when the fetch that is under way has ended. */
  fetching: Promise<void> | undefined;
}

/** Waits, as a test may want them short. */
export interface SegmentTimes {
  readonly waitMs: number;
  readonly retryEveryMs: number;
}

/**
 * Ids given out from memory: a segment per key, and the one after it fetched ahead. Ids are unique over all processes;
 * they grow within this one, and leave gaps when it ends.
 */
export class Segments {
  readonly #store: Required<Pick<SequencerStore, "segment">>;
  readonly #times: SegmentTimes;
  readonly #segments = new Map<string, Segment>();
  readonly #closing = new AbortController();

  constructor(
    store: Required<Pick<SequencerStore, "segment">>,
    times: SegmentTimes = { waitMs: WAIT_MS, retryEveryMs: RETRY_EVERY_MS },
  ) {
    this.#store = store;
    this.#times = times;
  }

  /** @throws RpcError SEGMENT_UNAVAILABLE when the next segment does not come in time */
  next(key: string, options: CallOptions): MaybePromise<number> {
    const segment = this.#segments.get(key);
    if (segment === undefined || segment.next >= segment.end) return this.#nextSlow(key, options);
    return this.#take(key, segment);
  }

  /** Ends retries. */
  close(): void {
    this.#closing.abort();
  }

  #take(key: string, segment: Segment): number {
    const id = segment.next++;
    if (segment.end - segment.next <= PREFETCH_AT && segment.ahead === 0) {
      void this.#prefetch(key, segment);
    }
    return id;
  }

  #nextSlow(key: string, options: CallOptions): MaybePromise<number> {
    let segment = this.#segments.get(key);
    if (segment === undefined) {
      segment = { next: 0, end: 0, ahead: 0, fetching: undefined };
      this.#remember(key, segment);
      this.#first(key, segment);
    }
    if (this.#swap(segment)) return this.#take(key, segment);
    return this.#wait(key, segment, options);
  }

  async #wait(key: string, segment: Segment, options: CallOptions): Promise<number> {
    const until = Math.min(Date.now() + this.#times.waitMs, options.deadlineMs ?? Infinity);
    while (segment.next >= segment.end && !this.#swap(segment)) {
      const remainingMs = until - Date.now();
      if (remainingMs <= 0 || this.#closing.signal.aborted) {
        throw sequencerErrors.SEGMENT_UNAVAILABLE();
      }
      const fetching = this.#prefetch(key, segment);
      if (fetching !== undefined) await settledWithin(fetching, remainingMs);
    }
    return this.#take(key, segment);
  }

  /** Moves on to the segment ahead, if it is there. */
  #swap(segment: Segment): boolean {
    if (segment.next < segment.end) return true;
    if (segment.ahead === 0) return false;
    segment.next = segment.ahead;
    segment.end = segment.ahead + SEGMENT_SIZE;
    segment.ahead = 0;
    return true;
  }

  /** The very first segment of a key: a failure goes to those who wait, and the next call tries again. */
  #first(key: string, segment: Segment): void {
    const dropped = (error: unknown): never => {
      if (this.#segments.get(key) === segment) this.#segments.delete(key);
      throw error;
    };
    try {
      const first = this.#fetch(key);
      if (typeof first === "number") {
        segment.ahead = first;
        return;
      }
      const arrived = first.then((id) => {
        segment.ahead = id;
        segment.fetching = undefined;
      }, dropped);
      arrived.catch(() => undefined);
      segment.fetching = arrived;
    } catch (error) {
      dropped(error);
    }
  }

  /** Fetches the segment ahead unless that is under way. Stores that answer at once make no promise. */
  #prefetch(key: string, segment: Segment): Promise<void> | undefined {
    if (segment.fetching !== undefined || segment.ahead !== 0) return segment.fetching;
    let first: MaybePromise<number>;
    try {
      first = this.#fetch(key);
    } catch (error) {
      first = Promise.reject(error);
    }
    if (typeof first === "number") {
      segment.ahead = first;
      return undefined;
    }
    segment.fetching = this.#fetchStubbornly(key, segment, first).finally(() => {
      segment.fetching = undefined;
    });
    return segment.fetching;
  }

  /** Five quick retries, then one every 2 s for as long as it takes. */
  async #fetchStubbornly(key: string, segment: Segment, first: Promise<number>): Promise<void> {
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      try {
        segment.ahead = await (attempt === 0 ? first : this.#fetch(key));
        return;
      } catch {
        // Whoever needs the segment says so: SEGMENT_UNAVAILABLE.
        if (attempt >= QUICK_RETRIES) await pause(this.#times.retryEveryMs, this.#closing.signal);
      }
    }
  }

  #fetch(key: string): MaybePromise<number> {
    const deadlineMs = Date.now() + this.#times.waitMs;
    return this.#store.segment(key, SEGMENT_SIZE, { signal: this.#closing.signal, deadlineMs });
  }

  #remember(key: string, segment: Segment): void {
    if (this.#segments.size >= MAX_KEYS) {
      const [oldest] = this.#segments.keys();
      if (oldest !== undefined) this.#segments.delete(oldest);
    }
    this.#segments.set(key, segment);
  }
}

/** Waits until a fetch has ended, but no longer than `ms`. @throws what the fetch failed with */
async function settledWithin(fetching: Promise<void>, ms: number): Promise<void> {
  const enough = new AbortController();
  try {
    await Promise.race([fetching, pause(ms, enough.signal)]);
  } finally {
    enough.abort();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
