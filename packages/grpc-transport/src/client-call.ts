import { countPendingCalls } from "./connection/flush.ts";
import type { Http2Connection } from "./connection/connection.ts";
import { HeadKind, headOf } from "./connection/head.ts";
import {
  ResetCause,
  type Http2Stream,
  type ResetCauseCode,
  type StreamSink,
} from "./connection/stream.ts";
import { ErrorCode, errorName } from "./frame/constants.ts";
import { GrpcError } from "./grpc-error.ts";
import { codeOfHttpStatus, codeOfReset, parseStatus } from "./grpc/code-mapping.ts";
import { metadataOf } from "./grpc/fields.ts";
import { percentDecode } from "./grpc/percent.ts";
import type { HeaderField } from "./hpack/field.ts";
import type { HeaderList } from "./hpack/header-list.ts";
import type { Metadata } from "./metadata.ts";
import { Status } from "./status.ts";

/** Options of one call. */
export interface CallOptions {
  /** Request metadata. */
  metadata?: Metadata;
  /** When to give up, ms since the epoch. */
  deadlineMs?: number;
  /** How long to wait, ms; the earlier of the two holds. */
  timeoutMs?: number;
  /** Cancels the call when aborted. */
  signal?: AbortSignal;
  /** Wait for a connection instead of failing while the server cannot be reached. @default false */
  waitForReady?: boolean;
  /** Compress messages with gzip. @default false */
  compress?: boolean;
}

/** What a call needs of its client. */
export interface ClientCallSettings {
  readonly maxReceiveMessageBytes: number;
  headersOf(call: BaseClientCall): Parameters<Http2Stream["sendHeaders"]>[0];
  /** Starts the call again when another connection is ready. */
  restart(call: BaseClientCall): void;
}

/** The earlier of deadline and timeout, ms since the epoch; undefined without either. */
function deadlineOf(options: CallOptions): number | undefined {
  const { deadlineMs, timeoutMs } = options;
  if (timeoutMs === undefined) return deadlineMs;
  return Math.min(Date.now() + timeoutMs, deadlineMs ?? Number.POSITIVE_INFINITY);
}

/** What all calls of a client have in common: headers, trailers, status, end. */
export abstract class BaseClientCall implements StreamSink {
  readonly path: string;
  readonly options: CallOptions;
  /** Absolute deadline, ms since the epoch. */
  readonly deadlineMs: number | undefined;
  /** The call is over. */
  finished = false;
  protected stream: Http2Stream | null = null;
  protected responseFields: readonly HeaderField[] = [];
  protected trailerFields: readonly HeaderField[] = [];
  private answered = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly onAbort: (() => void) | undefined;

  constructor(path: string, options: CallOptions) {
    this.path = path;
    this.options = options;
    this.deadlineMs = deadlineOf(options);
    countPendingCalls(1);
    if (options.signal) {
      this.onAbort = (): void => this.cancel();
      options.signal.addEventListener("abort", this.onAbort, { once: true });
    }
    if (this.deadlineMs !== undefined) this.startTimer(this.deadlineMs);
  }

  /** Sends the request on a connection; called when one is ready. */
  abstract start(connection: Http2Connection): void;

  /** Gives the call up: the server is told, the caller gets CANCELLED. */
  cancel(): void {
    const reason: unknown = this.options.signal?.reason;
    this.abandon(
      reason instanceof GrpcError ? reason : new GrpcError(Status.CANCELLED, "Call cancelled"),
    );
  }

  /** Ends the call with an error, whatever state it is in. */
  abandon(error: GrpcError): void {
    if (this.finished) return;
    this.stream?.reset(ErrorCode.CANCEL);
    this.finish(error);
  }

  abstract onData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void;

  onSent(_stream: Http2Stream, _bytes: number): void {}

  onHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    if (this.finished) return;
    const first = !this.answered;
    this.noteAnswered();
    if (list.oversize) {
      return this.abandon(
        new GrpcError(Status.RESOURCE_EXHAUSTED, "Received metadata larger than max"),
      );
    }
    if (endStream) {
      this.trailerFields = list.fields;
      const error = first ? this.trailersOnlyStatus(list) : statusOf(list.fields);
      this.end(stream, error);
      return;
    }
    this.responseFields = list.fields;
    const fault = responseFault(list);
    if (fault !== undefined) return this.abandon(fault);
    this.onResponse(stream, list);
  }

  onReset(_stream: Http2Stream, code: number, cause: ResetCauseCode): void {
    if (this.finished) return;
    if (cause === ResetCause.UNPROCESSED && !this.answered && this.retry()) return;
    this.finish(resetError(code, cause));
  }

  /** Response headers are there and messages may follow. */
  protected onResponse(_stream: Http2Stream, _list: HeaderList): void {}

  /** Starts over on another connection if the call allows it; says whether it did. */
  protected retry(): boolean {
    return false;
  }

  /** The server ended the call with this status. */
  protected end(stream: Http2Stream, error: GrpcError | undefined): void {
    // What is not sent yet interests nobody any more.
    if (!stream.localClosed || stream.queuedBytes > 0) stream.reset(ErrorCode.CANCEL);
    this.finish(error);
  }

  /** The server ended the stream after a message, without trailers. */
  protected endWithoutStatus(): void {
    this.finish(new GrpcError(Status.INTERNAL, "Server ended the call without a status"));
  }

  /** Whether the call can be sent: a deadline that has passed is not. */
  protected mayStart(): boolean {
    if (!this.finished && this.deadlineMs !== undefined && this.deadlineMs <= Date.now()) {
      expire(this);
    }
    return !this.finished;
  }

  /** Called once with the outcome. */
  protected abstract onFinished(error: GrpcError | undefined): void;

  protected finish(error: GrpcError | undefined): void {
    if (this.finished) return;
    this.finished = true;
    this.noteAnswered();
    if (this.timer !== undefined) clearTimeout(this.timer);
    if (this.onAbort) this.options.signal?.removeEventListener("abort", this.onAbort);
    this.onFinished(error);
  }

  protected get headers(): Metadata {
    return metadataOf(this.responseFields);
  }

  protected get trailers(): Metadata {
    return metadataOf(this.trailerFields);
  }

  private trailersOnlyStatus(list: HeaderList): GrpcError | undefined {
    const hasStatus = list.fields.some((field) => field.name === "grpc-status");
    if (hasStatus) return statusOf(list.fields);
    return responseFault(list) ?? statusOf(list.fields);
  }

  private noteAnswered(): void {
    if (this.answered) return;
    this.answered = true;
    countPendingCalls(-1);
  }

  private startTimer(deadlineMs: number): void {
    const left = Math.min(Math.max(0, deadlineMs - Date.now()), 0x7fff_ffff);
    this.timer = setTimeout(expire, left, this);
  }
}

function expire(call: BaseClientCall): void {
  call.abandon(new GrpcError(Status.DEADLINE_EXCEEDED, "Deadline exceeded"));
}

/** The outcome in trailers: undefined for OK. */
function statusOf(fields: readonly HeaderField[]): GrpcError | undefined {
  let code: string | undefined;
  let message = "";
  let details: Uint8Array | undefined;
  for (const { name, value } of fields) {
    if (name === "grpc-status") code = value;
    else if (name === "grpc-message") message = percentDecode(value);
    else if (name === "grpc-status-details-bin") details = Buffer.from(value, "base64");
  }
  if (code === "0") return undefined;
  const metadata = metadataOf(fields);
  if (code === undefined)
    return new GrpcError(Status.UNKNOWN, "Server sent no status", { metadata });
  return new GrpcError(parseStatus(code), message, {
    metadata,
    ...(details === undefined ? {} : { statusDetails: details }),
  });
}

/** Why response headers are none of gRPC; undefined when they are. */
function responseFault(list: HeaderList): GrpcError | undefined {
  const head = headOf(list, HeadKind.RESPONSE);
  if (head.status !== 200) {
    const text = `Server answered with HTTP status ${head.status}`;
    return new GrpcError(codeOfHttpStatus(head.status), text);
  }
  if (head.contentType.startsWith("application/grpc")) return undefined;
  const text = `Server answered with content-type "${head.contentType}"`;
  return new GrpcError(Status.UNKNOWN, text);
}

function resetError(code: number, cause: ResetCauseCode): GrpcError {
  if (cause === ResetCause.LOST) {
    return new GrpcError(Status.UNAVAILABLE, "Connection lost before the call ended");
  }
  if (cause === ResetCause.UNPROCESSED) {
    return new GrpcError(Status.UNAVAILABLE, "Server refused the call before it began");
  }
  if (cause === ResetCause.LOCAL) {
    return new GrpcError(Status.INTERNAL, `Server broke the protocol: ${errorName(code)}`);
  }
  return new GrpcError(codeOfReset(code), `Server reset the call: ${errorName(code)}`);
}
