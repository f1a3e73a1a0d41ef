/** Memories that are kept for the guests to come. */
const KEPT = 4;

const pageBytes = 65_536;

/**
 * Linear memories of one version whose guests live for one call. A memory of a guest that is gone is used again once it
 * is all zero: new ones would have to be mapped, and collected, with each call.
 */
export class Memories {
  readonly #free: WebAssembly.Memory[] = [];
  #initialBytes = 0;

  /** @param initial pages; the same with every call, as `maximum` is */
  take(initial: number, maximum: number): WebAssembly.Memory {
    this.#initialBytes = initial * pageBytes;
    return this.#free.pop() ?? new WebAssembly.Memory({ initial, maximum });
  }

  /** One that has grown cannot shrink: it is left to the garbage collector. */
  giveBack(memory: WebAssembly.Memory): void {
    const { buffer } = memory;
    if (buffer.byteLength !== this.#initialBytes || this.#free.length >= KEPT) return;
    new Uint8Array(buffer).fill(0);
    this.#free.push(memory);
  }
}
