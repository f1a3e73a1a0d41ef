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
    handler(this).then(
      () => this.complete(),
      (error: unknown) => this.failWith(error),
    );
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
    const bytes = compress ? await this.packed(message) : message;
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
      this.requests.finish(error);
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
    this.requests.finish(error);
    this.gate.close(error);
  }

  private complete(): void {
    if (this.finished) return;
    this.sendResponseHeaders();
    this.sendOk();
  }

  private endedError(): GrpcError {
    const reason: unknown = this.signal.reason;
    if (reason instanceof GrpcError) return reason;
    return new GrpcError(Status.CANCELLED, "Cannot send: the call is over");
  }
}
