import { WasmStatus } from "../model/host-calls.ts";
import type { FlatHeaders } from "../model/streams.ts";
import { decodeHeaders, encodeHeaders } from "./header-bytes.ts";
import { Refusal, refusal } from "./refusal.ts";

/** Octets of a name or key that a guest passes. */
export const maxTextBytes = 64 * 1024;

/**
 * The linear memory of a guest. Pointers and lengths are u32; what lies outside of the memory is refused with
 * INVALID_MEMORY_ACCESS, by throwing a `Refusal`.
 */
export class GuestMemory {
  readonly #maxBytes: number;
  #memory: WebAssembly.Memory | undefined;
  #allocate: ((size: number) => unknown) | undefined;
  #bytes = new Uint8Array(0);
  /** The same, for texts. */
  #buffer = Buffer.alloc(0);
  #view = new DataView(new ArrayBuffer(0));
  #allocating = 0;
  /** The allocator has thrown: the guest is over. */
  allocatorFailed = false;

  /** @param maxBytes octets that `copy` reads at most */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** From now on this memory is read and written, and its allocator asked for room. */
  attach(memory: WebAssembly.Memory | undefined, allocate: Function | undefined): void {
    this.#memory = memory;
    // Exports are checked to be functions; what they return is checked at each call.
    this.#allocate = allocate as ((size: number) => unknown) | undefined;
  }

  /** Octets; 0 before there is an instance. */
  get size(): number {
    return this.#current().length;
  }

  /** The allocator of the guest runs: the guest cannot be suspended. */
  get allocating(): boolean {
    return this.#allocating > 0;
  }

  /** The octets themselves: valid until the guest runs again. */
  peek(pointer: number, length: number): Uint8Array {
    this.#check(pointer, length);
    return this.#bytes.subarray(pointer, pointer + length);
  }

  /** A copy of octets. @throws Refusal BAD_ARGUMENT: more than a body may have */
  copy(pointer: number, length: number): Uint8Array {
    this.#check(pointer, length);
    if (length > this.#maxBytes) throw refusal(WasmStatus.BAD_ARGUMENT);
    return new Uint8Array(this.#bytes.subarray(pointer, pointer + length));
  }

  /** UTF-8, for names and keys. @throws Refusal BAD_ARGUMENT: longer than `maxTextBytes` */
  text(pointer: number, length: number): string {
    return this.#string("utf8", pointer, length);
  }

  /** Octets as latin1 characters, for values of headers and keys that may be octets. @throws Refusal BAD_ARGUMENT: longer than `maxTextBytes` */
  latin1(pointer: number, length: number): string {
    return this.#string("latin1", pointer, length);
  }

  /** A serialized header map. @throws Refusal PARSE_FAILURE, BAD_ARGUMENT: see `decodeHeaders` */
  headers(pointer: number, length: number): string[] {
    return decodeHeaders(this.peek(pointer, length));
  }

  u32(pointer: number): number {
    this.#check(pointer, 4);
    return this.#view.getUint32(pointer, true);
  }

  setU8(pointer: number, value: number): void {
    this.#check(pointer, 1);
    this.#view.setUint8(pointer, value);
  }

  setU16(pointer: number, value: number): void {
    this.#check(pointer, 2);
    this.#view.setUint16(pointer, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.#check(pointer, 4);
    this.#view.setUint32(pointer, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.#check(pointer, 8);
    this.#view.setBigUint64(pointer, value, true);
  }

  set(pointer: number, bytes: Uint8Array): void {
    this.#check(pointer, bytes.length);
    this.#bytes.set(bytes, pointer);
  }

  /**
   * Hands octets to the guest in room that its allocator gives, and writes where they are. Nothing is allocated for an
   * empty value: its pointer is 0.
   *
   * @throws Refusal INVALID_MEMORY_ACCESS: also when the allocator gives no room
   */
  give(bytes: Uint8Array, pointerOut: number, sizeOut: number): WasmStatus {
    this.#check(pointerOut, 4);
    this.#check(sizeOut, 4);
    const pointer = bytes.length === 0 ? 0 : this.#room(bytes.length);
    if (bytes.length > 0) this.set(pointer, bytes);
    this.setU32(pointerOut, pointer);
    this.setU32(sizeOut, bytes.length);
    return WasmStatus.OK;
  }

  giveText(text: string, pointerOut: number, sizeOut: number): WasmStatus {
    return this.give(Buffer.from(text, "utf8"), pointerOut, sizeOut);
  }

  giveLatin1(text: string, pointerOut: number, sizeOut: number): WasmStatus {
    return this.give(Buffer.from(text, "latin1"), pointerOut, sizeOut);
  }

  giveHeaders(headers: FlatHeaders, pointerOut: number, sizeOut: number): WasmStatus {
    return this.give(encodeHeaders(headers), pointerOut, sizeOut);
  }

  #room(size: number): number {
    if (this.#allocate === undefined) throw refusal(WasmStatus.INVALID_MEMORY_ACCESS);
    this.#allocating += 1;
    try {
      const pointer = Number(this.#allocate(size)) >>> 0;
      if (pointer === 0) throw refusal(WasmStatus.INVALID_MEMORY_ACCESS);
      return pointer;
    } catch (error) {
      this.allocatorFailed ||= !(error instanceof Refusal);
      throw error;
    } finally {
      this.#allocating -= 1;
    }
  }

  #string(encoding: "utf8" | "latin1", pointer: number, length: number): string {
    this.#check(pointer, length);
    if (length > maxTextBytes) throw refusal(WasmStatus.BAD_ARGUMENT);
    return this.#buffer.toString(encoding, pointer, pointer + length);
  }

  #check(pointer: number, length: number): void {
    if (pointer + length > this.#current().length) throw refusal(WasmStatus.INVALID_MEMORY_ACCESS);
  }

  /** Growing a memory detaches its old buffer, whose views are empty then. */
  #current(): Uint8Array {
    if (this.#bytes.length === 0 && this.#memory !== undefined) {
      const { buffer } = this.#memory;
      this.#bytes = new Uint8Array(buffer);
      this.#buffer = Buffer.from(buffer);
      this.#view = new DataView(buffer);
    }
    return this.#bytes;
  }
}
