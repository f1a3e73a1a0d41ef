import type { CallOptions, ClientCallSettings } from "./client-call.ts";
import type { Http2Connection } from "./connection/connection.ts";
import { GrpcError } from "./grpc-error.ts";
import { ReadingClientCall } from "./reading-client-call.ts";
import { Status } from "./status.ts";

/** Is told what comes of a {@link MessageStream}. */
export interface MessageListener {
  /** An answer. The bytes are valid only during the call. */
  onMessage(message: Buffer): void;
  /** The call is over, without an error when its status is OK. Called once, last. */
  onEnd(error: GrpcError | undefined): void;
}

/** A streaming call in callback form: for exchanges of a few messages that have to be cheap. */
export interface MessageStream {
  /**
   * Sends a message that must not change afterwards. It waits, without a limit, for the connection and for window: who
   * sends much waits for answers.
   *
   * @param end no more follow
   */
  send(message: Uint8Array, end: boolean): void;
  /** Gives the call up; `onEnd` tells CANCELLED. Does nothing when it is over. */
  cancel(): void;
}

/** Implementation of {@link MessageStream}. */
export class MessageClientCall extends ReadingClientCall implements MessageStream {
  private readonly listener: MessageListener;
  /** What was sent, for another connection should the server not have acted on it. */
  private unanswered: Uint8Array[] | null = [];
  private ended = false;

  constructor(
    path: string,
    options: CallOptions,
    settings: ClientCallSettings,
    listener: MessageListener,
  ) {
    super(path, options, settings);
    this.listener = listener;
  }

  override start(connection: Http2Connection): void {
    if (!this.mayStart()) return;
    const stream = connection.openStream(this);
    this.stream = stream;
    const messages = this.unanswered ?? [];
    stream.sendHeaders(this.settings.headersOf(this), false);
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message !== undefined) {
        stream.sendMessage(message, false, this.ended && i === messages.length - 1);
      }
    }
  }

  send(message: Uint8Array, end: boolean): void {
    if (this.finished || this.ended) return;
    this.ended = end;
    this.unanswered?.push(message);
    this.stream?.sendMessage(message, false, end);
  }

  override onMessage(message: Buffer, compressed: boolean): void {
    if (this.finished) return;
    if (!compressed) return this.listener.onMessage(message);
    this.abandon(new GrpcError(Status.INTERNAL, "Cannot read reply: it is compressed"));
  }

  protected override onResponse(): void {
    this.unanswered = null;
  }

  protected override onFinished(error: GrpcError | undefined): void {
    this.unanswered = null;
    this.listener.onEnd(error);
  }
}
