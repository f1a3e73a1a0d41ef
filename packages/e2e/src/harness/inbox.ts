import { deferred, type Deferred } from "@layotto/sidecar-kit";

/** What came in, in order; tests wait for it, or take it as a stream. */
export class Inbox<T> {
  readonly items: T[] = [];
  #changed: Deferred<void> = deferred<void>();
  #ended = false;

  add(item: T): void {
    this.items.push(item);
    this.#wake();
  }

  /** Nothing more comes: streams end. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Resolves when it holds so many. @throws Error after `timeoutMs` */
  async holds(count: number, timeoutMs = 20_000): Promise<void> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const expired = deferred<void>();
    timeout.addEventListener("abort", () => expired.resolve());
    while (this.items.length < count) {
      await Promise.race([this.#changed.promise, expired.promise]);
      if (timeout.aborted) {
        throw new Error(`${this.items.length} of ${count} came within ${timeoutMs} ms`);
      }
    }
  }

  /** All items from the first on, and those to come. */
  async *stream(): AsyncGenerator<T> {
    for (let i = 0; ; i++) {
      while (i >= this.items.length) {
        if (this.#ended) return;
        await this.#changed.promise;
      }
      yield this.items[i] as T; // there is one: see above
    }
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = deferred<void>();
    resolve();
  }
}
