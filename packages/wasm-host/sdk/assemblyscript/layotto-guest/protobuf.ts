// Just enough of Protocol Buffers for hooks that look into messages: walk the fields of one, write another.

/** How a field is written (protobuf.dev/programming-guides/encoding). */
export const enum WireType {
  Varint = 0,
  Fixed64 = 1,
  Length = 2,
  Fixed32 = 5,
}

/** Walks the fields of a message: `while (reader.next()) …`. */
export class Reader {
  /** Number of the present field. */
  field: u32 = 0;
  wireType: u32 = 0;
  /** Value of varint and fixed fields. */
  number: u64 = 0;
  /** False: the message is broken. */
  valid: bool = true;
  private position: i32 = 0;
  private start: i32 = 0;
  private valueStart: i32 = 0;

  constructor(private readonly message: ArrayBuffer) {}

  /** @returns false at the end, and where the message is broken */
  next(): bool {
    if (!this.valid || this.position >= this.message.byteLength) return false;
    this.start = this.position;
    const tag = this.varint();
    this.field = <u32>(tag >> 3);
    this.wireType = <u32>(tag & 7);
    this.valueStart = this.position;
    if (this.wireType === WireType.Varint) this.number = this.varint();
    else if (this.wireType === WireType.Fixed64) this.fixed(8);
    else if (this.wireType === WireType.Fixed32) this.fixed(4);
    else if (this.wireType === WireType.Length) {
      const size = this.varint();
      this.valueStart = this.position;
      this.skip(size);
    } else this.valid = false;
    return this.valid && this.field !== 0;
  }

  /** Octets of a field with a length. */
  bytes(): ArrayBuffer {
    return this.message.slice(this.valueStart, this.position);
  }

  text(): string {
    return String.UTF8.decode(this.bytes());
  }

  /** The whole field as it stands, to copy it unchanged. */
  raw(): ArrayBuffer {
    return this.message.slice(this.start, this.position);
  }

  private varint(): u64 {
    let value: u64 = 0;
    for (let shift: u64 = 0; shift < 64; shift += 7) {
      if (this.position >= this.message.byteLength) break;
      const octet = load<u8>(changetype<usize>(this.message) + this.position);
      this.position += 1;
      value |= (<u64>(octet & 0x7f)) << shift;
      if (octet < 0x80) return value;
    }
    this.valid = false;
    return 0;
  }

  private fixed(size: u32): void {
    const from = changetype<usize>(this.message) + this.position;
    this.skip(size);
    if (this.valid) this.number = size === 8 ? load<u64>(from) : load<u32>(from);
  }

  private skip(size: u64): void {
    if (size > <u64>(this.message.byteLength - this.position)) this.valid = false;
    else this.position += <i32>size;
  }
}

/** Writes a message. */
export class Writer {
  private buffer: ArrayBuffer = new ArrayBuffer(64);
  private size: i32 = 0;

  /** @returns itself, like all that write */
  bytes(field: u32, value: ArrayBuffer): Writer {
    this.varint((field << 3) | WireType.Length);
    this.varint(value.byteLength);
    return this.raw(value);
  }

  text(field: u32, value: string): Writer {
    return this.bytes(field, String.UTF8.encode(value));
  }

  number(field: u32, value: u64): Writer {
    this.varint((field << 3) | WireType.Varint);
    this.varint(value);
    return this;
  }

  /** Octets as they are: fields copied by `Reader.raw`. */
  raw(octets: ArrayBuffer): Writer {
    this.reserve(octets.byteLength);
    const to = changetype<usize>(this.buffer) + this.size;
    memory.copy(to, changetype<usize>(octets), octets.byteLength);
    this.size += octets.byteLength;
    return this;
  }

  finish(): ArrayBuffer {
    return this.buffer.slice(0, this.size);
  }

  private varint(value: u64): void {
    this.reserve(10);
    for (; value > 0x7f; value >>= 7) this.put((<u8>(value & 0x7f)) | 0x80);
    this.put(<u8>value);
  }

  private put(octet: u8): void {
    store<u8>(changetype<usize>(this.buffer) + this.size, octet);
    this.size += 1;
  }

  private reserve(more: i32): void {
    const needed = this.size + more;
    if (needed <= this.buffer.byteLength) return;
    const larger = new ArrayBuffer(max(needed, this.buffer.byteLength * 2));
    memory.copy(changetype<usize>(larger), changetype<usize>(this.buffer), this.size);
    this.buffer = larger;
  }
}
