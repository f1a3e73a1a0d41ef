import type { Head } from "./connection/head.ts";
import type { Http2Stream, ResetCauseCode } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { MessageQueue } from "./grpc/message-queue.ts";
import { SendGate } from "./grpc/send-gate.ts";
import { BaseServerCall, type CallSettings, type ServerCall } from "./server-call.ts";
import { Status } from "./status.ts";

/** A call in which either side, or both, send any number of messages. Iterate it for the requests. */
export interface StreamCall extends ServerCall, AsyncIterable<Uint8Array> {
  /**
   * Sends a message; resolves when there is room for the next one.
   *
   * @throws {GrpcError} CANCELLED or DEADLINE_EXCEEDED when the call is over
   */
  send(message: Uint8Array): Promise<void>;
  /** Sends response metadata now, instead of with the first message. */
  sendHeaders(): void;
}

/**
 * Handles a streaming call: resolving ends it with OK, a {@link GrpcError} with that status, anything else
 * with INTERNAL.
 */
export type StreamHandler = (call: StreamCall) => Promise<void>;

/** Server side of a streaming call. */
export class StreamServerCall extends BaseServerCall implements StreamCall {
  private readonly requests: MessageQueue;
  private readonly gate: SendGate;
  private packing: Promise<Uint8Array> | null = null;

  constructor(stream: Http2Stream, head: Head, settings: CallSettings) {
    super(stream, head, settings);
    this.requests = new MessageQueue(settings.maxReceiveMessageBytes, () => {});
    this.gate = new SendGate(stream);
  }

  /** Starts the handler; separate from the constructor so that the stream has its sink by then. */
  start(handler: StreamHandler, endStream: boolean): void {
    const encoding = this.requestEncoding();
    if (encoding === undefined) return;
    this.requests.attach(this.stream, encoding);
    if (endStream) this.requests.finish();
    void this.run(handler);
  }

  private async run(handler: StreamHandler): Promise<void> {
    try {
      await handler(this);
      this.complete();
    } catch (error) {
      this.failWith(error);
    }
    this.requests.dispose();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.requests;
  }

  sendHeaders(): void {
    if (!this.finished) this.sendResponseHeaders();
  }

  async send(message: Uint8Array): Promise<void> {
    if (this.finished) throw this.endedError();
    this.sendResponseHeaders();
    const { compress } = this;
    const bytes = compress ? await this.inOrder(message) : message;
    if (this.finished) throw this.endedError();
    this.stream.sendMessage(bytes, compress, false);
    await this.gate.opened();
  }

  override onData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (this.finished) return stream.consume(end - start);
    try {
      this.requests.push(stream, buffer, start, end);
    } catch (error) {
      this.requests.dispose(error);
      return this.failWith(error);
    }
    if (endStream) this.requests.finish();
  }

  override onSent(): void {
    this.gate.onSent();
  }

  override onReset(stream: Http2Stream, code: number, cause: ResetCauseCode): void {
    super.onReset(stream, code, cause);
    this.gate.close(this.endedError());
  }

  protected override onRequestEnd(): void {
    this.requests.finish();
  }

  protected override onFinished(error: GrpcError): void {
    this.requests.dispose(error);
    this.gate.close(error);
  }

  /** Compresses in the order of sending, whoever is faster. */
  private inOrder(message: Uint8Array): Promise<Uint8Array> {
    const before = this.packing;
    const packed = this.packed(message);
    this.packing =
      before === null
        ? packed
        : before.then(
            () => packed,
            () => packed,
          );
    return this.packing;
  }

  private complete(): void {
    if (this.finished) return;
    this.sendResponseHeaders();
    this.sendOk();
  }

  private endedError(): GrpcError {
    return this.abortReason ?? new GrpcError(Status.CANCELLED, "Cannot send: the call is over");
  }
}
