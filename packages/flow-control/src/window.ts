const current = 0;
const previous = 1;
const bucket = 2;

/**
 * Counts what passed in the last interval: two buckets of half an interval each. The window reaches from the beginning
 * of the bucket before the present one until now, so it is between half an interval and a whole one long.
 */
export class PassWindow {
  readonly #halfMs: number;
  /** Typed, so that no write allocates. */
  readonly #cells = new Float64Array([0, 0, Number.NEGATIVE_INFINITY]);

  /** @param intervalMs length of the window */
  constructor(intervalMs: number) {
    this.#halfMs = intervalMs / 2;
  }

  /** Passes within the window that ends now. */
  count(nowMs: number): number {
    this.#roll(nowMs);
    return (this.#cells[current] ?? 0) + (this.#cells[previous] ?? 0);
  }

  /** Counts one pass. */
  add(nowMs: number): void {
    this.#roll(nowMs);
    this.#cells[current] = (this.#cells[current] ?? 0) + 1;
  }

  #roll(nowMs: number): void {
    const cells = this.#cells;
    const index = Math.floor(nowMs / this.#halfMs);
    const passed = index - (cells[bucket] ?? 0);
    if (passed <= 0) return;
    cells[previous] = passed === 1 ? (cells[current] ?? 0) : 0;
    cells[current] = 0;
    cells[bucket] = index;
  }
}
