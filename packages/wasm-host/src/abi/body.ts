/** A body that a guest reads and changes. Grows by doubling, so that many small additions cost no more than their sum. */
export class Body {
  #bytes: Uint8Array;
  #length: number;
  /** The guest has written to it. */
  changed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  /** The octets themselves, not a copy. */
  get bytes(): Uint8Array {
    return this.#length === this.#bytes.length
      ? this.#bytes
      : this.#bytes.subarray(0, this.#length);
  }

  /** The octets in an ArrayBuffer of their own, fit to be sent to another thread. */
  get own(): Uint8Array {
    const { bytes } = this;
    return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  }

  /**
   * Puts `value` in place of `size` octets at `start`: before everything (0, 0), behind it (`start` at or after the
   * end), or in between.
   *
   * @returns false: it would be longer than `max`, nothing was done
   */
  splice(start: number, size: number, value: Uint8Array, max: number): boolean {
    const from = Math.min(start, this.#length);
    const tail = Math.min(from + size, this.#length);
    const length = this.#length - (tail - from) + value.length;
    if (length > max) return false;
    if (from === 0 && tail === this.#length) this.#bytes = new Uint8Array(value);
    else this.#move(from, tail, value, length);
    this.#length = length;
    this.changed = true;
    return true;
  }

  #move(from: number, tail: number, value: Uint8Array, length: number): void {
    const old = this.#bytes;
    if (length > old.length) {
      this.#bytes = new Uint8Array(Math.max(length, old.length * 2));
      this.#bytes.set(old.subarray(0, from));
    }
    this.#bytes.set(old.subarray(tail, this.#length), from + value.length);
    this.#bytes.set(value, from);
  }
}
