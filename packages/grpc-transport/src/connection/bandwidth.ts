/**
 * Estimates the bandwidth-delay product: bytes that arrive between a PING and its answer. While they
 * nearly fill the stream window, the window limits the throughput, so it is doubled.
 */
export class BandwidthEstimator {
  /** Receive window that streams should have now. */
  windowBytes: number;
  private readonly maxWindowBytes: number;
  private sampling = false;
  private sampleBytes = 0;

  constructor(initialWindowBytes: number, maxWindowBytes: number) {
    this.windowBytes = initialWindowBytes;
    this.maxWindowBytes = maxWindowBytes;
  }

  /** Says whether a PING should be sent now to begin a sample. */
  begin(): boolean {
    if (this.sampling || this.windowBytes >= this.maxWindowBytes) return false;
    this.sampling = true;
    this.sampleBytes = 0;
    return true;
  }

  /** Counts received DATA. */
  add(bytes: number): void {
    this.sampleBytes += bytes;
  }

  /** Ends the sample when its PING is answered; says whether {@link windowBytes} grew. */
  end(): boolean {
    if (!this.sampling) return false;
    this.sampling = false;
    if (this.sampleBytes * 3 < this.windowBytes * 2) return false;
    this.windowBytes = Math.min(this.maxWindowBytes, this.windowBytes * 2);
    return true;
  }
}
