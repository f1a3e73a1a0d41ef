const BUCKETS = 10;

/** Counts of the last `windowMs`, all and bad ones, forgotten a tenth of the window at a time. Allocates nothing later. */
export class RollingCounts {
  /** All that was added within the window. */
  total = 0;
  /** The bad ones of them. */
  bad = 0;
  private readonly totals = new Uint32Array(BUCKETS);
  private readonly bads = new Uint32Array(BUCKETS);
  private readonly bucketMs: number;
  private bucket: number;

  /** @param now the same clock as in {@link add}, ms */
  constructor(windowMs: number, now: number) {
    this.bucketMs = windowMs / BUCKETS;
    this.bucket = Math.floor(now / this.bucketMs);
  }

  add(bad: boolean, now: number): void {
    this.forget(now);
    const index = this.bucket % BUCKETS;
    this.totals[index] = (this.totals[index] ?? 0) + 1;
    this.total += 1;
    if (!bad) return;
    this.bads[index] = (this.bads[index] ?? 0) + 1;
    this.bad += 1;
  }

  /** Drops what has left the window. */
  forget(now: number): void {
    const bucket = Math.floor(now / this.bucketMs);
    if (bucket - this.bucket >= BUCKETS) this.clear();
    else while (this.bucket < bucket) this.clearBucket((this.bucket += 1) % BUCKETS);
    this.bucket = Math.max(bucket, this.bucket);
  }

  clear(): void {
    this.totals.fill(0);
    this.bads.fill(0);
    this.total = 0;
    this.bad = 0;
  }

  private clearBucket(index: number): void {
    this.total -= this.totals[index] ?? 0;
    this.bad -= this.bads[index] ?? 0;
    this.totals[index] = 0;
    this.bads[index] = 0;
  }
}
