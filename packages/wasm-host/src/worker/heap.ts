import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What is asked of V8's heap of this thread. */
export interface Heap {
  /** In use, what could be collected included, octets. Takes half a microsecond. */
  used(): number;
  /**
   * Collects all that nobody needs. Takes some milliseconds.
   *
   * @returns false: it could not be had, and `used()` tells nothing of what is kept. Once true, it stays true
   */
  collect(): boolean;
}

/** How often one collection looks for V8's collector. */
const attempts = 3;

/** The heap of the thread that this runs on. */
export class ThreadHeap implements Heap {
  readonly #look: () => unknown;
  #collector: (() => void) | undefined;

  /** @param look shows V8's collector, undefined where V8 does not; default: by V8's flag for it */
  constructor(look: () => unknown = shownCollector) {
    this.#look = look;
  }

  used(): number {
    return getHeapStatistics().used_heap_size;
  }

  collect(): boolean {
    for (let attempt = 0; this.#collector === undefined && attempt < attempts; attempt += 1)
      this.#collector = collectorOf(this.#look());
    this.#collector?.();
    return this.#collector !== undefined;
  }
}

/** The heap of the thread that this runs on. */
export const threadHeap: Heap = new ThreadHeap();

function collectorOf(shown: unknown): (() => void) | undefined {
  return typeof shown === "function" ? () => void shown() : undefined;
}

/**
 * V8 shows its collector only to contexts that are made while this flag is set. The flag is one for all threads, so it
 * stays set: a thread that unset it would hide the collector from another that is just making its context. Guests are
 * WebAssembly and see the globals of no context.
 */
function shownCollector(): unknown {
  setFlagsFromString("--expose-gc");
  // As a property: somebody else may have unset the flag meanwhile, and a name that is not there throws.
  return runInNewContext("globalThis.gc");
}
