import type { MeshClock, Random } from "../clock.ts";
import type { AdaptiveConcurrencyConfig } from "../model/cluster.ts";
import { LatencySample } from "./latency-sample.ts";
import { MinRttMeasurement } from "./min-rtt.ts";

const MAX_SAMPLES = 512;
/** A window goes on until it has this many latencies. */
const MIN_SAMPLES = 5;
const MIN_GRADIENT = 0.5;
const MAX_GRADIENT = 2;
/** Windows in a row at the lowest limit after which the minimal latency is doubted. */
const DOUBTFUL_WINDOWS = 5;
/** Measurements are put off by up to this share of the interval, so that sidecars do not measure together. */
const INTERVAL_JITTER = 0.15;
const MIN_RTT_FLOOR_MS = 0.001;

/**
 * A concurrency limit that finds itself, as Envoy's gradient controller does:
 *
 *     gradient = (minRtt × (1 + buffer)) / sampleRtt, kept within 0.5 and 2
 *     limit    = gradient × limit + max(1, sqrt(gradient × limit)), kept within minLimit and maxLimit
 *
 * sampleRtt is a percentile of all latencies of a window, minRtt the same percentile of calls made while the limit is
 * `minLimit`. With Netflix's concurrency-limits the limit grows only if at least half of it was used. A server that
 * serves c calls at a time settles at L = (1 + buffer) × c + sqrt((1 + buffer) × c).
 */
export class AdaptiveLimit {
  private readonly config: AdaptiveConcurrencyConfig;
  private readonly clock: MeshClock;
  private readonly random: Random;
  private readonly sample: LatencySample;
  private readonly measurement: MinRttMeasurement;
  /** The limit between measurements. */
  private target: number;
  private active = 0;
  /** Most calls at once in this window. */
  private peak = 0;
  private windowEnd: number;
  private measureAt = -Infinity;
  private windowsAtMin = 0;
  private rtt = Number.NaN;

  constructor(config: AdaptiveConcurrencyConfig, clock: MeshClock, random: Random) {
    this.config = config;
    this.clock = clock;
    this.random = random;
    this.sample = new LatencySample(MAX_SAMPLES, random);
    this.measurement = new MinRttMeasurement(config, random);
    this.target = this.clamp(config.initialLimit);
    this.windowEnd = clock.monotonic() + config.sampleMs;
  }

  /** Calls that may be under way now. */
  get limit(): number {
    return this.measurement.active ? this.config.minLimit : Math.floor(this.target);
  }

  /** Calls under way. */
  get inFlight(): number {
    return this.active;
  }

  /** The minimal latency as last measured, ms; undefined before. */
  get minRttMs(): number | undefined {
    return Number.isNaN(this.rtt) ? undefined : this.rtt;
  }

  /** Whether a call may begin. Each one that did ends in {@link release}. */
  tryAcquire(): boolean {
    if (this.measurement.active) this.measure(this.clock.monotonic(), undefined);
    if (this.active >= this.limit) return false;
    this.active += 1;
    if (this.active > this.peak) this.peak = this.active;
    return true;
  }

  /** A call ended after so many ms; undefined: its time says nothing of the server's load. */
  release(rttMs: number | undefined): void {
    this.active -= 1;
    const now = this.clock.monotonic();
    if (this.measurement.active) return this.measure(now, rttMs);
    if (rttMs !== undefined) this.sample.add(rttMs);
    if (now >= this.windowEnd && this.sample.count >= MIN_SAMPLES) this.endWindow(now);
  }

  private measure(now: number, rttMs: number | undefined): void {
    if (!this.measurement.step(now, this.active, rttMs)) return;
    const { result } = this.measurement;
    if (result !== undefined) this.rtt = Math.max(result, MIN_RTT_FLOOR_MS);
    const { minRttIntervalMs } = this.config;
    this.measureAt = now + minRttIntervalMs * (1 + INTERVAL_JITTER * this.random());
    this.windowsAtMin = 0;
    this.startWindow(now);
  }

  private endWindow(now: number): void {
    if (!Number.isNaN(this.rtt)) this.move(this.sample.percentile(this.config.percentile));
    if (now >= this.measureAt || this.windowsAtMin >= DOUBTFUL_WINDOWS) {
      this.measurement.start(now, this.active);
    }
    this.startWindow(now);
  }

  private move(sampleRtt: number): void {
    const ideal = this.rtt * (1 + this.config.bufferPercent / 100);
    const ratio = ideal / Math.max(sampleRtt, MIN_RTT_FLOOR_MS);
    const gradient = Math.min(MAX_GRADIENT, Math.max(MIN_GRADIENT, ratio));
    const scaled = gradient * this.target;
    const next = this.clamp(scaled + Math.max(1, Math.sqrt(scaled)));
    const unused = next > this.target && this.peak < this.target / 2;
    if (!unused) this.target = next;
    this.windowsAtMin = this.target <= this.config.minLimit ? this.windowsAtMin + 1 : 0;
  }

  private startWindow(now: number): void {
    this.sample.clear();
    this.peak = this.active;
    this.windowEnd = now + this.config.sampleMs;
  }

  private clamp(limit: number): number {
    return Math.min(this.config.maxLimit, Math.max(this.config.minLimit, limit));
  }
}
