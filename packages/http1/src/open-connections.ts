import type { Http1Clock } from "./clock.ts";
import { Sweeper, type Swept } from "./sweeper.ts";

/** A connection as {@link OpenConnections} keeps it. */
export interface Drainable extends Swept {
  /** Ends it with its next answer, or when it has been quiet for a moment. */
  drain(): void;
  destroy(): void;
}

/** The open connections of a server. */
export class OpenConnections {
  private readonly open = new Set<Drainable>();
  private readonly clock: Http1Clock;
  private readonly sweeper: Sweeper;
  private onEmpty: (() => void) | undefined;

  constructor(clock: Http1Clock) {
    this.clock = clock;
    this.sweeper = new Sweeper(clock);
  }

  get size(): number {
    return this.open.size;
  }

  add(connection: Drainable): void {
    this.open.add(connection);
    this.sweeper.add(connection);
  }

  delete(connection: Drainable): void {
    this.open.delete(connection);
    this.sweeper.delete(connection);
    if (this.open.size === 0) this.onEmpty?.();
  }

  /** Closes idle connections, the others with their next answer. Resolves when all are closed, after `graceMs` by force. */
  async drain(graceMs: number): Promise<void> {
    for (const connection of [...this.open]) connection.drain();
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(graceMs, resolve);
      this.onEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
    this.close();
  }

  /** Closes all connections at once. */
  close(): void {
    for (const connection of [...this.open]) connection.destroy();
  }
}
