import { BaseClientCall, type CallOptions, type ClientCallSettings } from "./client-call.ts";
import type { Http2Stream } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { MessageReader, type MessageSink } from "./grpc/message-reader.ts";

/** How often a call that no server acted on is sent again. */
const MAX_RETRIES = 5;

/** A call in callback form: its messages are read as they come, and it is sent again while no server has acted on it. */
export abstract class ReadingClientCall extends BaseClientCall implements MessageSink {
  protected readonly settings: ClientCallSettings;
  private reader: MessageReader | null = null;
  private retries = 0;

  constructor(path: string, options: CallOptions, settings: ClientCallSettings) {
    super(path, options);
    this.settings = settings;
  }

  override onData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    stream.consume(end - start);
    if (this.finished) return;
    try {
      this.reader ??= new MessageReader(this, this.settings.maxReceiveMessageBytes);
      this.reader.push(buffer, start, end);
    } catch (error) {
      // What else is thrown is a fault of who listens, and is told by the connection.
      if (!(error instanceof GrpcError)) throw error;
      this.abandon(error);
    }
    if (endStream) this.endWithoutStatus();
  }

  abstract onMessage(message: Buffer, compressed: boolean, owned: boolean): void;

  protected override retry(): boolean {
    if (++this.retries > MAX_RETRIES) return false;
    this.stream = null;
    this.settings.restart(this);
    return true;
  }
}
