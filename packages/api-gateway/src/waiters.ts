/** How long to wait and what ends it early. */
export interface WaitOptions {
  /** Longest wait in milliseconds; 0 does not wait. */
  readonly timeoutMs: number;
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal;
}

interface Waiter {
  release(): void;
}

/** A bounded crowd that waits for the same event, in order of arrival. */
export class Waiters {
  readonly #limit: number;
  readonly #crowd = new Set<Waiter>();

  /** @param limit how many may wait at once */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many wait now. */
  get size(): number {
    return this.#crowd.size;
  }

  /** True when nobody else may wait. */
  get isFull(): boolean {
    return this.#crowd.size >= this.#limit;
  }

  /**
   * Waits for the next {@link release}.
   *
   * @returns false when the time is over first, or the crowd is full
   * @throws the signal's reason when it aborts
   */
  wait({ timeoutMs, signal }: WaitOptions): Promise<boolean> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (timeoutMs <= 0 || this.isFull) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        this.#crowd.delete(waiter);
      };
      const finish = (released: boolean): void => {
        end();
        resolve(released);
      };
      const abort = (): void => {
        end();
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = { release: () => finish(true) };
      const timer = setTimeout(finish, timeoutMs, false);
      signal?.addEventListener("abort", abort, { once: true });
      this.#crowd.add(waiter);
    });
  }

  /** Lets everybody go who waits now. */
  release(): void {
    for (const waiter of [...this.#crowd]) waiter.release();
  }
}
