import { unitsLength, writeUnits } from "./cesu8.ts";

/** Code units of one piece of a text; longer ones go in several. */
const CHUNK_UNITS = 0x8000;
const FIRST_BYTES = 256;

/** Writes Hessian 2.0 (final): as much of it as we have to say. */
export class HessianWriter {
  private buffer = Buffer.allocUnsafe(FIRST_BYTES);
  private at = 0;

  null(): this {
    this.room(1);
    this.buffer[this.at++] = 0x4e;
    return this;
  }

  boolean(value: boolean): this {
    this.room(1);
    this.buffer[this.at++] = value ? 0x54 : 0x46;
    return this;
  }

  /** @param value a signed 32-bit integer */
  int(value: number): this {
    this.room(5);
    const { buffer, at } = this;
    if (value >= -16 && value <= 47) this.at = buffer.writeUInt8(0x90 + value, at);
    else if (value >= -2048 && value <= 2047) this.at = buffer.writeUInt16BE(0xc800 + value, at);
    else if (value >= -262_144 && value <= 262_143)
      this.at = buffer.writeUIntBE(0xd4_0000 + value, at, 3);
    else {
      buffer[at] = 0x49;
      this.at = buffer.writeInt32BE(value, at + 1);
    }
    return this;
  }

  text(text: string): this {
    let from = 0;
    for (; text.length - from > CHUNK_UNITS; from += CHUNK_UNITS)
      this.chunk(0x52, text, from, from + CHUNK_UNITS);
    const units = text.length - from;
    if (from > 0 || units > 0x3ff) this.chunk(0x53, text, from, text.length);
    else this.shortText(text, units);
    return this;
  }

  /** A map without a type. */
  textMap(entries: Iterable<readonly [string, string]>): this {
    this.room(1);
    this.buffer[this.at++] = 0x48;
    for (const [key, value] of entries) this.text(key).text(value);
    this.room(1);
    this.buffer[this.at++] = 0x5a;
    return this;
  }

  /** Values that are encoded already. */
  raw(bytes: Uint8Array): this {
    this.room(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  /** All that was written. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  private shortText(text: string, units: number): void {
    this.room(2 + unitsLength(text, 0, units));
    if (units <= 0x1f) this.buffer[this.at++] = units;
    else this.at = this.buffer.writeUInt16BE(0x3000 + units, this.at);
    this.at = writeUnits(this.buffer, this.at, text, 0, units);
  }

  private chunk(code: number, text: string, from: number, to: number): void {
    this.room(3 + unitsLength(text, from, to));
    this.buffer[this.at] = code;
    this.buffer.writeUInt16BE(to - from, this.at + 1);
    this.at = writeUnits(this.buffer, this.at + 3, text, from, to);
  }

  private room(bytes: number): void {
    if (this.buffer.length - this.at >= bytes) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}
