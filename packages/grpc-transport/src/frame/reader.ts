import { ConnectionError } from "../connection/connection-error.ts";
import { DEFAULT_MAX_FRAME_BYTES, ErrorCode, FRAME_HEADER_BYTES } from "./constants.ts";
import { readUint32 } from "./write.ts";

/** Receives complete frames. The payload is `buffer[start, end)` and valid only during the call. */
export interface FrameSink {
  /** True once the connection is over: what follows is not parsed. */
  readonly closed: boolean;
  onFrame(
    buffer: Buffer,
    type: number,
    flags: number,
    streamId: number,
    start: number,
    end: number,
  ): void;
}

const NOTHING = Buffer.alloc(0);
/** Frames up to this size are put together in buffers that are used again: it is what peers send. */
const POOLED_BYTES = FRAME_HEADER_BYTES + DEFAULT_MAX_FRAME_BYTES;
/** Spare buffers kept for all connections of the process (512 KiB). */
const MAX_SPARE_BUFFERS = 32;
/** Below this size an allocation is cheaper than a buffer of the pool, and holds less. */
const SMALL_BYTES = 1024;

const spare: Buffer[] = [];

function takeBuffer(bytes: number): Buffer {
  if (bytes <= SMALL_BYTES || bytes > POOLED_BYTES) return Buffer.allocUnsafe(bytes);
  return spare.pop() ?? Buffer.allocUnsafeSlow(POOLED_BYTES);
}

function giveBuffer(buffer: Buffer): void {
  if (buffer.length === POOLED_BYTES && spare.length < MAX_SPARE_BUFFERS) spare.push(buffer);
}

/**
 * Cuts a byte stream into frames (RFC 9113 §4.1). Frames that lie within one read are parsed in place;
 * only a frame that is split over reads is copied together.
 */
export class FrameReader {
  /** Largest payload accepted. */
  maxFrameBytes: number;
  private readonly sink: FrameSink;
  private held: Buffer = NOTHING;
  private heldBytes = 0;
  private heldTotal = 0;

  constructor(sink: FrameSink, maxFrameBytes: number) {
    this.sink = sink;
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Whether the next octet begins a frame. */
  get atFrame(): boolean {
    return this.heldBytes === 0;
  }

  /** @throws {ConnectionError} FRAME_SIZE_ERROR when a frame is larger than allowed */
  feed(buffer: Buffer, start: number, end: number): void {
    let offset = start;
    if (this.heldBytes > 0) {
      offset = this.completeHeld(buffer, start, end);
      if (this.heldBytes > 0) return;
    }
    while (end - offset >= FRAME_HEADER_BYTES && !this.sink.closed) {
      const next = offset + FRAME_HEADER_BYTES + this.payloadBytes(buffer, offset);
      if (next > end) break;
      this.deliver(buffer, offset, next);
      offset = next;
    }
    if (offset < end && !this.sink.closed) this.hold(buffer, offset, end);
  }

  private payloadBytes(buffer: Buffer, offset: number): number {
    const length = readUint32(buffer, offset) >>> 8;
    if (length > this.maxFrameBytes) {
      throw new ConnectionError(
        ErrorCode.FRAME_SIZE_ERROR,
        `frame of ${length} bytes exceeds the limit of ${this.maxFrameBytes}`,
      );
    }
    return length;
  }

  private deliver(buffer: Buffer, offset: number, end: number): void {
    const type = buffer[offset + 3] ?? 0;
    const flags = buffer[offset + 4] ?? 0;
    const streamId = readUint32(buffer, offset + 5) & 0x7fff_ffff;
    this.sink.onFrame(buffer, type, flags, streamId, offset + FRAME_HEADER_BYTES, end);
  }

  private hold(buffer: Buffer, offset: number, end: number): void {
    const available = end - offset;
    const known = available >= FRAME_HEADER_BYTES;
    const total = FRAME_HEADER_BYTES + (known ? this.payloadBytes(buffer, offset) : 0);
    this.held = takeBuffer(total);
    this.heldTotal = total;
    buffer.copy(this.held, 0, offset, end);
    this.heldBytes = available;
  }

  /** Fills the held frame from the new bytes; returns the offset of the first byte not taken. */
  private completeHeld(buffer: Buffer, start: number, end: number): number {
    let offset = start;
    if (this.heldBytes < FRAME_HEADER_BYTES) {
      offset = this.take(buffer, offset, end, FRAME_HEADER_BYTES);
      if (this.heldBytes < FRAME_HEADER_BYTES) return offset;
      const header = this.held;
      this.heldTotal = FRAME_HEADER_BYTES + this.payloadBytes(header, 0);
      this.held = takeBuffer(this.heldTotal);
      header.copy(this.held, 0, 0, FRAME_HEADER_BYTES);
    }
    offset = this.take(buffer, offset, end, this.heldTotal);
    if (this.heldBytes === this.heldTotal) {
      const frame = this.held;
      this.held = NOTHING;
      this.heldBytes = 0;
      this.deliver(frame, 0, this.heldTotal);
      giveBuffer(frame);
    }
    return offset;
  }

  private take(buffer: Buffer, offset: number, end: number, upTo: number): number {
    const next = Math.min(end, offset + upTo - this.heldBytes);
    buffer.copy(this.held, this.heldBytes, offset, next);
    this.heldBytes += next - offset;
    return next;
  }
}
