/** Collects octets of a module. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  /** @param expected octets that will probably be written */
  constructor(expected = 256) {
    this.#bytes = new Uint8Array(Math.max(16, expected));
  }

  get length(): number {
    return this.#length;
  }

  u8(octet: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = octet;
  }

  /** An unsigned number in LEB128. */
  u32(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.u8(rest);
  }

  /** A signed number in LEB128. @param value whole, 0 to 2⁵³ */
  signed(value: number): void {
    let rest = value;
    while (rest > 0x3f) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  raw(...octets: readonly number[]): void {
    for (const octet of octets) this.u8(octet);
  }

  bytes(part: Uint8Array): void {
    if (this.#length + part.length > this.#bytes.length) this.#grow(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  /** Octets with their number before them. */
  sized(part: Uint8Array): void {
    this.u32(part.length);
    this.bytes(part);
  }

  /** Begins again, in the same memory. */
  clear(): void {
    this.#length = 0;
  }

  /** What was written: a view that the next write may change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(by: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by));
    larger.set(this.view());
    this.#bytes = larger;
  }
}
