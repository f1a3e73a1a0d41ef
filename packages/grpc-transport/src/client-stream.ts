import { BaseClientCall, type CallOptions, type ClientCallSettings } from "./client-call.ts";
import type { Http2Connection } from "./connection/connection.ts";
import type { Http2Stream } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { compress, encodingOf } from "./grpc/compression.ts";
import { MessageQueue } from "./grpc/message-queue.ts";
import { SendGate } from "./grpc/send-gate.ts";
import type { HeaderList } from "./hpack/header-list.ts";
import type { Metadata } from "./metadata.ts";
import { Status } from "./status.ts";
import { asGrpcError } from "./unary-client-call.ts";

/** Client side of a streaming call of any kind. Iterate it for the answers. */
export interface ClientStream extends AsyncIterable<Uint8Array> {
  /** Sends a message; resolves when there is room for the next one, rejects when the call is over. */
  send(message: Uint8Array): Promise<void>;
  /** Says that no more messages follow. */
  halfClose(): void;
  /** Gives the call up. */
  cancel(): void;
  /** Response metadata; rejects when the call fails before it arrives. */
  readonly headers: Promise<Metadata>;
  /** Trailing metadata; rejects with the status when that is not OK. */
  readonly trailers: Promise<Metadata>;
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

/** Implementation of {@link ClientStream}. */
export class StreamClientCall extends BaseClientCall {
  private readonly settings: ClientCallSettings;
  private readonly replies: MessageQueue;
  private readonly headersArrived = deferred<Metadata>();
  private readonly trailersArrived = deferred<Metadata>();
  private readonly started = deferred<Http2Stream>();
  private gate: SendGate | null = null;
  /** The status with which the call ended, unless that was OK. */
  private outcome: GrpcError | undefined;
  private packing: Promise<Uint8Array> | null = null;

  constructor(path: string, options: CallOptions, settings: ClientCallSettings) {
    super(path, options);
    this.settings = settings;
    this.replies = new MessageQueue(settings.maxReceiveMessageBytes, () => this.cancel());
  }

  /** The public face. */
  face(): ClientStream {
    return {
      send: (message) => this.send(message),
      halfClose: () => this.halfClose(),
      cancel: () => this.cancel(),
      headers: this.headersArrived.promise,
      trailers: this.trailersArrived.promise,
      [Symbol.asyncIterator]: () => this.replies,
    };
  }

  override start(connection: Http2Connection): void {
    if (!this.mayStart()) return;
    const stream = connection.openStream(this);
    this.stream = stream;
    this.gate = new SendGate(stream);
    stream.sendHeaders(this.settings.headersOf(this), false);
    this.started.resolve(stream);
  }

  override onSent(): void {
    this.gate?.onSent();
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
      this.replies.push(stream, buffer, start, end);
    } catch (error) {
      this.abandon(asGrpcError(error));
    }
    if (endStream) this.endWithoutStatus();
  }

  protected override onResponse(stream: Http2Stream, list: HeaderList): void {
    const name = list.fields.find((field) => field.name === "grpc-encoding")?.value;
    const encoding = encodingOf(name);
    if (encoding === undefined) {
      const text = `Server compresses with "${name}": only identity and gzip are known`;
      return this.abandon(new GrpcError(Status.INTERNAL, text));
    }
    this.replies.attach(stream, encoding);
    this.headersArrived.resolve(this.headers);
  }

  protected override onFinished(error: GrpcError | undefined): void {
    this.outcome = error;
    const reason = error ?? overError();
    this.started.reject(reason);
    this.gate?.close(reason);
    this.replies.finish(error);
    if (error === undefined) {
      this.headersArrived.resolve(this.headers);
      this.trailersArrived.resolve(this.trailers);
    } else {
      this.headersArrived.reject(error);
      this.trailersArrived.reject(error);
    }
  }

  private async send(message: Uint8Array): Promise<void> {
    const stream = this.stream ?? (await this.started.promise);
    const packed = this.options.compress === true;
    const bytes = packed ? await this.pack(message) : message;
    if (this.finished) throw this.outcome ?? overError();
    stream.sendMessage(bytes, packed, false);
    await this.gate?.opened();
  }

  /** Compresses in the order of sending, whoever is faster. */
  private pack(message: Uint8Array): Promise<Uint8Array> {
    const before = this.packing;
    const packed = compress(message);
    this.packing =
      before === null
        ? packed
        : before.then(
            () => packed,
            () => packed,
          );
    return this.packing;
  }

  private halfClose(): void {
    // What was to be sent before the start, or is being compressed, goes first.
    if (this.stream === null) this.started.promise.then(() => this.halfClose(), ignore);
    else if (this.packing === null) this.endRequest();
    else this.packing.then(() => this.endRequest(), ignore);
  }

  private endRequest(): void {
    this.stream?.sendData(NO_DATA, 0, 0, true, true);
  }
}

const NO_DATA = Buffer.alloc(0);

function overError(): GrpcError {
  return new GrpcError(Status.CANCELLED, "Cannot send: the call is over");
}

function ignore(): void {}

/** A promise with its ends outside; a rejection that nobody looks at is no fault. */
function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = ignore;
  let reject: (error: unknown) => void = ignore;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(ignore);
  return { promise, resolve, reject };
}
