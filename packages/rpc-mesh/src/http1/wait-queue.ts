import type { Exchange } from "./exchange.ts";

/** Exchanges in the order in which they came; giving one up costs nothing. */
export class WaitQueue {
  /** Those that still wait. */
  size = 0;
  private queue: Exchange[] = [];
  private first = 0;

  push(exchange: Exchange): void {
    exchange.waiting = true;
    this.size++;
    this.queue.push(exchange);
  }

  /** The one that waits longest. */
  shift(): Exchange | undefined {
    while (this.first < this.queue.length) {
      const exchange = this.queue[this.first++];
      if (exchange === undefined || !exchange.waiting) continue;
      exchange.waiting = false;
      this.size--;
      this.compact();
      return exchange;
    }
    this.queue.length = 0;
    this.first = 0;
    return undefined;
  }

  remove(exchange: Exchange): void {
    if (!exchange.waiting) return;
    exchange.waiting = false;
    this.size--;
    this.compact();
  }

  /** Lets go of those that were taken or gave up. */
  private compact(): void {
    if (this.queue.length < 64 || this.queue.length < 4 * this.size) {
      if (this.size > 0) return;
    }
    this.queue = this.size === 0 ? [] : this.queue.slice(this.first).filter((each) => each.waiting);
    this.first = 0;
  }
}
