import type { HeaderField } from "../hpack/field.ts";
import type { HeaderList } from "../hpack/header-list.ts";
import type { HeaderTemplate } from "../hpack/header-template.ts";
import { ErrorCode } from "../frame/constants.ts";
import type { Http2Connection } from "./connection.ts";

/** Why a stream ended without END_STREAM. */
export const ResetCause = {
  /** The peer sent RST_STREAM. */
  REMOTE: 0,
  /** We sent RST_STREAM because of a fault of the peer or a limit. */
  LOCAL: 1,
  /** The connection is gone; the peer may or may not have acted on the stream. */
  LOST: 2,
  /** The peer provably did not act on the stream (GOAWAY or REFUSED_STREAM, RFC 9113 §8.7). */
  UNPROCESSED: 3,
} as const;

/** One of {@link ResetCause}. */
export type ResetCauseCode = (typeof ResetCause)[keyof typeof ResetCause];

/** What the user of a stream is told. Buffers are valid only during the call. */
export interface StreamSink {
  /** A header list: of the response, or trailers (then `endStream` is true). */
  onHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void;
  /** Bytes of the body. The sink returns them with `stream.consume` when it is done with them. */
  onData(stream: Http2Stream, buffer: Buffer, start: number, end: number, endStream: boolean): void;
  /** An interim answer (1xx); others follow. */
  onInterim?(stream: Http2Stream, list: HeaderList): void;
  /** Queued bytes have left: there is room for more. */
  onSent(stream: Http2Stream, bytes: number): void;
  /** The stream is over before its regular end; nothing follows. */
  onReset(stream: Http2Stream, code: number, cause: ResetCauseCode): void;
}

/** Octets `[offset, end)` of `data` wait; `spare` says that more may be written behind them. */
interface Chunk {
  data: Uint8Array;
  offset: number;
  end: number;
  spare: boolean;
}

/** Small pieces are copied together, for many tiny frames would cost far more than their octets. */
const MIN_COPY_BYTES = 4096;

/** A header block to send: fields, or a template whose encoding is cached. */
export type Headers = HeaderTemplate | readonly HeaderField[];

/** One HTTP/2 stream (RFC 9113 §5), either side. */
export class Http2Stream {
  readonly id: number;
  readonly connection: Http2Connection;
  sink: StreamSink;
  /** Bytes we may send. */
  sendWindow: number;
  /** Bytes the peer may send. */
  receiveWindow: number;
  /** END_STREAM was sent or is queued. */
  localClosed = false;
  /** END_STREAM was received. */
  remoteClosed = false;
  /** Nothing more will happen. */
  closed = false;
  /** Bytes of the body that `content-length` still promises; -1 without one. */
  expectedBytes = -1;
  /** Headers (not trailers) were received. */
  headersReceived = false;
  /** Bytes waiting for a window or for the socket. */
  queuedBytes = 0;
  /** Number of the read in which the stream was opened. */
  readonly bornAt: number;
  /** When the head of the queue last moved, ms of the connection's clock. */
  stalledSince = 0;

  private unreturned = 0;
  private queue: Chunk[] | null = null;
  private trailers: Headers | null = null;
  private endQueued = false;

  constructor(connection: Http2Connection, id: number, sink: StreamSink) {
    this.connection = connection;
    this.id = id;
    this.bornAt = connection.reads;
    this.sink = sink;
    this.sendWindow = connection.peer.initialWindowBytes;
    this.receiveWindow = connection.streamWindowBytes;
  }

  /** Sends a header block that does not wait for queued data: request or response headers. */
  sendHeaders(headers: Headers, endStream: boolean): void {
    if (this.closed || this.localClosed) return;
    this.connection.writer.writeHeaders(this, headers, endStream);
    if (endStream) this.endLocal();
  }

  /**
   * Sends bytes of the body; what has no window or no room is queued.
   *
   * @param owned false when the bytes are valid only during the call, so that queueing copies them
   * @returns how many bytes were queued
   */
  sendData(
    data: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
    owned: boolean,
  ): number {
    if (this.closed || this.localClosed) return 0;
    let sent = 0;
    if (this.queue === null) {
      sent = this.connection.writer.writeData(this, data, start, end, endStream);
      if (start + sent === end) return 0;
    }
    const rest = end - start - sent;
    if (rest > 0 && !this.connection.mayQueue(rest)) {
      this.connection.provoked();
      this.fail(ErrorCode.ENHANCE_YOUR_CALM, ResetCause.LOCAL);
      return 0;
    }
    this.enqueue(data, start + sent, end, owned);
    if (endStream) this.endQueued = this.localClosed = true;
    return rest;
  }

  /** Sends one length-prefixed gRPC message that the caller will not change any more. */
  sendMessage(message: Uint8Array, compressed: boolean, endStream: boolean): number {
    if (this.closed || this.localClosed) return 0;
    if (
      this.queue === null &&
      this.connection.writer.writeMessage(this, message, compressed, endStream)
    ) {
      return 0;
    }
    const prefix = Buffer.allocUnsafe(5);
    prefix[0] = compressed ? 1 : 0;
    prefix.writeUInt32BE(message.length, 1);
    const queued = this.sendData(prefix, 0, 5, endStream && message.length === 0, true);
    if (message.length === 0) return queued;
    return queued + this.sendData(message, 0, message.length, endStream, true);
  }

