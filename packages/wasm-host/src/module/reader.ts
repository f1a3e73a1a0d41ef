import { refuse, refuseBroken } from "./refuse.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Longest name that V8 takes, octets. */
const nameLength = 100_000;

/**
 * Reads a part of a module. Nothing is read beyond its end, and no count is believed before it was compared with what
 * follows. All of it throws WasmError (`INVALID_MODULE`) on a broken format.
 */
export class Reader {
  readonly bytes: Uint8Array;
  /** Octet of the file that is read next. */
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Octets that are left. */
  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    if (this.at >= this.end) refuseBroken(this.at, "it ends too early");
    return this.bytes[this.at++] ?? 0;
  }

  /** An unsigned number of at most 32 bits in LEB128 (core specification, 5.2.2). */
  u32(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const octet = this.u8();
      if (shift === 28 && octet > 0x0f) break;
      value |= (octet & 0x7f) << shift;
      if (octet < 0x80) return value >>> 0;
    }
    return refuseBroken(this.at - 1, "a number has more than 32 bits");
  }

  /** Passes over a signed number in LEB128. @param most octets that it may have: 5 for 32 and 33 bits, 10 for 64 */
  skipSigned(most: number): void {
    for (let count = 0; count < most; count += 1) if (this.u8() < 0x80) return;
    refuseBroken(this.at - 1, "a number is too long");
  }

  /** Passes over octets. */
  skip(length: number): void {
    if (length > this.left)
      refuseBroken(this.at, `${length} octets are announced, ${this.left} are left`);
    this.at += length;
  }

  /** Reads a part of its own, and goes on behind it. */
  part(length: number): Reader {
    const start = this.at;
    this.skip(length);
    return new Reader(this.bytes, start, this.at);
  }

  /**
   * The number of entries that follow, each at least one octet long.
   *
   * @param what plural, for the message
   * @param most that this host takes
   * @throws WasmError also `UNSUPPORTED_MODULE` above `most`
   */
  count(what: string, most: number): number {
    const at = this.at;
    const count = this.u32();
    if (count > this.left)
      refuseBroken(at, `${count} ${what} are announced, ${this.left} octets are left`);
    if (count > most)
      refuse(
        "UNSUPPORTED_MODULE",
        `the module has ${count} ${what}, at most ${most} are allowed; make it smaller`,
      );
    return count;
  }

  /** A name: UTF-8 with its length before it. */
  name(): string {
    const at = this.at;
    const length = this.u32();
    if (length > nameLength)
      refuseBroken(at, `a name has ${length} octets, at most ${nameLength} are possible`);
    const start = this.at;
    this.skip(length);
    try {
      return decoder.decode(this.bytes.subarray(start, this.at));
    } catch {
      return refuseBroken(start, "a name is not UTF-8");
    }
  }

  /** @throws WasmError when something is left */
  finish(what: string): void {
    if (this.at !== this.end)
      refuseBroken(this.at, `${this.left} octets follow the end of ${what}`);
  }
}
