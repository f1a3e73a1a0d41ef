import { BaseClientCall, type CallOptions } from "./client-call.ts";
import type { Http2Connection } from "./connection/connection.ts";
import type { Http2Stream } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { compress, decompress, encodingOf } from "./grpc/compression.ts";
import { MessageReader, type MessageSink } from "./grpc/message-reader.ts";
import type { Metadata } from "./metadata.ts";
import { Status } from "./status.ts";

/** The answer to a unary call. */
export interface UnaryReply {
  message: Uint8Array;
  /** Response metadata. */
  headers: Metadata;
  /** Trailing metadata. */
  trailers: Metadata;
}

/** Receives the outcome: an error, or the reply. */
export type UnaryCallback = (error: GrpcError | undefined, reply: UnaryReply | undefined) => void;

/** What a call needs of its client. */
export interface UnaryClientSettings {
  readonly maxReceiveMessageBytes: number;
  headersOf(call: BaseClientCall): Parameters<Http2Stream["sendHeaders"]>[0];
  /** Starts the call again when another connection is ready. */
  restart(call: BaseClientCall): void;
}

/** How often a call that no server acted on is sent again. */
export const MAX_RETRIES = 5;

/** Client side of a unary call. */
export class UnaryClientCall extends BaseClientCall implements MessageSink {
  private readonly request: Uint8Array;
  private readonly settings: UnaryClientSettings;
  private readonly callback: UnaryCallback;
  private reader: MessageReader | null = null;
  private reply: Buffer | null = null;
  private compressed = false;
  private retries = 0;

  constructor(
    path: string,
    request: Uint8Array,
    options: CallOptions,
    settings: UnaryClientSettings,
    callback: UnaryCallback,
  ) {
    super(path, options);
    this.request = request;
    this.settings = settings;
    this.callback = callback;
  }

  override start(connection: Http2Connection): void {
    if (!this.mayStart()) return;
    const stream = connection.openStream(this);
    this.stream = stream;
    stream.sendHeaders(this.settings.headersOf(this), false);
    if (!this.options.compress) {
      stream.sendMessage(this.request, false, true);
      return;
    }
    compress(this.request).then(
      (bytes) => stream.sendMessage(bytes, true, true),
      () => this.abandon(new GrpcError(Status.INTERNAL, "Cannot compress the request")),
    );
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
      this.abandon(asGrpcError(error));
    }
    if (endStream) this.endWithoutStatus();
  }

  onMessage(message: Buffer, compressed: boolean, owned: boolean): void {
    if (this.reply !== null) {
      throw new GrpcError(Status.INTERNAL, "Cannot read reply: a unary call has one message");
    }
    this.compressed = compressed;
    this.reply = owned ? message : Buffer.from(message);
  }

  protected override retry(): boolean {
    if (++this.retries > MAX_RETRIES) return false;
    this.settings.restart(this);
    return true;
  }

  protected override end(stream: Http2Stream, error: GrpcError | undefined): void {
    const { reply } = this;
    if (error !== undefined || reply === null || !this.compressed) return super.end(stream, error);
    const name = this.responseFields.find((field) => field.name === "grpc-encoding")?.value;
    const encoding = encodingOf(name) ?? "identity";
    decompress(reply, encoding, this.settings.maxReceiveMessageBytes).then(
      (message) => {
        this.reply = message;
        super.end(stream, undefined);
      },
      (fault: unknown) => this.abandon(asGrpcError(fault)),
    );
  }

  protected override onFinished(error: GrpcError | undefined): void {
    if (error !== undefined) return this.callback(error, undefined);
    if (this.reply === null) {
      const text = "Server ended the call without a whole reply";
      return this.callback(new GrpcError(Status.INTERNAL, text), undefined);
    }
    const { headers, trailers } = this;
    this.callback(undefined, { message: this.reply, headers, trailers });
  }
}

/** Anything thrown while a reply is read, as an error of the call. */
export function asGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  return new GrpcError(Status.INTERNAL, "internal error", { cause: error });
}
