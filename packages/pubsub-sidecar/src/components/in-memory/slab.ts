import { ownBytes } from "@layotto/sidecar-kit";

/** Larger messages get memory of their own. */
const LARGEST = 512;
const SLAB_BYTES = 4096;

/**
 * Copies small messages side by side into blocks, since memory of its own costs each one a microsecond. A block lives
 * as long as one of its messages; messages of one topic come and go together, so one of these per topic wastes little.
 */
export class Slab {
  #block: Buffer = Buffer.alloc(0);
  #used = 0;

  /** Bytes that nobody else writes to. */
  own(bytes: Uint8Array): Uint8Array {
    const { byteLength } = bytes;
    if (byteLength > LARGEST) return ownBytes(bytes);
    if (this.#used + byteLength > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const end = this.#used + byteLength;
    const copy = this.#block.subarray(this.#used, end);
    copy.set(bytes);
    this.#used = end;
    return copy;
  }
}
