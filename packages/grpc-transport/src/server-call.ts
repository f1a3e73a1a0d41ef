import type { Head } from "./connection/head.ts";
import { countPendingCalls } from "./connection/flush.ts";
import type { Http2Stream, ResetCauseCode, StreamSink } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { compress, encodingOf, type Encoding } from "./grpc/compression.ts";
import {
  acceptEncodingField,
  contentTypeField,
  errorTrailers,
  fieldsOf,
  grpcStatusField,
  metadataOf,
  okTrailers,
  responseHeaders,
  statusOkField,
} from "./grpc/fields.ts";
import { parseTimeout } from "./grpc/timeout.ts";
import { HeaderField } from "./hpack/field.ts";
import type { HeaderList } from "./hpack/header-list.ts";
import { Metadata } from "./metadata.ts";
import { Status } from "./status.ts";

const gzipField = new HeaderField("grpc-encoding", "gzip");

/** What a handler knows of its call, unary or streaming. */
export interface ServerCall {
  /** `":path"`, e.g. `"/pkg.Service/Method"`. */
  readonly path: string;
  /** Request metadata. */
  readonly metadata: Metadata;
  /** When the caller stops waiting, ms since the epoch; undefined without a deadline. */
  readonly deadlineMs: number | undefined;
  /** Aborted with a {@link GrpcError} when the caller cancels (CANCELLED) or its deadline passes. */
  readonly signal: AbortSignal;
  /**
   * Calls back once when {@link signal} would be aborted, and costs less than it. At most one listener; at once when the
   * caller is gone already.
   */
  onCancel(listener: () => void): void;
  /** Address of the peer, `"unix"` on a unix socket. */
  readonly peer: string;
  /** The caller is gone; whatever is sent is dropped. */
  readonly cancelled: boolean;
  /** Whether messages are sent compressed with gzip if the caller accepts it. @default false */
  compress: boolean;
  /** First value of one request header; cheaper than {@link metadata} for who wants nothing else. */
  header(name: string): string | undefined;
  /** Sets response metadata; before the first message. */
  setHeader(name: string, value: string | Uint8Array): void;
  /** Sets trailing metadata. */
  setTrailer(name: string, value: string | Uint8Array): void;
}

/** Settings of a server that its calls need. */
export interface CallSettings {
  readonly maxReceiveMessageBytes: number;
  readonly onError: (error: unknown, path: string) => void;
}

/** The common half of all calls on a server: metadata, deadline, cancellation and the end. */
export abstract class BaseServerCall implements ServerCall, StreamSink {
  readonly path: string;
  compress = false;
  cancelled = false;
  protected readonly stream: Http2Stream;
  protected readonly head: Head;
  protected readonly settings: CallSettings;
  protected finished = false;
  /** Why the call was aborted. */
  protected abortReason: GrpcError | null = null;
  private headersSent = false;
  private namesEncodings = false;
  private headers: Metadata | null = null;
  private trailers: Metadata | null = null;
  private requestMetadata: Metadata | null = null;
  private controller: AbortController | null = null;
  private cancelListener: (() => void) | null = null;
  private deadline: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(stream: Http2Stream, head: Head, settings: CallSettings) {
    this.stream = stream;
    this.head = head;
    this.path = head.path;
    this.settings = settings;
    if (head.timeout !== "") this.startDeadline(head.timeout);
    countPendingCalls(1);
  }

  get metadata(): Metadata {
    return (this.requestMetadata ??= metadataOf(this.head.list.fields));
  }

  get deadlineMs(): number | undefined {
    return this.deadline;
  }

