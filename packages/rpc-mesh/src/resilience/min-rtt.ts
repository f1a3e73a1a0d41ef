import type { Random } from "../clock.ts";
import type { AdaptiveConcurrencyConfig } from "../model/cluster.ts";
import { LatencySample } from "./latency-sample.ts";

/** Latencies of one measurement (Envoy's `request_count`). */
const WANTED_SAMPLES = 50;
/** With little traffic so many must do when the time is over. */
const ENOUGH_SAMPLES = 5;
/** The limit is low meanwhile: no longer than this. */
const MAX_MS = 5000;

/**
 * One measurement of the minimal latency. The owner holds the limit at `minLimit` while it is active; calls count that
 * began after the calls under way had come down to that, so that no queue is measured.
 */
export class MinRttMeasurement {
  active = false;
  /** Of the last measurement, ms; undefined: too few calls. */
  result: number | undefined;
  private readonly config: AdaptiveConcurrencyConfig;
  private readonly sample: LatencySample;
  private startedAt = 0;
  /** When the calls under way had come down; Infinity: not yet. */
  private drainedAt = Infinity;

  constructor(config: AdaptiveConcurrencyConfig, random: Random) {
    this.config = config;
    this.sample = new LatencySample(WANTED_SAMPLES, random);
  }

  start(now: number, inFlight: number): void {
    this.active = true;
    this.result = undefined;
    this.startedAt = now;
    this.drainedAt = inFlight <= this.config.minLimit ? now : Infinity;
    this.sample.clear();
  }

  /** Time has passed, maybe a call ended; returns whether the measurement is over. */
  step(now: number, inFlight: number, rttMs: number | undefined): boolean {
    if (rttMs !== undefined && now - rttMs >= this.drainedAt) this.sample.add(rttMs);
    if (this.drainedAt === Infinity && inFlight <= this.config.minLimit) this.drainedAt = now;
    const { count } = this.sample;
    if (count < WANTED_SAMPLES && now - this.startedAt < MAX_MS) return false;
    if (count >= ENOUGH_SAMPLES) this.result = this.sample.percentile(this.config.percentile);
    this.active = false;
    return true;
  }
}
