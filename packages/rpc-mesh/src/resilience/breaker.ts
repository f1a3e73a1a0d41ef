import type { MeshClock } from "../clock.ts";
import type { BreakerConfig } from "../model/cluster.ts";
import { RollingCounts } from "./rolling-counts.ts";

/** closed → open (tripped) → half-open (its time is over) → closed (all probes succeeded) or open (one failed). */
export type BreakerState = "closed" | "open" | "half-open";

/** The open time doubles with each failed probe up to this many times `openMs`. */
const MAX_OPEN_FACTOR = 10;
/** Callers measure a call from a little before {@link Breaker.tryPass}. */
const EARLIER_SLACK_MS = 50;

/**
 * A circuit breaker with the strategies of Sentinel (slow ratio, error ratio, error count) and consecutive failures.
 * Ratios and counts trip at or above the threshold, once `minRequests` calls are in the window; `consecutive` trips at
 * `threshold` failures in a row. Every passed call ends in {@link record} or {@link cancel}.
 */
export class Breaker {
  /** Times it opened, after failed probes too. */
  opened = 0;
  /** Told each new state. */
  onChange: ((state: BreakerState) => void) | undefined;
  private readonly config: BreakerConfig;
  private readonly clock: MeshClock;
  private readonly counts: RollingCounts;
  private current: BreakerState = "closed";
  /** Monotonic ms of the last change of state. */
  private since: number;
  private streak = 0;
  private openMs: number;
  private probesPassed = 0;
  private probesSucceeded = 0;
  private lastProbeAt = 0;

  constructor(config: BreakerConfig, clock: MeshClock) {
    this.config = config;
    this.clock = clock;
    this.since = clock.monotonic();
    this.counts = new RollingCounts(config.windowMs, this.since);
    this.openMs = config.openMs;
  }

  get state(): BreakerState {
    return this.current;
  }

  /** Time until a probe may pass, ms; 0 unless open. For those who take a host out meanwhile. */
  get probeInMs(): number {
    if (this.current !== "open") return 0;
    return Math.max(0, this.since + this.openMs - this.clock.monotonic());
  }

  /** Whether a call may go. */
  tryPass(): boolean {
    if (this.current === "closed") return true;
    const now = this.clock.monotonic();
    if (this.current === "open") {
      if (now - this.since < this.openMs) return false;
      this.enterHalfOpen(now);
    }
    // Probes that never report must not keep it half open for ever.
    if (now - this.lastProbeAt >= this.config.openMs) this.probesPassed = this.probesSucceeded;
    if (this.probesPassed >= this.config.probes) return false;
    this.probesPassed += 1;
    this.lastProbeAt = now;
    return true;
  }

  /** A passed call ended: whether the host did its work, and how long it took. */
  record(ok: boolean, durationMs: number): void {
    if (this.current === "open") return;
    const now = this.clock.monotonic();
    // Calls from before the last change say nothing about how things are since.
    if (durationMs > now - this.since + EARLIER_SLACK_MS) return;
    const bad = this.config.strategy === "slow_ratio" ? durationMs > this.config.slowMs : !ok;
    if (this.current === "half-open") this.recordProbe(bad, now);
    else if (this.trips(bad, now)) this.enter("open", now);
  }

  /** A passed call ended and says nothing of the host: the caller left, or it was never sent. */
  cancel(): void {
    if (this.current === "half-open" && this.probesPassed > this.probesSucceeded) {
      this.probesPassed -= 1;
    }
  }

  private trips(bad: boolean, now: number): boolean {
    const { strategy, threshold, minRequests } = this.config;
    if (strategy === "consecutive") {
      this.streak = bad ? this.streak + 1 : 0;
      return bad && this.streak >= threshold;
    }
    this.counts.add(bad, now);
    const { total, bad: badCount } = this.counts;
    if (badCount === 0 || total < minRequests) return false;
    return badCount >= (strategy === "error_count" ? threshold : threshold * total);
  }

  private recordProbe(bad: boolean, now: number): void {
    if (bad) {
      this.openMs = Math.min(this.openMs * 2, this.config.openMs * MAX_OPEN_FACTOR);
      this.enter("open", now);
      return;
    }
    this.probesSucceeded += 1;
    if (this.probesSucceeded < this.config.probes) return;
    this.openMs = this.config.openMs;
    this.enter("closed", now);
  }

  private enterHalfOpen(now: number): void {
    this.probesPassed = 0;
    this.probesSucceeded = 0;
    this.lastProbeAt = now;
    this.enter("half-open", now);
  }

  private enter(state: BreakerState, now: number): void {
    this.current = state;
    if (state === "open") this.opened += 1;
    this.since = now;
    this.streak = 0;
    this.counts.clear();
    this.onChange?.(state);
  }
}
