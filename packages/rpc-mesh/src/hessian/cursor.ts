import { decodeUnits, skipUnits } from "./cesu8.ts";
import { HessianError } from "./hessian-error.ts";
import type { HessianLimits } from "./limits.ts";

/** A place in Hessian 2.0 bytes: reads what is not made of other values. */
export class HessianCursor {
  readonly buffer: Buffer;
  readonly end: number;
  readonly limits: HessianLimits;
  /** Offset of the next octet. */
  at: number;

  constructor(buffer: Buffer, start: number, end: number, limits: HessianLimits) {
    this.buffer = buffer;
    this.at = start;
    this.end = end;
    this.limits = limits;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  /** The next octet, which stays. */
  peek(): number {
    if (this.at >= this.end) throw new HessianError("Cannot read a value: the bytes end");
    return this.buffer[this.at] ?? 0;
  }

  /** Octets of the text that begins here without its opcode; negative: no text begins here. */
  isText(): boolean {
    const code = this.peek();
    return code <= 0x1f || (code >= 0x30 && code <= 0x33) || code === 0x52 || code === 0x53;
  }

  /** Reads a text. @throws HessianError also when there is something else */
  text(): string {
    let text = "";
    for (;;) {
      const code = this.peek();
      const units = this.textUnits(code);
      const start = this.at;
      this.at = skipUnits(this.buffer, start, this.end, units);
      if (text.length + this.at - start > this.limits.maxTextBytes) {
        throw new HessianError(
          `Cannot read a text: it is longer than ${this.limits.maxTextBytes} octets`,
        );
      }
      const part = decodeUnits(this.buffer, start, this.at, units);
      if (code !== 0x52) return text === "" ? part : text + part;
      text += part;
    }
  }

  skipText(): void {
    for (;;) {
      const code = this.peek();
      const units = this.textUnits(code);
      this.at = skipUnits(this.buffer, this.at, this.end, units);
      if (code !== 0x52) return;
    }
  }

  skipBinary(): void {
    for (;;) {
      const code = this.peek();
      const length = this.binaryLength(code);
      this.advance(length);
      if (code !== 0x41) return;
    }
  }

  /** Reads an int. @throws HessianError also when there is something else */
  int(): number {
    const code = this.peek();
    if (code >= 0x80 && code <= 0xbf) return this.compact(code - 0x90, 0);
    if (code >= 0xc0 && code <= 0xcf) return this.compact(code - 0xc8, 1);
    if (code >= 0xd0 && code <= 0xd7) return this.compact(code - 0xd4, 2);
    if (code !== 0x49) throw unexpected("an int", code);
    this.advance(5);
    return this.buffer.readInt32BE(this.at - 4);
  }

  /** Reads a long; what does not fit a number becomes the nearest one. */
  long(): number {
    const code = this.peek();
    if (code >= 0xd8 && code <= 0xef) return this.compact(code - 0xe0, 0);
    if (code >= 0xf0) return this.compact(code - 0xf8, 1);
    if (code >= 0x38 && code <= 0x3f) return this.compact(code - 0x3c, 2);
    if (code === 0x59) {
      this.advance(5);
      return this.buffer.readInt32BE(this.at - 4);
    }
    if (code !== 0x4c) throw unexpected("a long", code);
    this.advance(9);
    return this.buffer.readInt32BE(this.at - 8) * 2 ** 32 + this.buffer.readUInt32BE(this.at - 4);
  }

  /** A length that is followed by at least so many octets. */
  count(): number {
    const count = this.int();
    if (count < 0 || count > this.end - this.at) {
      throw new HessianError(
        `Cannot read a value: ${count} parts are announced where ${this.end - this.at} octets are left`,
      );
    }
    return count;
  }

  /** Passes over octets. @throws HessianError when they are not there */
  advance(octets: number): void {
    if (octets > this.end - this.at) throw new HessianError("Cannot read a value: the bytes end");
    this.at += octets;
  }

  /** `high` and so many octets after the opcode. */
  private compact(high: number, octets: number): number {
    this.advance(1 + octets);
    let value = high;
    for (let at = this.at - octets; at < this.at; at += 1)
      value = value * 256 + (this.buffer[at] ?? 0);
    return value;
  }

  /** Passes over the opcode and length of a piece of text; returns its code units. */
  private textUnits(code: number): number {
    if (code <= 0x1f) return this.shortLength(code, 0);
    if (code >= 0x30 && code <= 0x33) return this.shortLength(code - 0x30, 1);
    if (code === 0x52 || code === 0x53) return this.shortLength(0, 2);
    throw unexpected("a text", code);
  }

  private binaryLength(code: number): number {
    if (code >= 0x20 && code <= 0x2f) return this.shortLength(code - 0x20, 0);
    if (code >= 0x34 && code <= 0x37) return this.shortLength(code - 0x34, 1);
    if (code === 0x41 || code === 0x42) return this.shortLength(0, 2);
    throw unexpected("bytes", code);
  }

  private shortLength(high: number, octets: number): number {
    const length = this.compact(high, octets);
    if (length > this.end - this.at) throw new HessianError("Cannot read a value: the bytes end");
    return length;
  }
}

/** There is something else than what must be there. */
export function unexpected(what: string, code: number): HessianError {
  return new HessianError(
    `Cannot read ${what}: it begins with 0x${code.toString(16).padStart(2, "0")}`,
  );
}
