import { utf8Length, writeUtf8Before } from "./utf8.ts";

// What fields take on the wire, with their tag. All field numbers written here are below 16, so a tag is one byte.
// A field with its default value takes nothing.

/** Bytes of a varint of up to 32 bits. */
function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Size of a length-delimited field whose content has `length` bytes. */
export function delimitedSize(length: number): number {
  return 1 + varintSize(length) + length;
}

export function stringSize(value: string | undefined): number {
  return value === undefined || value === "" ? 0 : delimitedSize(utf8Length(value));
}

export function bytesSize(value: Uint8Array | undefined): number {
  return value === undefined || value.length === 0 ? 0 : delimitedSize(value.length);
}

/** Size of a `bytes` field that may be absent: an empty one is there. */
export function optionalBytesSize(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : delimitedSize(value.length);
}

/** Size of a `repeated string` field: each one is there, empty ones too. */
export function stringsSize(values: readonly string[] | undefined): number {
  if (values === undefined) return 0;
  let size = 0;
  for (let i = 0; i < values.length; i++) size += delimitedSize(utf8Length(values[i] ?? ""));
  return size;
}

/** An `int32` or `uint32` field. */
export function int32Size(value: number | undefined): number {
  if (value === undefined || value === 0) return 0;
  return value < 0 ? 11 : 1 + varintSize(value);
}

export function sint32Size(value: number | undefined): number {
  return value === undefined || value === 0 ? 0 : 1 + varintSize(zigzag(value));
}

/** Small numbers of either sign as small numbers. */
function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

export function boolSize(value: boolean | undefined): number {
  return value === true ? 2 : 0;
}

export function int64StringSize(value: string | undefined): number {
  if (value === undefined || value === "" || value === "0") return 0;
  let [low, high] = int64Halves(value);
  let size = 2;
  for (; high !== 0 || low > 0x7f; size++) {
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  return size;
}

export function mapSize(map: Record<string, string> | undefined): number {
  if (map === undefined) return 0;
  let size = 0;
  for (const key of Object.keys(map)) size += delimitedSize(entrySize(key, map[key] ?? ""));
  return size;
}

/** An entry has both of its fields even when they are empty. */
function entrySize(key: string, value: string): number {
  return delimitedSize(utf8Length(key)) + delimitedSize(utf8Length(value));
}

/**
 * The two halves of a decimal 64-bit number, unsigned.
 * @throws Error when it is not one.
 */
function int64Halves(value: string): [low: number, high: number] {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) {
    return [number >>> 0, Math.floor(number / 0x1_0000_0000)];
  }
  const bits = BigInt(value);
  if (BigInt.asIntN(64, bits) !== bits) {
    throw new Error(`Cannot write int64 "${value}": it does not fit into 64 bits`);
  }
  return [Number(bits & 0xffff_ffffn), Number((bits >> 32n) & 0xffff_ffffn)];
}

/**
 * Writes the fields of one message from the last byte to the first: where the length of something comes before it,
 * it is known when it is written, so nothing is measured twice. Fields are therefore written in reverse order.
 */
export class Writer {
  readonly bytes: Buffer<ArrayBuffer>;
  /** First byte written so far. */
  position: number;

  /** @param size Exactly the bytes that will be written. */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
    this.position = size;
  }

  string(tag: number, value: string | undefined): void {
    if (value !== undefined && value !== "") this.text(tag, value);
  }

  private text(tag: number, value: string): void {
    const end = this.position;
    this.position = writeUtf8Before(this.bytes, value, end);
    this.delimit(tag, end);
  }

  strings(tag: number, values: readonly string[] | undefined): void {
    if (values === undefined) return;
    for (let i = values.length - 1; i >= 0; i--) this.text(tag, values[i] ?? "");
  }

  bytesField(tag: number, value: Uint8Array | undefined): void {
    if (value !== undefined && value.length > 0) this.optionalBytes(tag, value);
  }

  optionalBytes(tag: number, value: Uint8Array | undefined): void {
    if (value === undefined) return;
    const end = this.position;
    this.position = end - value.length;
    this.bytes.set(value, this.position);
    this.delimit(tag, end);
  }

  int32(tag: number, value: number | undefined): void {
    if (value === undefined || value === 0) return;
    if (value < 0) this.varint64(value >>> 0, 0xffff_ffff);
    else this.varint(value);
    this.byte(tag);
  }

  sint32(tag: number, value: number | undefined): void {
    if (value === undefined || value === 0) return;
    this.varint(zigzag(value));
    this.byte(tag);
  }

  bool(tag: number, value: boolean | undefined): void {
    if (value !== true) return;
    this.byte(1);
    this.byte(tag);
  }

  int64String(tag: number, value: string | undefined): void {
    if (value === undefined || value === "" || value === "0") return;
    const [low, high] = int64Halves(value);
    this.varint64(low, high);
    this.byte(tag);
  }

  map(tag: number, map: Record<string, string> | undefined): void {
    if (map === undefined) return;
    const keys = Object.keys(map);
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i] ?? "";
      const end = this.position;
      this.text(0x12, map[key] ?? "");
      this.text(0x0a, key);
      this.delimit(tag, end);
    }
  }

  /** Puts the length and the tag before what was written since the position was `end`. */
  delimit(tag: number, end: number): void {
    this.varint(end - this.position);
    this.byte(tag);
  }

  private byte(value: number): void {
    this.bytes[--this.position] = value;
  }

  private varint(value: number): void {
    if (value < 0x80) this.byte(value);
    else this.varint64(value, 0);
  }

  /** Forwards, since what follows decides on the marks of a varint. */
  private varint64(low: number, high: number): void {
    let size = 1;
    for (let l = low, h = high; h !== 0 || l > 0x7f; size++) {
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    this.position -= size;
    for (let i = 0; i < size; i++) {
      this.bytes[this.position + i] = (low & 0x7f) | (i < size - 1 ? 0x80 : 0);
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
  }
}
