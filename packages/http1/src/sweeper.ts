import type { Timer } from "@layotto/sidecar-kit";
import type { Http1Clock } from "./clock.ts";

/** Something whose waits are looked at regularly. */
export interface Swept {
  /** @param now monotonic ms */
  sweep(now: number): void;
}

const SWEEP_MS = 1000;

/** One timer for the waits of many connections: they are long, and to be late by a second does no harm. */
export class Sweeper {
  private readonly clock: Http1Clock;
  private readonly all = new Set<Swept>();
  private timer: Timer | undefined;

  constructor(clock: Http1Clock) {
    this.clock = clock;
  }

  add(swept: Swept): void {
    this.all.add(swept);
    this.timer ??= this.clock.after(SWEEP_MS, () => this.sweep());
  }

  delete(swept: Swept): void {
    this.all.delete(swept);
  }

  private sweep(): void {
    this.timer = undefined;
    const now = this.clock.monotonic();
    for (const swept of this.all) swept.sweep(now);
    if (this.all.size > 0) this.timer = this.clock.after(SWEEP_MS, () => this.sweep());
  }
}
