import { GrpcError } from "../grpc-error.ts";
import { Status } from "../status.ts";
import { readUint32 } from "../frame/write.ts";

/** Octets before every message: compressed flag and length. */
export const PREFIX_BYTES = 5;

const NOTHING = Buffer.alloc(0);
const FIRST_CAPACITY = 64;

/** Receives whole messages. `message` is a view of the input, valid only during the call, unless `owned`. */
export interface MessageSink {
  onMessage(message: Buffer, compressed: boolean, owned: boolean): void;
}

/**
 * Cuts the body of a call into length-prefixed messages, however it is split.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Length-Prefixed-Message)
 */
export class MessageReader {
  private readonly sink: MessageSink;
  private readonly maxMessageBytes: number;
  private partial: Buffer = NOTHING;
  private held = 0;

  constructor(sink: MessageSink, maxMessageBytes: number) {
    this.sink = sink;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Bytes of an incomplete message. */
  get heldBytes(): number {
    return this.held;
  }

  /**
   * @throws {GrpcError} RESOURCE_EXHAUSTED for a message over the limit, INTERNAL for an invalid flag
   */
  push(buffer: Buffer, start: number, end: number): void {
    let offset = start;
    if (this.held > 0) offset = this.complete(buffer, start, end);
    while (this.held === 0 && end - offset >= PREFIX_BYTES) {
      const next = offset + PREFIX_BYTES + this.messageBytes(buffer, offset);
      if (next > end) break;
      const message = buffer.subarray(offset + PREFIX_BYTES, next);
      const compressed = buffer[offset] === 1;
      offset = next;
      this.sink.onMessage(message, compressed, false);
    }
    if (offset < end) this.hold(buffer, offset, end);
  }

  private messageBytes(buffer: Buffer, offset: number): number {
    const flag = buffer[offset] ?? 0;
    if (flag > 1) {
      throw new GrpcError(Status.INTERNAL, `Cannot read message: compressed flag is ${flag}`);
    }
    const length = readUint32(buffer, offset + 1);
    if (length > this.maxMessageBytes) throw tooLarge(length, this.maxMessageBytes);
    return length;
  }

  /** One growing buffer: many tiny frames must not cost an object each. */
  private hold(buffer: Buffer, start: number, end: number): void {
    const bytes = this.held + end - start;
    if (this.partial.length < bytes) {
      const larger = Buffer.allocUnsafe(this.capacityFor(bytes));
      this.partial.copy(larger, 0, 0, this.held);
      this.partial = larger;
    }
    buffer.copy(this.partial, this.held, start, end);
    this.held = bytes;
  }

  /** Doubles, but not beyond the message; its announced length alone reserves little. */
  private capacityFor(bytes: number): number {
    if (this.held < PREFIX_BYTES) return Math.max(bytes, FIRST_CAPACITY);
    const total = PREFIX_BYTES + this.messageBytes(this.partial, 0);
    return Math.max(bytes, Math.min(total, 2 * this.partial.length));
  }

  /** Adds to the held message; returns the offset of the first byte that is not part of it. */
  private complete(buffer: Buffer, start: number, end: number): number {
    let offset = start;
    if (this.held < PREFIX_BYTES) {
      offset = Math.min(end, start + PREFIX_BYTES - this.held);
      this.hold(buffer, start, offset);
      if (this.held < PREFIX_BYTES) return offset;
    }
    const total = PREFIX_BYTES + this.messageBytes(this.partial, 0);
    const next = Math.min(end, offset + total - this.held);
    if (next > offset) this.hold(buffer, offset, next);
    if (this.held < total) return next;
    const whole = this.partial.subarray(0, total);
    this.partial = NOTHING;
    this.held = 0;
    this.sink.onMessage(whole.subarray(PREFIX_BYTES), whole[0] === 1, true);
    return next;
  }
}

/** The error for a message that exceeds the receive limit. */
export function tooLarge(bytes: number, limit: number): GrpcError {
  return new GrpcError(
    Status.RESOURCE_EXHAUSTED,
    `Received message larger than max (${bytes} vs. ${limit})`,
  );
}
