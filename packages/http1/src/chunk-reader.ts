import type { BodySink } from "./body-reader.ts";
import { at, hexValue, isValue, Octet } from "./chars.ts";
import { Head } from "./head.ts";
import { Http1Error, malformed } from "./http1-error.ts";
import type { Http1Limits } from "./limits.ts";
import { INCOMPLETE, parseFields } from "./parse-fields.ts";

const Part = { SIZE: 0, EXTENSION: 1, SIZE_LF: 2, DATA: 3, DATA_CR: 4, DATA_LF: 5, TRAILERS: 6 } as const; // prettier-ignore

/** Digits of a size; leading zeros count. 12 hexadecimal digits are 256 TiB. */
const MAX_SIZE_DIGITS = 12;
/** Framing that a chunk may cost beside its data before it counts as overhead. */
const FREE_OVERHEAD = 16;
const NOTHING = Buffer.alloc(0);

/**
 * Reads chunked bodies (RFC 9112 §7.1). Sizes are plain hexadecimal, extensions are skipped, lines end with CRLF. What
 * framing costs beyond the data it frames is limited over the whole body: that stops extensions without end and bodies
 * of single octets that would cost more to read than to send.
 */
export class ChunkReader {
  done = false;
  trailers: Head | undefined;
  private readonly limits: Http1Limits;
  private part: number = Part.SIZE;
  private size = 0;
  private digits = 0;
  private lineBytes = 0;
  private overhead = 0;
  private held: Buffer = NOTHING;

  constructor(limits: Http1Limits) {
    this.limits = limits;
  }

  begin(): void {
    this.done = false;
    this.trailers = undefined;
    this.overhead = 0;
    this.beginChunk();
  }

  /** @throws {Http1Error} */
  read(buffer: Buffer, start: number, end: number, sink: BodySink): number {
    let position = start;
    while (position < end && !this.done) {
      if (this.part === Part.DATA) {
        const last = Math.min(end, position + this.size);
        this.size -= last - position;
        if (this.size === 0) this.part = Part.DATA_CR;
        sink.onBody(buffer, position, last);
        position = last;
      } else if (this.part === Part.TRAILERS) {
        position = this.readTrailers(buffer, position, end);
      } else {
        this.step(at(buffer, position++));
      }
    }
    return position;
  }

  private step(octet: number): void {
    this.lineBytes++;
    if (this.part === Part.SIZE) this.readSize(octet);
    else if (this.part === Part.EXTENSION) this.skipExtension(octet);
    else if (this.part === Part.SIZE_LF) this.endSize(octet);
    else if (this.part === Part.DATA_CR) this.expect(octet, Octet.CR, Part.DATA_LF);
    else {
      this.expect(octet, Octet.LF, Part.SIZE);
      this.beginChunk();
    }
  }

  private readSize(octet: number): void {
    const digit = hexValue[octet] ?? 255;
    if (digit !== 255) {
      if (++this.digits > MAX_SIZE_DIGITS) throw new Http1Error(400, "a chunk size with too many digits"); // prettier-ignore
      this.size = this.size * 16 + digit;
      return;
    }
    if (this.digits === 0) throw malformed("a chunk without a size");
    if (octet === Octet.CR) this.part = Part.SIZE_LF;
    else if (octet === Octet.SEMICOLON) this.part = Part.EXTENSION;
    else throw malformed("a malformed chunk size");
  }

  private skipExtension(octet: number): void {
    if (octet === Octet.CR) {
      this.part = Part.SIZE_LF;
      return;
    }
    if (isValue[octet] !== 1) throw malformed("a control character in a chunk extension");
    if (this.overhead + this.lineBytes > this.limits.maxChunkOverheadBytes)
      throw malformed("more chunk framing than data");
  }

  private endSize(octet: number): void {
    if (octet !== Octet.LF) throw malformed("a bare CR after a chunk size");
    this.overhead = Math.max(0, this.overhead + this.lineBytes - FREE_OVERHEAD - 2 * this.size);
    this.part = this.size === 0 ? Part.TRAILERS : Part.DATA;
  }

  private expect(octet: number, wanted: number, next: number): void {
    if (octet !== wanted) throw malformed("chunk data longer than its size");
    this.part = next;
  }

  private beginChunk(): void {
    this.part = Part.SIZE;
    this.size = 0;
    this.digits = 0;
    this.lineBytes = 0;
  }

  /** Nearly always there are none: then the empty line ends the body without anything being kept. */
  private readTrailers(buffer: Buffer, start: number, end: number): number {
    if (this.held.length === 0 && end - start >= 2 && at(buffer, start) === Octet.CR) {
      if (at(buffer, start + 1) !== Octet.LF) throw malformed("a bare CR in a line");
      this.done = true;
      return start + 2;
    }
    const before = this.held.length;
    const most = Math.min(end, start + this.limits.maxTrailerBytes - before);
    this.held = Buffer.concat([this.held, buffer.subarray(start, most)]);
    const full = this.held.length === this.limits.maxTrailerBytes;
    // Only a line end can be the end: single octets are collected, not parsed again and again.
    if (!full && !this.held.includes(Octet.LF, before)) return most;
    const trailers = new Head(this.held, this.limits.maxHeaders);
    const after = parseFields(trailers, this.held, 0, this.held.length);
    if (after === INCOMPLETE) {
      if (!full) return most;
      throw new Http1Error(431, `trailers of more than ${this.limits.maxTrailerBytes} octets`);
    }
    this.held = NOTHING;
    trailers.bytes = after;
    if (trailers.count > 0) this.trailers = trailers;
    this.done = true;
    return start + after - before;
  }
}
