import type { Http2Connection } from "./connection/connection.ts";
import { countPendingCalls } from "./connection/flush.ts";
import { HeadKind, headOf, type Head } from "./connection/head.ts";
import {
  ResetCause,
  type Headers,
  type Http2Stream,
  type ResetCauseCode,
  type StreamSink,
} from "./connection/stream.ts";
import { ErrorCode } from "./frame/constants.ts";
import { GrpcError } from "./grpc-error.ts";
import { codeOfReset, parseStatus } from "./grpc/code-mapping.ts";
import { contentTypeField, errorTrailers, statusOkField } from "./grpc/fields.ts";
import { HeldBytes } from "./grpc/held-bytes.ts";
import type { HeaderList } from "./hpack/header-list.ts";
import { HeaderTemplate } from "./hpack/header-template.ts";
import { Status, type StatusCode } from "./status.ts";

/** A header list that is passed on as it is, with what is known of it. */
class PassedOn {
  readonly template: HeaderTemplate;
  /** `grpc-status`, -1 without one. */
  readonly code: number;

  constructor(list: HeaderList) {
    this.template = new HeaderTemplate(list.fields);
    const status = list.fields.find((field) => field.name === "grpc-status");
    this.code = status === undefined ? -1 : parseStatus(status.value);
  }
}

/** How much of its request a forwarded call may hold. */
export interface ForwardLimits {
  /** Bytes kept to send the call again when the upstream provably did not act on it. */
  readonly replayBytes: number;
  /** Bytes of the first message that is read for routing. */
  readonly maxFirstMessageBytes: number;
}

/**
 * A call that is passed on, stream to stream: frames, metadata, trailers, cancellation and flow control of
 * both sides; payload bytes are never looked at, apart from the first message where routing needs it.
 *
 * It is the sink of the caller's stream; {@link UpstreamLeg} is that of the upstream's.
 *
 * States: gathering (routing waits for the first message) → waiting (for a connection) → sent → answered →
 * ended. An upstream that provably did not act brings it from sent back to waiting.
 */
export abstract class ForwardedCall implements StreamSink {
  /** Request headers. */
  readonly head: Head;
  /** Bytes of request messages, framing included. */
  bytesIn = 0;
  /** Bytes of response messages, framing included. */
  bytesOut = 0;
  /** The call is over. */
  ended = false;
  protected readonly caller: Http2Stream;
  private readonly limits: ForwardLimits;
  private leg: Http2Stream | null = null;
  /** The request so far: to be sent, or to be sent again. Null once too long, or answered. */
  private request: Buffer[] | null = [];
  private requestBytes = 0;
  private requestEnded: boolean;
  private held: HeldBytes | null = null;
  private gathering = false;
  private unconsumed = 0;
  private answered = false;

  constructor(caller: Http2Stream, head: Head, endStream: boolean, limits: ForwardLimits) {
    this.caller = caller;
    this.head = head;
    this.requestEnded = endStream;
    this.limits = limits;
    countPendingCalls(1);
  }

  /** Address of the caller. */
  get peer(): string {
    return this.caller.connection.peerName;
  }

  /** Asks for the first message before a connection is chosen; {@link onFirstMessage} follows. */
  gatherFirstMessage(): void {
    this.gathering = true;
    this.checkFirstMessage();
  }

  /** Sends the call, from its beginning, on a connection that is `available`. */
  send(connection: Http2Connection, headers: Headers): void {
    if (this.ended) return;
    const stream = connection.openStream(new UpstreamLeg(this));
    this.leg = stream;
    const parts = this.request ?? [];
    stream.sendHeaders(headers, this.requestEnded && parts.length === 0);
    parts.forEach((part, i) => {
      const last = this.requestEnded && i === parts.length - 1;
      const queued = stream.sendData(part, 0, part.length, last, true);
      this.giveBack(part.length - queued);
    });
    this.held?.set(0);
    if (this.requestBytes > this.limits.replayBytes) this.request = null;
  }

  /** Ends the call with an error of the gateway's own. */
  fail(error: GrpcError): void {
    if (this.ended) return;
    const trailers = errorTrailers(error, null);
    if (this.answered) this.caller.sendTrailers(trailers);
    else this.caller.sendHeaders([statusOkField, contentTypeField, ...trailers], true);
    this.end(error.code);
  }

  onHeaders(_stream: Http2Stream, _list: HeaderList, endStream: boolean): void {
    // Trailers of a request carry nothing in gRPC; they may end it.
    if (endStream) this.onData(this.caller, NO_DATA, 0, 0, true);
  }

  onData(
    caller: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    const length = end - start;
    if (this.ended) return caller.consume(length);
    this.bytesIn += length;
    this.unconsumed += length;
    this.requestEnded = endStream;
    this.keep(buffer, start, end);
    if (this.leg !== null) {
      this.giveBack(length - this.leg.sendData(buffer, start, end, endStream, false));
    } else if (this.gathering) {
      this.gather(length);
    }
  }

  onSent(_caller: Http2Stream, bytes: number): void {
    this.leg?.consume(bytes);
  }

  onReset(_caller: Http2Stream, _code: number, _cause: ResetCauseCode): void {
    this.end(Status.CANCELLED);
  }

