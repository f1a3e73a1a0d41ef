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
import { codeOfReset } from "./grpc/code-mapping.ts";
import {
  contentTypeField,
  errorTrailers,
  okTrailers,
  responseHeaders,
  statusOkField,
} from "./grpc/fields.ts";
import { PREFIX_BYTES, tooLarge } from "./grpc/message-reader.ts";
import { readUint32 } from "./frame/write.ts";
import { roomFor } from "./room-for.ts";
import type { HeaderField } from "./hpack/field.ts";
import type { HeaderList } from "./hpack/header-list.ts";
import { PassedOn } from "./passed-on.ts";
import { Status, type StatusCode } from "./status.ts";
import { UpstreamLeg } from "./upstream-leg.ts";

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
  private request: Buffer | null = NO_DATA;
  /** How much of {@link request} is filled. */
  private requestBytes = 0;
  private requestEnded: boolean;
  /** What is accounted for on the caller's connection. */
  private heldBytes = 0;
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
    const { request, requestBytes } = this;
    stream.sendHeaders(headers, this.requestEnded && requestBytes === 0);
    if (request === null || requestBytes === 0) return;
    const queued = stream.sendData(request, 0, requestBytes, this.requestEnded, true);
    this.giveBack(requestBytes - queued);
    if (requestBytes > this.limits.replayBytes) this.request = null;
    this.account();
  }

  /** Ends the call with an error of the gateway's own. */
  fail(error: GrpcError): void {
    if (this.ended) return;
    const trailers = errorTrailers(error, null);
    if (this.answered) this.caller.sendTrailers(trailers);
    else this.caller.sendHeaders([statusOkField, contentTypeField, ...trailers], true);
    this.end(error.code);
  }

  /** Ends the call with one message of the gateway's own. */
  protected answer(message: Uint8Array): void {
    if (this.ended || this.answered) return;
    this.caller.sendHeaders(responseHeaders, false);
    this.caller.sendMessage(message, false, false);
    this.caller.sendTrailers(okTrailers);
    this.end(Status.OK);
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
      // Bytes are returned at once and accounted for instead: the message may be larger than a window.
      this.giveBack(length);
    }
    if (this.account() && this.gathering) this.checkFirstMessage();
  }

  onSent(_caller: Http2Stream, bytes: number): void {
    this.leg?.consume(bytes);
  }

  onReset(_caller: Http2Stream, _code: number, _cause: ResetCauseCode): void {
    this.end(Status.CANCELLED);
  }

  /** Whether another attempt could send the call as it is so far. */
  protected get replayable(): boolean {
    return this.request !== null && !this.answered;
  }

  /** Whether the caller has sent all of its request. */
  protected get requestComplete(): boolean {
    return this.requestEnded;
  }

  /** The whole body of the request, as long as it is kept; undefined before its end and after the answer's beginning. */
  protected get wholeRequest(): Buffer | undefined {
    if (!this.requestEnded || this.request === null) return undefined;
    return this.request.subarray(0, this.requestBytes);
  }

  /**
   * Puts another message, without compression, in the place of the first one. Only before {@link send}, when the first
   * message is there as a whole or there is none.
   */
  protected replaceFirstMessage(message: Uint8Array): void {
    const { request, requestBytes } = this;
    if (this.ended || request === null) return;
    const from = requestBytes < PREFIX_BYTES ? 0 : PREFIX_BYTES + readUint32(request, 1);
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    this.request = Buffer.concat([prefix, message, request.subarray(from, requestBytes)]);
    this.requestBytes = this.request.length;
    this.account();
  }

  /** Whether the stream is that to the upstream on which the call is now. */
  protected isLeg(stream: Http2Stream): boolean {
    return stream === this.leg;
  }

  /** Gives up the upstream's leg without a word to the caller: `send` may follow. */
  protected dropLeg(): void {
    const { leg } = this;
    this.leg = null;
    if (leg !== null && !isComplete(leg)) leg.reset(ErrorCode.CANCEL);
  }

  /** The head of an answer is there. False: it is not for the caller, the leg is dropped. */
  protected onAnswer(_head: Head, _endStream: boolean): boolean {
    return true;
  }

  /** The upstream ended its leg before the answer was complete. */
  protected onLegReset(code: number, cause: ResetCauseCode): void {
    if (cause === ResetCause.UNPROCESSED && !this.answered) {
      if (this.request === null) return this.onReplayLimit();
      return this.onUnprocessed();
    }
    if (cause === ResetCause.LOST) return this.onLost();
    const text = `The sidecar reset the call (HTTP/2 error ${code})`;
    this.fail(new GrpcError(codeOfReset(code), text));
  }

  /** Called by the upstream's leg. */
  onUpstreamHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    if (this.ended || stream !== this.leg) return;
    if (list.oversize) return this.fail(tooMuchMetadata);
    const head = headOf(list, this.answered ? HeadKind.TRAILERS : HeadKind.RESPONSE);
    if (!this.answered && !this.onAnswer(head, endStream)) {
      if (stream === this.leg) this.dropLeg();
      return;
    }
    const passedOn = this.passedOn(head);
    if (this.answered && endStream) this.caller.sendTrailers(passedOn.template);
    else this.caller.sendHeaders(passedOn.template, endStream);
    this.noteAnswered();
    if (endStream) this.end(passedOn.code < 0 ? Status.UNKNOWN : (passedOn.code as StatusCode));
  }

  /** Called by the upstream's leg: 1xx, which the caller gets as it is (RFC 9110 §15.2). */
  onUpstreamInterim(stream: Http2Stream, list: HeaderList): void {
    if (this.ended || this.answered || stream !== this.leg || list.oversize) return;
    this.caller.sendHeaders(list.fields, false);
  }

  /** The headers of an answer as the caller gets them; the same array when nothing changes. */
  protected answerHeaders(fields: readonly HeaderField[]): readonly HeaderField[] {
    return fields;
  }

  private passedOn(head: Head): PassedOn {
    const { fields } = head.list;
    const sent = this.answered ? fields : this.answerHeaders(fields);
    // What is the same for everybody is kept with the list; only we set the slot.
    if (sent === fields) return (head.derived ??= new PassedOn(fields)) as PassedOn;
    return new PassedOn(sent);
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
    this.account();
  }

  /** Called by the upstream's leg. */
  onUpstreamReset(stream: Http2Stream, code: number, cause: ResetCauseCode): void {
    if (this.ended || stream !== this.leg) return;
    this.leg = null;
    this.onLegReset(code, cause);
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

  /** The call is over, as far as this side goes: everything is released. */
  protected end(code: StatusCode): void {
    if (this.ended) return;
    this.ended = true;
    this.noteAnswered();
    this.hold(0);
    const upstream = this.leg;
    // Both sides at their end is no reason for RST_STREAM: the stream closes when its sink returns.
    if (upstream !== null && !isComplete(upstream)) upstream.reset(ErrorCode.CANCEL);
    this.onEnded(code);
  }

  private noteAnswered(): void {
    if (this.answered) return;
    this.answered = true;
    this.request = null;
    if (this.heldBytes > 0) this.account();
    countPendingCalls(-1);
  }

  private keep(buffer: Buffer, start: number, end: number): void {
    if (this.request === null || start === end) return;
    const bytes = this.requestBytes + end - start;
    if (this.leg !== null && bytes > this.limits.replayBytes) {
      this.request = null;
      return;
    }
    this.request = roomFor(this.request, this.requestBytes, bytes);
    buffer.copy(this.request, this.requestBytes, start, end);
    this.requestBytes = bytes;
  }

  /**
   * Accounts for what is held of the request on the caller's connection. When that is too much, the copy
   * for sending again goes first, then the call. Says whether the call goes on.
   */
  private account(): boolean {
    if (this.ended) return false;
    const kept = this.request === null ? 0 : this.requestBytes;
    if (this.hold(kept + this.unconsumed)) return true;
    if (this.leg !== null && this.request !== null) {
      this.request = null;
      if (this.hold(this.unconsumed)) return true;
    }
    this.fail(outOfBuffer);
    return false;
  }

  private hold(bytes: number): boolean {
    const counted = bytes > UNCOUNTED_BYTES ? bytes : 0;
    const more = counted - this.heldBytes;
    if (more === 0) return true;
    const { connection } = this.caller;
    if (more > 0 && !connection.mayBuffer(more)) return false;
    this.heldBytes = counted;
    connection.holdBuffered(more);
    return true;
  }

  /** Returns window to the caller, never more than it used. */
  private giveBack(bytes: number): void {
    const due = Math.min(bytes, this.unconsumed);
    if (due <= 0) return;
    this.unconsumed -= due;
    this.caller.consume(due);
  }

  private checkFirstMessage(): void {
    const { request } = this;
    if (request !== null && this.requestBytes >= PREFIX_BYTES) {
      const length = readUint32(request, 1);
      if (length > this.limits.maxFirstMessageBytes) {
        return this.fail(tooLarge(length, this.limits.maxFirstMessageBytes));
      }
      const end = PREFIX_BYTES + length;
      if (this.requestBytes >= end) {
        return this.routeBy(request.subarray(PREFIX_BYTES, end), request[0] === 1);
      }
    }
    if (this.requestEnded) this.routeBy(NO_DATA, false);
  }

  private routeBy(message: Buffer, compressed: boolean): void {
    this.gathering = false;
    this.onFirstMessage(message, compressed);
  }
}

const NO_DATA = Buffer.alloc(0);
/** So little is not accounted for: the objects of a call cost more. */
const UNCOUNTED_BYTES = 1024;

/** Nothing is left to be said on the stream: it ends by itself. */
function isComplete(stream: Http2Stream): boolean {
  if (stream.closed) return true;
  return stream.remoteClosed && stream.localClosed && stream.queuedBytes === 0;
}

const tooMuchMetadata = new GrpcError(
  Status.RESOURCE_EXHAUSTED,
  "The sidecar sent metadata larger than max",
);
const outOfBuffer = new GrpcError(
  Status.RESOURCE_EXHAUSTED,
  "Connection buffers too many messages",
);