  get peer(): string {
    return this.stream.connection.peerName;
  }

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.cancelled) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  onCancel(listener: () => void): void {
    if (this.cancelled) listener();
    else this.cancelListener = listener;
  }

  header(name: string): string | undefined {
    for (const field of this.head.list.fields) if (field.name === name) return field.value;
    return undefined;
  }

  setHeader(name: string, value: string | Uint8Array): void {
    (this.headers ??= new Metadata()).append(name, value);
  }

  setTrailer(name: string, value: string | Uint8Array): void {
    (this.trailers ??= new Metadata()).append(name, value);
  }

  /** Ends the call with an error; later answers are dropped. */
  fail(error: GrpcError): void {
    if (this.finished || !this.finish()) return;
    const trailers = errorTrailers(error, this.trailers);
    if (this.headersSent) return this.stream.sendTrailers(trailers);
    const fields = [statusOkField, contentTypeField, ...fieldsOf(this.headers), ...trailers];
    if (this.namesEncodings) fields.push(acceptEncodingField);
    this.stream.sendHeaders(fields, true);
  }

  abstract onData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void;

  onHeaders(_stream: Http2Stream, _list: HeaderList, endStream: boolean): void {
    // Trailers of a request: they carry nothing in gRPC but may end the stream.
    if (endStream) this.onRequestEnd();
  }

  onSent(_stream: Http2Stream, _bytes: number): void {}

  onReset(_stream: Http2Stream, _code: number, _cause: ResetCauseCode): void {
    if (this.finish()) this.abort(cancelledError());
  }

  /** The caller has sent everything. */
  protected abstract onRequestEnd(): void;

  /** Called once when nothing more will be received or sent. */
  protected onOver(): void {}

  /** Called once when the call was aborted. */
  protected onFinished(_error: GrpcError | undefined): void {}

  /** Encoding of the caller's messages; undefined (and the call failed) when we do not know it. */
  protected requestEncoding(): Encoding | undefined {
    const name = this.header("grpc-encoding");
    const encoding = encodingOf(name);
    if (encoding === undefined) {
      const message = `Message encoding "${name}" is not supported: use identity or gzip`;
      this.namesEncodings = true;
      this.fail(new GrpcError(Status.UNIMPLEMENTED, message));
    }
    return encoding;
  }

  protected sendResponseHeaders(): void {
    if (this.headersSent) return;
    this.headersSent = true;
    countPendingCalls(-1);
    this.compress &&= (this.header("grpc-accept-encoding") ?? "").includes("gzip");
    if (this.headers === null && !this.compress) {
      return this.stream.sendHeaders(responseHeaders, false);
    }
    const fields = [statusOkField, contentTypeField, ...fieldsOf(this.headers)];
    if (this.compress) fields.push(gzipField);
    this.stream.sendHeaders(fields, false);
  }

  protected sendOk(): void {
    this.finish();
    if (this.trailers === null) return this.stream.sendTrailers(okTrailers);
    this.stream.sendTrailers([grpcStatusField(0), ...fieldsOf(this.trailers)]);
  }

  protected async packed(message: Uint8Array): Promise<Uint8Array> {
    return this.compress ? compress(message) : message;
  }

  /** Ends the call with the status that belongs to an error that was thrown. */
  protected failWith(error: unknown): void {
    if (error instanceof GrpcError) return this.fail(error);
    this.settings.onError(error, this.path);
    this.fail(new GrpcError(Status.INTERNAL, "internal error"));
  }

  private finish(): boolean {
    if (this.finished) return false;
    this.finished = true;
    if (!this.headersSent) countPendingCalls(-1);
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.onOver();
    return true;
  }

  private abort(reason: GrpcError): void {
    this.cancelled = true;
    this.abortReason = reason;
    this.controller?.abort(reason);
    this.cancelListener?.();
    this.onFinished(reason);
  }

  private startDeadline(value: string): void {
    const timeoutMs = parseTimeout(value);
    if (Number.isNaN(timeoutMs)) return; // a malformed value is no deadline, as in other servers
    this.deadline = Date.now() + timeoutMs;
    this.timer = setTimeout(expire, Math.min(timeoutMs, 0x7fff_ffff), this);
  }

  /** The deadline has passed. */
  expire(): void {
    const error = new GrpcError(Status.DEADLINE_EXCEEDED, "Deadline exceeded");
    this.fail(error);
    this.abort(error);
  }
}

function expire(call: BaseServerCall): void {
  call.expire();
}

function cancelledError(): GrpcError {
  return new GrpcError(Status.CANCELLED, "The caller cancelled the call");
}
