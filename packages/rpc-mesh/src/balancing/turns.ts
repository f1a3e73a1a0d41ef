/**
 * Turns in order of their time: a binary heap of entries 0 to n − 1 with the earliest on top; of entries that are due at
 * the same time the one with the smaller rank goes first, so the order is the same whatever happened before.
 */
export class Turns {
  readonly #times: Float64Array;
  readonly #ranks: Uint32Array;
  readonly #heap: Uint32Array;

  /**
   * @param times first turn of each entry
   * @param ranks order of those that are due at the same time
   */
  constructor(times: Float64Array, ranks: Uint32Array) {
    this.#times = times;
    this.#ranks = ranks;
    this.#heap = Uint32Array.from(times, (_, index) => index);
    for (let i = (times.length >>> 1) - 1; i >= 0; i -= 1) this.#sink(i);
  }

  /** The entry whose turn it is. Only when there are entries. */
  get first(): number {
    return this.#heap[0] ?? 0;
  }

  /** When {@link first} is due. */
  get time(): number {
    return this.#times[this.first] ?? 0;
  }

  /** When an entry is due. */
  timeOf(entry: number): number {
    return this.#times[entry] ?? 0;
  }

  /** Gives the first entry its next turn. */
  postpone(time: number): void {
    this.#times[this.first] = time;
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] ?? 0;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1] ?? 0, heap[child] ?? 0))
        child += 1;
      const below = heap[child] ?? 0;
      if (!this.#before(below, entry)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }

  #before(left: number, right: number): boolean {
    const a = this.#times[left] ?? 0;
    const b = this.#times[right] ?? 0;
    return a < b || (a === b && (this.#ranks[left] ?? 0) < (this.#ranks[right] ?? 0));
  }
}
