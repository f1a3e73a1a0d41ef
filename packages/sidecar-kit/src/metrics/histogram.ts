/**
 * Log-linear buckets over microseconds: four per power of two, up to 2^26 µs (67 s). The relative width of a bucket is
 * at most 25 %, which is as exact as a quantile needs to be, and finding one takes a `clz32` and a shift.
 */
const subBits = 2;
const maxExponent = 26;

/** Number of buckets; the last one takes everything beyond 67 s. */
export const bucketCount = (maxExponent - subBits + 2) * 4 + 1;

/** Returns the bucket of a latency in microseconds. */
export function bucketOf(microseconds: number): number {
  if (microseconds < 4) return microseconds > 0 ? microseconds | 0 : 0;
  if (microseconds >= 134_217_728) return bucketCount - 1;
  const value = microseconds | 0;
  const exponent = 31 - Math.clz32(value);
  return ((exponent - subBits + 1) << subBits) + ((value >>> (exponent - subBits)) & 3);
}

/** Returns the exclusive upper bound of a bucket in microseconds; Infinity for the last one. */
export function upperBound(bucket: number): number {
  if (bucket >= bucketCount - 1) return Infinity;
  if (bucket < 4) return bucket + 1;
  const exponent = (bucket >> subBits) + subBits - 1;
  return ((bucket & 3) + 5) * 2 ** (exponent - subBits);
}

/** A latency histogram in one typed array: buckets, then sum in seconds, then count. */
export class Histogram {
  readonly #cells = new Float64Array(bucketCount + 2);

  /** Adds one latency, in milliseconds as `performance.now()` differences are. */
  observe(milliseconds: number): void {
    const cells = this.#cells;
    const bucket = bucketOf(milliseconds * 1000);
    cells[bucket] = (cells[bucket] ?? 0) + 1;
    cells[bucketCount] = (cells[bucketCount] ?? 0) + milliseconds;
    cells[bucketCount + 1] = (cells[bucketCount + 1] ?? 0) + 1;
  }

  /** Number of observations. */
  get count(): number {
    return this.#cells[bucketCount + 1] ?? 0;
  }

  /** Sum of all observations in milliseconds. */
  get sumMs(): number {
    return this.#cells[bucketCount] ?? 0;
  }

  /** Observations below each bound, bounds in microseconds: two per power of two from 8 µs on. */
  *cumulative(): Generator<{ boundUs: number; count: number }> {
    let count = 0;
    for (let bucket = 0; bucket < bucketCount - 1; bucket += 1) {
      count += this.#cells[bucket] ?? 0;
      if (bucket >= 7 && bucket % 2 === 1) yield { boundUs: upperBound(bucket), count };
    }
  }

  /** Returns the latency in milliseconds below which the share `q` (0 to 1) lies; 0 without observations. */
  quantileMs(q: number): number {
    let left = q * this.count;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      const here = this.#cells[bucket] ?? 0;
      if (here > 0 && left <= here) {
        const low = bucket === 0 ? 0 : upperBound(bucket - 1);
        const high = bucket === bucketCount - 1 ? low : upperBound(bucket);
        return (low + ((high - low) * left) / here) / 1000;
      }
      left -= here;
    }
    return 0;
  }
}
