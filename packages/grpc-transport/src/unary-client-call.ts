import type { CallOptions, ClientCallSettings } from "./client-call.ts";
import type { Http2Connection } from "./connection/connection.ts";
import type { Http2Stream } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { compress, decompress, encodingOf } from "./grpc/compression.ts";
import type { Metadata } from "./metadata.ts";
import { ReadingClientCall } from "./reading-client-call.ts";
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

/** Client side of a unary call. */
export class UnaryClientCall extends ReadingClientCall {
  private readonly request: Uint8Array;
  private readonly callback: UnaryCallback;
  private reply: Buffer | null = null;
  private compressed = false;

  constructor(
    path: string,
    request: Uint8Array,
    options: CallOptions,
    settings: ClientCallSettings,
    callback: UnaryCallback,
  ) {
    super(path, options, settings);
    this.request = request;
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

  override onMessage(message: Buffer, compressed: boolean, owned: boolean): void {
    if (this.reply !== null) {
      throw new GrpcError(Status.INTERNAL, "Cannot read reply: a unary call has one message");
    }
    this.compressed = compressed;
    this.reply = owned ? message : Buffer.from(message);
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