  /** Sends trailers after everything queued, and ends our side. */
  sendTrailers(headers: Headers): void {
    if (this.closed || this.localClosed) return;
    if (this.queue === null) {
      this.connection.writer.writeHeaders(this, headers, true);
      this.endLocal();
      return;
    }
    this.trailers = headers;
    this.localClosed = true;
  }

  /** Ends the stream with RST_STREAM; the sink is not told. */
  reset(code: number): void {
    if (this.closed) return;
    this.sendReset(code);
    this.discard();
  }

  /** Returns received bytes to the peer's window; a negative number takes back some that were returned too early. */
  consume(bytes: number): void {
    this.unreturned += bytes;
    if (this.remoteClosed || this.closed) return;
    const window = this.connection.streamWindowBytes;
    if (this.unreturned * 2 < window) return;
    this.receiveWindow += this.unreturned;
    this.connection.writer.writeWindowUpdate(this.id, this.unreturned);
    this.connection.measureBandwidth();
    this.unreturned = 0;
  }

  /** Sends queued data as far as windows allow; called by the connection. Says whether all is gone. */
  pump(): boolean {
    const { queue } = this;
    if (queue === null) return true;
    let moved = 0;
    let chunk = queue[0];
    while (chunk !== undefined) {
      const last = queue.length === 1 && this.endQueued;
      const sent = this.connection.writer.writeData(
        this,
        chunk.data,
        chunk.offset,
        chunk.end,
        last,
      );
      chunk.offset += sent;
      moved += sent;
      if (chunk.offset < chunk.end) break;
      queue.shift();
      chunk = queue[0];
    }
    this.noteMoved(moved);
    const done = chunk === undefined;
    if (done) this.finishQueue();
    if (moved > 0 && !this.closed) this.sink.onSent(this, moved);
    return done;
  }

  /** Called by the connection after the sink has seen END_STREAM. */
  finishRemote(): void {
    if (this.localClosed && this.queue === null) this.discard();
  }

  /** Forgets the stream and what is queued, without telling anybody. */
  discard(): void {
    if (this.closed) return;
    this.closed = true;
    this.connection.releaseBuffered(this.queuedBytes);
    this.queuedBytes = 0;
    this.queue = null;
    this.connection.removeStream(this);
  }

  /** Ends the stream with RST_STREAM and tells the sink. */
  fail(code: number, cause: ResetCauseCode): void {
    if (this.closed) return;
    if (cause === ResetCause.LOCAL) this.sendReset(code);
    this.discard();
    this.sink.onReset(this, code, cause);
  }

  private sendReset(code: number): void {
    this.connection.writer.writeReset(this.id, code);
    this.connection.rememberReset(this.id);
  }

  private enqueue(data: Uint8Array, start: number, end: number, owned: boolean): void {
    const bytes = end - start;
    if (this.queue === null) {
      this.queue = [];
      this.stalledSince = this.connection.now();
      this.connection.writer.addBlocked(this);
    }
    if (owned) this.queue.push({ data, offset: start, end, spare: false });
    else appendCopy(this.queue, data.subarray(start, end));
    this.queuedBytes += bytes;
    this.connection.holdBuffered(bytes);
  }

  private noteMoved(bytes: number): void {
    if (bytes === 0) return;
    this.queuedBytes -= bytes;
    this.connection.releaseBuffered(bytes);
    this.stalledSince = this.connection.now();
  }

  private finishQueue(): void {
    this.queue = null;
    if (this.trailers !== null) this.connection.writer.writeHeaders(this, this.trailers, true);
    if (this.endQueued || this.trailers !== null) this.endLocal();
  }

  private endLocal(): void {
    this.localClosed = true;
    if (this.remoteClosed) this.discard();
    else if (this.connection.isServer) {
      // The answer is complete and the client still sends: it is asked to stop (RFC 9113 §8.1).
      this.reset(ErrorCode.NO_ERROR);
    }
  }

  /** Used by the connection after it wrote END_STREAM together with data. */
  markEnded(): void {
    if (this.queue === null) this.endLocal();
  }
}

function appendCopy(queue: Chunk[], part: Uint8Array): void {
  const last = queue.at(-1);
  if (last?.spare && last.data.length - last.end >= part.length) {
    last.data.set(part, last.end);
    last.end += part.length;
    return;
  }
  const data = Buffer.allocUnsafeSlow(Math.max(MIN_COPY_BYTES, part.length));
  data.set(part);
  queue.push({ data, offset: 0, end: part.length, spare: true });
}

/** A sink for streams whose outcome interests nobody any more. */
export const deafSink: StreamSink = {
  onHeaders: () => {},
  onData: (stream, _buffer, start, end) => stream.consume(end - start),
  onSent: () => {},
  onReset: () => {},
};
