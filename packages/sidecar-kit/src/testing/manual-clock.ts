import type { MachineClock } from "../machine-clock.ts";

/** A clock that stands still until a test moves it. */
export class ManualClock implements MachineClock {
  readonly bootId = "manual";
  #wallMs = 1_700_000_000_000;
  #monotonicMs = 1000;

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Sets the wall clock forward or back, as an administrator would; no time passes. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }
}
