import type { Random } from "../clock.ts";

/** Latencies of one window: a uniform sample (reservoir, Vitter's algorithm R) of bounded size. */
export class LatencySample {
  /** Latencies added since the last {@link clear}. */
  count = 0;
  private readonly values: Float64Array;
  private readonly random: Random;

  constructor(capacity: number, random: Random) {
    this.values = new Float64Array(capacity);
    this.random = random;
  }

  add(ms: number): void {
    const capacity = this.values.length;
    const index = this.count < capacity ? this.count : Math.floor(this.random() * (this.count + 1));
    if (index < capacity) this.values[index] = ms;
    this.count += 1;
  }

  /** The value below or at which a share of the sample lies (nearest rank); NaN without any. Sorts the sample. */
  percentile(share: number): number {
    const size = Math.min(this.count, this.values.length);
    const sorted = this.values.subarray(0, size).sort();
    return sorted[Math.max(0, Math.ceil(share * size) - 1)] ?? Number.NaN;
  }

  clear(): void {
    this.count = 0;
  }
}
