/** The line along which a threshold rises, from the configuration of a rule. */
export interface WarmUpLine {
  /** Calls per second when warm. */
  readonly perSecond: number;
  /** Tokens above which the resource counts as cold. */
  readonly warning: number;
  /** Most tokens. */
  readonly max: number;
  /** How the time between two calls grows per token above `warning`, seconds. */
  readonly slope: number;
  /** Below this rate a cold resource cools down further, calls per second. */
  readonly coolBelow: number;
}

/**
 * The line of a rule. `warning = period × thr / (cold − 1)`, `max = warning + 2 × period × thr / (1 + cold)`,
 * `slope = (cold − 1) / thr / (max − warning)`.
 *
 * Source: Sentinel's warm-up rules, after Guava's SmoothWarmingUp
 *
 * @param coldFactor a cold resource gets `perSecond / coldFactor`; below 2 it is 3
 */
export function warmUpLine(perSecond: number, periodSec: number, coldFactor: number): WarmUpLine {
  const cold = coldFactor <= 1 ? 3 : coldFactor;
  const warning = Math.floor((periodSec * perSecond) / (cold - 1));
  const max = warning + Math.floor((2 * periodSec * perSecond) / (1 + cold));
  const slope = max > warning ? (cold - 1) / perSecond / (max - warning) : 0;
  return { perSecond, warning, max, slope, coolBelow: perSecond / cold };
}

const tokens = 0;
const second = 1;
const passes = 2;

/** The tokens of one resource: they gather while it is idle and are spent by calls; many tokens mean it is cold. */
export class WarmUp {
  /** Stored tokens, the second of the last change, passes since. Typed, so that no write allocates. */
  readonly #cells = new Float64Array([0, Number.NEGATIVE_INFINITY, 0]);

  /** Calls per second allowed now. */
  allowed(nowMs: number, line: WarmUpLine): number {
    if (line.perSecond === 0) return 0;
    this.#refill(nowMs, line);
    const above = (this.#cells[tokens] ?? 0) - line.warning;
    return above < 0 ? line.perSecond : 1 / (above * line.slope + 1 / line.perSecond);
  }

  /** Counts one pass. */
  add(): void {
    this.#cells[passes] = (this.#cells[passes] ?? 0) + 1;
  }

  /** Once a second: tokens for the time since the last change, less those that calls took. */
  #refill(nowMs: number, line: WarmUpLine): void {
    const cells = this.#cells;
    const now = Math.floor(nowMs / 1000);
    const seconds = now - (cells[second] ?? 0);
    if (seconds <= 0) return;
    const taken = cells[passes] ?? 0;
    const stored = cells[tokens] ?? 0;
    const gains = stored < line.warning || taken / seconds < line.coolBelow;
    const gained = gains ? seconds * line.perSecond : 0;
    cells[tokens] = Math.min(line.max, Math.max(0, stored + gained - taken));
    cells[second] = now;
    cells[passes] = 0;
  }
}