  /** Called by the upstream's leg. */
  onUpstreamHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    if (this.ended || stream !== this.leg) return;
    const head = headOf(list, this.answered ? HeadKind.TRAILERS : HeadKind.RESPONSE);
    const passedOn = (head.derived ??= new PassedOn(list)) as PassedOn; // only we set it
    if (this.answered && endStream) this.caller.sendTrailers(passedOn.template);
    else this.caller.sendHeaders(passedOn.template, endStream);
    this.noteAnswered();
    if (endStream) this.end(passedOn.code < 0 ? Status.UNKNOWN : (passedOn.code as StatusCode));
  }

  /** Called by the upstream's leg. */
  onUpstreamData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    const length = end - start;
    if (this.ended || stream !== this.leg) return stream.consume(length);
    this.bytesOut += length;
    const queued = this.caller.sendData(buffer, start, end, endStream, false);
    if (length > queued) stream.consume(length - queued);
    if (endStream) this.end(Status.UNKNOWN);
  }

  /** Called by the upstream's leg: queued request bytes have left. */
  onUpstreamSent(bytes: number): void {
    this.giveBack(bytes);
  }

  /** Called by the upstream's leg. */
  onUpstreamReset(stream: Http2Stream, code: number, cause: ResetCauseCode): void {
    if (this.ended || stream !== this.leg) return;
    this.leg = null;
    if (cause === ResetCause.UNPROCESSED && !this.answered) {
      if (this.request === null) return this.onReplayLimit();
      return this.onUnprocessed();
    }
    if (cause === ResetCause.LOST) return this.onLost();
    const text = `The sidecar reset the call (HTTP/2 error ${code})`;
    this.fail(new GrpcError(codeOfReset(code), text));
  }

  /** The first message is there, as far as the prefix says; `message` is valid during the call. */
  protected abstract onFirstMessage(message: Buffer, compressed: boolean): void;

  /** The upstream provably did not act on the call: `send` it on another connection, or `fail` it. */
  protected abstract onUnprocessed(): void;

  /** The same, but the request is longer than what is kept. To `fail` the call. */
  protected abstract onReplayLimit(): void;

  /** The connection to the upstream was lost during the call. To `fail` the call. */
  protected abstract onLost(): void;

  /** The call is over; called once. */
  protected abstract onEnded(code: StatusCode): void;

  private end(code: StatusCode): void {
    if (this.ended) return;
    this.ended = true;
    this.noteAnswered();
    this.held?.set(0);
    const upstream = this.leg;
    // Both sides at their end is no reason for RST_STREAM: the stream closes when its sink returns.
    if (upstream !== null && !(upstream.localClosed && upstream.remoteClosed)) {
      upstream.reset(upstream.remoteClosed ? ErrorCode.NO_ERROR : ErrorCode.CANCEL);
    }
    this.onEnded(code);
  }

  private noteAnswered(): void {
    if (this.answered) return;
    this.answered = true;
    this.request = null;
    countPendingCalls(-1);
  }

  private keep(buffer: Buffer, start: number, end: number): void {
    if (this.request === null) return;
    this.requestBytes += end - start;
    if (this.leg !== null && this.requestBytes > this.limits.replayBytes) {
      this.request = null;
      return;
    }
    this.request.push(Buffer.from(buffer.subarray(start, end)));
  }

  /** Returns window to the caller, never more than it used. */
  private giveBack(bytes: number): void {
    const due = Math.min(bytes, this.unconsumed);
    if (due <= 0) return;
    this.unconsumed -= due;
    this.caller.consume(due);
  }

  /** While the first message is gathered, bytes are returned at once and accounted for instead. */
  private gather(bytes: number): void {
    try {
      this.held ??= new HeldBytes(this.caller.connection);
      this.held.set(this.requestBytes);
    } catch (error) {
      return this.fail(error instanceof GrpcError ? error : outOfBuffer);
    }
    this.giveBack(bytes);
    this.checkFirstMessage();
  }

  private checkFirstMessage(): void {
    const parts = this.request ?? [];
    if (this.requestBytes >= 5) {
      const bytes = parts.length === 1 ? (parts[0] ?? NO_DATA) : Buffer.concat(parts);
      const end = 5 + bytes.readUInt32BE(1);
      this.request = [bytes];
      if (end - 5 > this.limits.maxFirstMessageBytes) {
        return this.fail(tooLargeFirst(end - 5, this.limits.maxFirstMessageBytes));
      }
      if (bytes.length >= end) return this.routeBy(bytes.subarray(5, end), bytes[0] === 1);
    }
    if (this.requestEnded) this.routeBy(NO_DATA, false);
  }

  private routeBy(message: Buffer, compressed: boolean): void {
    this.gathering = false;
    this.onFirstMessage(message, compressed);
  }
}

/** The upstream's side of a {@link ForwardedCall}. */
class UpstreamLeg implements StreamSink {
  private readonly call: ForwardedCall;

  constructor(call: ForwardedCall) {
    this.call = call;
  }

  onHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    this.call.onUpstreamHeaders(stream, list, endStream);
  }

  onData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    this.call.onUpstreamData(stream, buffer, start, end, endStream);
  }

  onSent(_stream: Http2Stream, bytes: number): void {
    this.call.onUpstreamSent(bytes);
  }

  onReset(stream: Http2Stream, code: number, cause: ResetCauseCode): void {
    this.call.onUpstreamReset(stream, code, cause);
  }
}

const NO_DATA = Buffer.alloc(0);
const outOfBuffer = new GrpcError(
  Status.RESOURCE_EXHAUSTED,
  "Connection buffers too many messages",
);

function tooLargeFirst(bytes: number, limit: number): GrpcError {
  return new GrpcError(
    Status.RESOURCE_EXHAUSTED,
    `Received message larger than max (${bytes} vs. ${limit})`,
  );
}
