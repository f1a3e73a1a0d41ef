import type { MeshClock } from "../clock.ts";
import type { RetryBudgetConfig } from "../model/cluster.ts";

/** Parts of a period whose peaks are kept apart. */
const SLOTS = 10;
const MIN_PERIOD_MS = 1000;
const MAX_PERIOD_MS = 10_000;

/**
 * Keeps retries from multiplying the load on hosts that already fail. Each period earns
 * max(ratio × calls, minRetriesPerSecond × time) retries: the larger of the two, not their sum (the deposits are those of
 * Finagle's and Linkerd's retry budgets, which add them up).
 *
 * Savings S = earned − retries. A retry is granted when it leaves S at or above every value that S had a period ago or
 * earlier. So the burst is what one period earns, it has to be earned again before the next, and while more retries are
 * wanted than there are, retries ≤ ratio × calls holds exactly from any moment on, a period later and ever after, whatever
 * was saved before. That costs about one retry per period, as parts of a retry cannot be sent. The period is 1 s, longer
 * where the floor is below 1.25 per second.
 */
export class RetryBudget {
  private readonly config: RetryBudgetConfig;
  private readonly clock: MeshClock;
  private readonly slotMs: number;
  /** Monotonic ms at which slot 0 began. */
  private origin = 0;
  private slot = 0;
  /** Monotonic ms at which the current slot ends. */
  private slotEnd = 0;
  /** Calls of the current period. */
  private calls = 0;
  /** Earned in periods before, less all retries. */
  private settled = 0;
  /** Highest savings a period ago or earlier. */
  private highWater = 0;
  /** Highest savings in each of the last slots. */
  private readonly peaks = new Float64Array(SLOTS);

  constructor(config: RetryBudgetConfig, clock: MeshClock) {
    this.config = config;
    this.clock = clock;
    this.slotMs = periodOf(config.minRetriesPerSecond) / SLOTS;
    this.startQuiet(clock.monotonic());
  }

  /** A call begins. */
  call(): void {
    this.advance();
    this.calls += 1;
  }

  /** Takes one retry; false: there is none left. */
  tryRetry(): boolean {
    const now = this.advance();
    const savings = this.savingsAt(now);
    if (savings - 1 < this.highWater) return false;
    const index = this.slot % SLOTS;
    if (savings > (this.peaks[index] ?? 0)) this.peaks[index] = savings;
    this.settled -= 1;
    return true;
  }

  /** Retries that could be taken now. */
  get balance(): number {
    return Math.max(0, Math.floor(this.savingsAt(this.advance()) - this.highWater));
  }

  private savingsAt(now: number): number {
    const periodStart = this.slotEnd - ((this.slot % SLOTS) + 1) * this.slotMs;
    return this.settled + this.earned(now - periodStart);
  }

  private earned(elapsedMs: number): number {
    const floor = (this.config.minRetriesPerSecond * elapsedMs) / 1000;
    return Math.max(this.config.ratio * this.calls, floor);
  }

  private advance(): number {
    const now = this.clock.monotonic();
    if (now >= this.slotEnd) this.endSlots(now);
    return now;
  }

  private endSlots(now: number): void {
    if (now - this.slotEnd > 3 * SLOTS * this.slotMs) this.startQuiet(now);
    while (now >= this.slotEnd) this.endSlot();
  }

  /** The state after a quiet time of any length: the floor has earned what a period can hold. */
  private startQuiet(now: number): void {
    this.origin = now - 2 * SLOTS * this.slotMs;
    this.slot = 0;
    this.slotEnd = this.origin + this.slotMs;
    this.calls = 0;
    this.settled = 0;
    this.highWater = 0;
    this.peaks.fill(0);
    while (now >= this.slotEnd) this.endSlot();
  }

  private endSlot(): void {
    const end = this.slotEnd;
    const savings = this.savingsAt(end);
    const index = this.slot % SLOTS;
    if (savings > (this.peaks[index] ?? 0)) this.peaks[index] = savings;
    if (index === SLOTS - 1) this.endPeriod();
    this.slot += 1;
    this.slotEnd = this.origin + (this.slot + 1) * this.slotMs;
    const next = this.slot % SLOTS;
    this.highWater = Math.max(this.highWater, this.peaks[next] ?? 0);
    this.peaks[next] = -Infinity;
  }

  private endPeriod(): void {
    this.settled += this.earned(SLOTS * this.slotMs);
    this.calls = 0;
    // Only differences matter: small numbers stay exact for ever.
    const base = this.highWater;
    this.settled -= base;
    this.highWater = 0;
    for (let i = 0; i < SLOTS; i += 1) this.peaks[i] = (this.peaks[i] ?? 0) - base;
  }
}

/** Long enough that the floor earns one whole retry within nine slots. */
function periodOf(minRetriesPerSecond: number): number {
  if (minRetriesPerSecond <= 0) return MAX_PERIOD_MS;
  return Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, 1250 / minRetriesPerSecond));
}
