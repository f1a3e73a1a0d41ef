import { memoryThreshold, type Terms } from "./terms.ts";
import { WarmUp } from "./warm-up.ts";
import { PassWindow } from "./window.ts";

/** What a check says when the call must not pass. */
export const BLOCKED = -1;

const bucketEnd = 0;
const inFlight = 1;

/** What one rule has counted for one resource (and one caller), and its verdicts. */
export class Shaper {
  /** Passes of the last interval. */
  readonly window: PassWindow;
  /** Generation of the rules in which it was made: calls that began earlier are not counted here. */
  readonly born: number;
  readonly #warmUp = new WarmUp();
  /** When the leaky bucket lets the last call pass, and calls in progress. Typed, so that no write allocates. */
  readonly #cells = new Float64Array([Number.NEGATIVE_INFINITY, 0]);

  constructor(intervalMs: number, born: number) {
    this.window = new PassWindow(intervalMs);
    this.born = born;
  }

  /** Calls in progress. */
  get inFlight(): number {
    return this.#cells[inFlight] ?? 0;
  }

  /**
   * What would happen to a call now; counts nothing.
   *
   * @returns 0: it passes; above 0: it passes after so many ms; {@link BLOCKED}
   */
  verdict(terms: Terms, nowMs: number, usedBytes: number): number {
    if (this.inFlight >= terms.concurrency) return BLOCKED;
    const allowed = this.#allowed(terms, nowMs, usedBytes);
    if (!terms.throttles) return this.window.count(nowMs) + 1 <= allowed ? 0 : BLOCKED;
    const waitMs = (this.#cells[bucketEnd] ?? 0) + terms.intervalMs / allowed - nowMs;
    if (waitMs <= 0) return allowed > 0 ? 0 : BLOCKED;
    return waitMs <= terms.maxWaitMs ? waitMs : BLOCKED;
  }

  /**
   * Counts a call that passes.
   *
   * @param waitMs what {@link verdict} said for this rule
   * @param ownWindow whether passes of this resource are what the rule counts
   */
  pass(terms: Terms, nowMs: number, waitMs: number, ownWindow: boolean): void {
    this.#cells[inFlight] = this.inFlight + 1;
    if (terms.line !== undefined) this.#warmUp.add();
    if (terms.throttles) this.#cells[bucketEnd] = nowMs + waitMs;
    else if (ownWindow) this.window.add(nowMs);
  }

  /** Counts a call that goes on although the rule forbids it. */
  tolerate(): void {
    this.#cells[inFlight] = this.inFlight + 1;
  }

  /** A call has ended. */
  leave(): void {
    this.#cells[inFlight] = Math.max(0, this.inFlight - 1);
  }

  /** Calls per interval that may pass now. */
  #allowed(terms: Terms, nowMs: number, usedBytes: number): number {
    const { line, memory, intervalMs, threshold } = terms;
    if (line !== undefined) return (this.#warmUp.allowed(nowMs, line) * intervalMs) / 1000;
    return memory === undefined ? threshold : memoryThreshold(memory, usedBytes);
  }
}
