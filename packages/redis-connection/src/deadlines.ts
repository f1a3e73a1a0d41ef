const TICK_MS = 10;

/** Something that ends when its time has come. */
export interface Expirable {
  readonly deadlineMs: number;
  expire(): void;
}

/**
 * Ends calls whose deadline has passed, within 10 ms of it. One timer for all of them, running only while there are
 * any: a timer of its own would cost each call more than everything else here.
 */
export class Deadlines {
  readonly #waiting = new Set<Expirable>();
  #timer: NodeJS.Timeout | undefined;

  add(one: Expirable): void {
    this.#waiting.add(one);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  delete(one: Expirable): void {
    this.#waiting.delete(one);
  }

  /** Stops the timer; calls that are still waiting are not ended. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#waiting.size === 0) return this.close();
    const now = Date.now();
    for (const one of this.#waiting) {
      if (one.deadlineMs > now) continue;
      this.#waiting.delete(one);
      one.expire();
    }
  }
}
