/** Octets of a request body that are kept for another attempt. */
const MAX_KEPT_BYTES = 65_536;
const NOTHING = Buffer.alloc(0);

/** The beginning of a request body, or all of it: what a further attempt needs. */
export class KeptBody {
  /** Octets seen so far. */
  total = 0;
  /** All that was seen is still here. */
  whole = true;
  private buffer: Buffer = NOTHING;

  /** All octets so far; meaningful while {@link whole}. */
  get bytes(): Buffer {
    return this.buffer.length === this.total ? this.buffer : this.buffer.subarray(0, this.total);
  }

  /** Nothing more should come before what is here could be sent. */
  get full(): boolean {
    return this.total >= MAX_KEPT_BYTES;
  }

  /**
   * Takes what has come.
   *
   * @param needed somebody still has to send it from here, however much it is
   */
  add(source: Buffer, start: number, end: number, needed: boolean): void {
    const total = this.total + end - start;
    if (this.whole && (needed || total <= MAX_KEPT_BYTES)) {
      this.room(total);
      source.copy(this.buffer, this.total, start, end);
    } else this.drop();
    this.total = total;
  }

  /** Takes another body instead. The octets must not change afterwards. */
  replace(bytes: Buffer): void {
    this.buffer = bytes;
    this.total = bytes.length;
    this.whole = true;
  }

  /** No further attempt will be made. */
  drop(): void {
    this.whole = this.whole && this.total === 0;
    this.buffer = NOTHING;
  }

  private room(wanted: number): void {
    if (this.buffer.length >= wanted) return;
    // Most bodies come in one read: then it is just as large.
    const size = this.buffer.length === 0 ? wanted : Math.max(wanted, this.buffer.length * 2);
    const larger = Buffer.allocUnsafe(size);
    this.buffer.copy(larger, 0, 0, this.total);
    this.buffer = larger;
  }
}
