import type { GuestFault } from "../model/fault.ts";
import type { Heap } from "./heap.ts";

const mebibyte = 1024 * 1024;

/**
 * What guests of a thread may keep in its heap together, octets: far below what the heap may have, which is there for
 * what a guest takes while it runs.
 */
export const mostKept = 48 * mebibyte;
/**
 * By how much the heap grows over what was last found to be kept until it is looked at in full again, octets. All that
 * is in use counts, garbage included: what rests may be near the most, and each call would pay for a full collection.
 * So guests keep at most `mostKept + slack` together when none of them runs.
 */
export const slack = 16 * mebibyte;
/** Who keeps more than this when that is exceeded is a cause of it, octets. */
export const share = 12 * mebibyte;

/** Guests of one version on a thread. */
export interface Kin {
  /** Lets go of those that are in no activation. @returns their numbers */
  drop(): readonly number[];
}

/** Told of guests that were dropped. @param fault they kept more than their share */
export type OnDropped = (guests: readonly number[], fault: GuestFault | undefined) => void;

/**
 * Looks after the heap that the guests of a thread share: tables, references to functions, contexts with their headers.
 * When they keep too much of it, guests are dropped until the rest fits: first those of the version that ran, if it has
 * taken that much just now, otherwise those that rest. Versions that kept more than their share have failed; the
 * others are started anew with their next call.
 */
export class HeapShare {
  readonly #heap: Heap;
  readonly #onDropped: OnDropped;
  #before = 0;
  /** It is not looked at in full while no more than this is in use, octets: never above `mostKept + slack`. */
  #mark = mostKept;

  constructor(heap: Heap, onDropped: OnDropped) {
    this.#heap = heap;
    this.#onDropped = onDropped;
  }

  /** A guest begins to run. */
  begin(): void {
    this.#before = this.#heap.used();
  }

  /**
   * A guest has run.
   *
   * @param own guests of the version that ran
   * @param others guests of the other versions
   * @returns false: too much is kept by what cannot be dropped
   */
  fits(own: Kin, others: () => readonly Kin[]): boolean {
    if (this.#heap.used() <= this.#mark) return true;
    // What is in use may all be garbage: nobody is dropped for that. What is left is the limit of the heap itself.
    if (!this.#heap.collect()) return true;
    let kept = this.#heap.used();
    // Not all that was in use before was needed: it has taken the difference at least.
    const isCause = kept - this.#before > share;
    const waiting = kept <= mostKept ? [] : isCause ? [own, ...others()] : [...others(), own];
    for (const kin of waiting) {
      kept = this.#drop(kin, kept);
      if (kept <= mostKept) break;
    }
    if (kept > mostKept) return false;
    this.#mark = Math.max(mostKept, kept + slack);
    return true;
  }

  #drop(kin: Kin, before: number): number {
    const guests = kin.drop();
    this.#heap.collect();
    const kept = this.#heap.used();
    const freed = before - kept;
    this.#onDropped(guests, freed > share ? keptTooMuch(freed) : undefined);
    return kept;
  }
}

function keptTooMuch(octets: number): GuestFault {
  const message = `its instances kept ${Math.round(octets / mebibyte)} MiB of the heap of their thread, in tables, references to functions and headers; ${share / mebibyte} MiB are its share`;
  return { kind: "trap", message };
}
