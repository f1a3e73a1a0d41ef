import type { Head } from "./connection/head.ts";
import type { Http2Stream } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { decompress } from "./grpc/compression.ts";
import { HeldBytes } from "./grpc/held-bytes.ts";
import { MessageReader, PREFIX_BYTES, type MessageSink } from "./grpc/message-reader.ts";
import { readUint32 } from "./frame/write.ts";
import { BaseServerCall, type CallSettings, type ServerCall } from "./server-call.ts";
import { Status } from "./status.ts";

/** A call with one request and one reply. */
export interface UnaryCall extends ServerCall {
  /** Sends the reply and ends the call with OK. The bytes must not change afterwards. */
  reply(message: Uint8Array): void;
  /** Ends the call with an error. */
  fail(error: GrpcError): void;
}

/**
 * Handles a unary call in callback form, the cheapest there is. `message` is valid only during the call
 * of the handler: copy what must live longer. The handler ends the call with `reply` or `fail`, at once
 * or later.
 */
export type UnaryHandler = (call: UnaryCall, message: Buffer) => void;

const EMPTY = Buffer.alloc(0);

/** Server side of a unary call. */
export class UnaryServerCall extends BaseServerCall implements UnaryCall, MessageSink {
  private readonly handler: UnaryHandler;
  private reader: MessageReader | null = null;
  private held: HeldBytes | null = null;
  private request: Buffer | null = null;
  private compressed = false;
  private received = false;

  constructor(stream: Http2Stream, head: Head, settings: CallSettings, handler: UnaryHandler) {
    super(stream, head, settings);
    this.handler = handler;
  }

  reply(message: Uint8Array): void {
    if (this.finished) return;
    this.sendResponseHeaders();
    if (this.compress) {
      this.packed(message).then(
        (bytes) => this.sendReply(bytes, true),
        (error: unknown) => this.failWith(error),
      );
      return;
    }
    this.sendReply(message, false);
  }

  override onData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (this.finished) return;
    if (this.reader === null && endStream && !this.received && isWhole(buffer, start, end)) {
      // Nearly every request is one frame: no copy, no reader.
      if (end - start - PREFIX_BYTES <= this.settings.maxReceiveMessageBytes) {
        return this.run(buffer.subarray(start + PREFIX_BYTES, end));
      }
    }
    try {
      this.read(stream, buffer, start, end);
    } catch (error) {
      return this.failWith(error);
    }
    if (endStream) this.onRequestEnd();
  }

  onMessage(message: Buffer, compressed: boolean, owned: boolean): void {
    if (this.received) {
      throw new GrpcError(Status.INTERNAL, "Cannot read request: a unary call has one message");
    }
    this.received = true;
    this.compressed = compressed;
    this.request = owned ? message : Buffer.from(message);
  }

  protected override onRequestEnd(): void {
    if (this.finished) return;
    const { request } = this;
    if (request === null || (this.reader?.heldBytes ?? 0) > 0) {
      const text = "Cannot read request: the stream ended without a whole message";
      return this.fail(new GrpcError(Status.INTERNAL, text));
    }
    this.request = null;
    if (!this.compressed) {
      this.held?.set(0);
      return this.run(request);
    }
    const encoding = this.requestEncoding();
    if (encoding === undefined) return;
    decompress(request, encoding, this.settings.maxReceiveMessageBytes)
      .then(
        (message) => this.run(message),
        (error: unknown) => this.failWith(error),
      )
      .finally(() => this.held?.set(0));
  }

  protected override onOver(): void {
    this.held?.set(0);
  }

  private read(stream: Http2Stream, buffer: Buffer, start: number, end: number): void {
    this.reader ??= new MessageReader(this, this.settings.maxReceiveMessageBytes);
    this.reader.push(buffer, start, end);
    this.held ??= new HeldBytes(stream.connection);
    this.held.set(this.reader.heldBytes + (this.request?.length ?? 0));
    stream.consume(end - start);
  }

  private run(message: Buffer): void {
    if (this.finished) return;
    try {
      this.handler(this, message);
    } catch (error) {
      this.failWith(error);
    }
  }

  private sendReply(message: Uint8Array, compressed: boolean): void {
    if (this.finished) return;
    this.stream.sendMessage(message.length === 0 ? EMPTY : message, compressed, false);
    this.sendOk();
  }
}

/** Whether the bytes are exactly one uncompressed message. */
function isWhole(buffer: Buffer, start: number, end: number): boolean {
  if (end - start < PREFIX_BYTES || buffer[start] !== 0) return false;
  return readUint32(buffer, start + 1) === end - start - PREFIX_BYTES;
}
