import { cachedName } from "./name-cache.ts";
import { readUtf8 } from "./utf8.ts";

const maxVarintBytes = 10;
const maxGroupDepth = 100;

/**
 * Reads the fields of one message. Every read is checked against the end of the message at hand, so no input can
 * make it read beyond, loop or recurse without end.
 *
 * A field is asked for by its tag: the field number times 8 plus the wire type. A known field of another wire type
 * is thus an unknown field, as protobuf wants it.
 */
export class Reader {
  readonly bytes: Buffer;
  position = 0;
  /** End of the message at hand. */
  end: number;
  private readonly copying: boolean;

  /** @param copying Whether `bytes` fields are copied instead of being views into the message. */
  constructor(bytes: Uint8Array, copying = false) {
    this.copying = copying;
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** Whether the message at hand has no more fields. */
  atEnd(): boolean {
    return this.position >= this.end;
  }

  /** The tag of the next field. */
  tag(): number {
    const start = this.position;
    const tag = this.uint32();
    const length = this.position - start;
    if (length > 5 || (length === 5 && (this.bytes[this.position - 1] ?? 0) > 0x0f)) {
      throw new Error("a field number is too large");
    }
    return tag;
  }

  /** A varint's lower 32 bits, unsigned. */
  uint32(): number {
    const first = this.position < this.end ? (this.bytes[this.position] ?? 0) : 0x80;
    if (first < 0x80) {
      this.position++;
      return first;
    }
    return this.longVarint();
  }

  private longVarint(): number {
    let value = 0;
    for (let i = 0; i < maxVarintBytes; i++) {
      const byte = this.byte();
      if (i < 5) value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return value >>> 0;
    }
    throw new Error("a varint is longer than ten bytes");
  }

  private byte(): number {
    if (this.position >= this.end) throw new Error("it ends in the middle of a field");
    return this.bytes[this.position++] ?? 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  /** An enum value. Enums of proto3 are open: any number is a value. */
  enum<T extends number>(): T {
    return this.int32() as T; // the wire has any number, and the type has a member for each
  }

  bool(): boolean {
    const [low, high] = this.varint64();
    return (low | high) !== 0;
  }

  /** A signed 64-bit number in decimal. */
  int64String(): string {
    const [low, high] = this.varint64();
    if (high < 0x20_0000) return String(high * 0x1_0000_0000 + low);
    return String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)));
  }

  /** The two halves of a 64-bit varint, unsigned. */
  private varint64(): [low: number, high: number] {
    let low = 0;
    let high = 0;
    for (let i = 0; i < maxVarintBytes; i++) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (i < 5) low |= bits << (7 * i);
      // The fifth byte holds bits 28 to 34: three of them belong to the upper half.
      if (i === 4) high = bits >>> 4;
      if (i > 4) high |= bits << (7 * i - 32);
      if (byte < 0x80) return [low >>> 0, high >>> 0];
    }
    throw new Error("a varint is longer than ten bytes");
  }

  /** Reads the length of a length-delimited field and returns where it ends. */
  private fieldEnd(): number {
    const length = this.uint32();
    const end = this.position + length;
    if (end > this.end) throw new Error("it ends in the middle of a field");
    return end;
  }

  string(): string {
    const end = this.fieldEnd();
    const text = readUtf8(this.bytes, this.position, end);
    this.position = end;
    return text;
  }

  /** A string that is likely to come again, such as the name of a store. */
  name(): string {
    const end = this.fieldEnd();
    const text = cachedName(this.bytes, this.position, end, readUtf8);
    this.position = end;
    return text;
  }

  /** A `bytes` field. */
  bytesField(): Uint8Array<ArrayBuffer> {
    const end = this.fieldEnd();
    // A Buffer made here is never backed by shared memory: sockets and pools use ArrayBuffer.
    const view = this.bytes.subarray(this.position, end) as Buffer<ArrayBuffer>;
    this.position = end;
    return this.copying ? Buffer.from(view) : view;
  }

  /** Narrows the reader to the message field at hand. Hand what it returns to `leave`. */
  enter(): number {
    const outer = this.end;
    this.end = this.fieldEnd();
    return outer;
  }

  leave(outer: number): void {
    this.end = outer;
  }

  /** Adds one entry of a map<string, string>; a later entry of the same key wins. */
  mapEntry(map: Record<string, string>): void {
    const outer = this.enter();
    let key = "";
    let value = "";
    while (!this.atEnd()) {
      const tag = this.tag();
      if (tag === 0x0a) key = this.name();
      else if (tag === 0x12) value = this.string();
      else this.skip(tag);
    }
    this.leave(outer);
    if (key === "__proto__") defineOwn(map, key, value);
    else map[key] = value;
  }

  /** Passes over a field that is not known. */
  skip(tag: number, depth = 0): void {
    if (tag >>> 3 === 0) throw new Error("field number 0 is not allowed");
    const wireType = tag & 7;
    if (wireType === 0) this.varint64();
    else if (wireType === 1) this.advance(8);
    else if (wireType === 2) this.position = this.fieldEnd();
    else if (wireType === 3) this.skipGroup(tag, depth + 1);
    else if (wireType === 5) this.advance(4);
    else throw new Error(`wire type ${wireType} is not allowed here`);
  }

  private advance(length: number): void {
    if (this.position + length > this.end) throw new Error("it ends in the middle of a field");
    this.position += length;
  }

  private skipGroup(start: number, depth: number): void {
    if (depth > maxGroupDepth) throw new Error("groups are nested too deeply");
    const end = start + 1; // same field number, wire type 4
    for (let tag = this.tag(); tag !== end; tag = this.tag()) this.skip(tag, depth);
  }
}

/** Assigning to `__proto__` would set the prototype instead of a property. */
function defineOwn(map: Record<string, string>, key: string, value: string): void {
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}
