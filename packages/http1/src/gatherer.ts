const NOTHING = Buffer.alloc(0);
/** What is set aside on the word of a Content-Length alone. */
const MAX_FIRST_BYTES = 65_536;

/** Puts a body together. One that came in one piece is not copied. */
export class Gatherer {
  /** 0: no limit. */
  readonly maxBytes: number;
  private expected = 0;
  private buffer: Buffer = NOTHING;
  private bytes = 0;
  /** The buffer is that of the connection, which reads into it again. */
  private borrowed = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** @param expected octets that are announced; 0: unknown */
  begin(expected: number): void {
    this.expected = expected;
  }

  /** False when it gets too much. A piece that is the whole body is only borrowed: {@link take} must follow at once. */
  add(buffer: Buffer, start: number, end: number): boolean {
    const bytes = this.bytes + end - start;
    if (this.maxBytes > 0 && Math.max(bytes, this.expected) > this.maxBytes) return false;
    if (this.bytes === 0 && bytes === this.expected) {
      this.buffer = buffer.subarray(start, end);
      this.bytes = bytes;
      this.borrowed = true;
      return true;
    }
    this.room(bytes);
    buffer.copy(this.buffer, this.bytes, start, end);
    this.bytes = bytes;
    return true;
  }

  /** All of it, the caller's to keep. */
  takeOwned(): Buffer {
    return this.borrowed ? Buffer.from(this.buffer) : this.take();
  }

  take(): Buffer {
    return this.bytes === this.buffer.length ? this.buffer : this.buffer.subarray(0, this.bytes);
  }

  private room(wanted: number): void {
    if (this.buffer.length >= wanted) return;
    const first = Math.min(this.expected, MAX_FIRST_BYTES);
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, first, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.bytes);
    this.buffer = larger;
  }
}
