import { DEFAULT_WINDOW_BYTES, ErrorCode, Flag, FrameType } from "../frame/constants.ts";
import type { FrameSink } from "../frame/reader.ts";
import { readUint32 } from "../frame/write.ts";
import { HpackDecoder } from "../hpack/decoder.ts";
import type { HeaderList } from "../hpack/header-list.ts";
import type { ConnectionLimits } from "../limits.ts";
import { ConnectionError, requireLength } from "./connection-error.ts";
import type { Http2Connection } from "./connection.ts";
import { ControlFrames } from "./control-frames.ts";
import { Flood, type FloodGuard } from "./flood-guard.ts";
import { HeaderAssembler } from "./header-assembler.ts";
import { HeadKind, headOf, type Head } from "./head.ts";
import type { ConnectionEvents } from "./options.ts";
import { deafSink, Http2Stream, ResetCause } from "./stream.ts";
import type { StreamRegistry } from "./stream-registry.ts";
import type { FrameWriter } from "./writer.ts";

/** What the handlers of frames share: the parts of one connection. */
export interface ConnectionParts {
  readonly connection: Http2Connection;
  readonly writer: FrameWriter;
  readonly guard: FloodGuard;
  readonly streams: StreamRegistry;
  readonly limits: ConnectionLimits;
  readonly events: ConnectionEvents;
}

/**
 * The receiving half of a connection: what each frame of a stream means (RFC 9113 §5, §6, §8). Faults of the
 * connection are thrown as {@link ConnectionError}, faults of a stream end that stream.
 */
export class FrameReceiver implements FrameSink {
  /** Frames that belong to the connection as a whole. */
  readonly control: ControlFrames;
  private readonly connection: Http2Connection;
  private readonly writer: FrameWriter;
  private readonly guard: FloodGuard;
  private readonly streams: StreamRegistry;
  private readonly limits: ConnectionLimits;
  private readonly events: ConnectionEvents;
  private readonly isServer: boolean;
  private readonly assembler: HeaderAssembler;
  private decoder: HpackDecoder | null = null;
  private receiveWindow: number;
  private unreturned = 0;

  constructor(parts: ConnectionParts) {
    this.connection = parts.connection;
    this.writer = parts.writer;
    this.guard = parts.guard;
    this.streams = parts.streams;
    this.limits = parts.limits;
    this.events = parts.events;
    this.isServer = parts.connection.isServer;
    this.control = new ControlFrames(parts);
    this.assembler = new HeaderAssembler(parts.limits);
    this.receiveWindow = Math.max(DEFAULT_WINDOW_BYTES, parts.limits.maxWindowBytes);
  }

  get closed(): boolean {
    return this.connection.closed;
  }

  /** A header block that stands for all before; undefined within one. */
  headerState(): Buffer | undefined {
    return this.assembler.streamId === 0 ? this.hpack().tableBlock() : undefined;
  }

  onFrame(
    buffer: Buffer,
    type: number,
    flags: number,
    streamId: number,
    start: number,
    end: number,
  ): void {
    if (
      !this.control.settingsReceived &&
      (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)
    ) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS");
    }
    if (this.assembler.streamId !== 0 && type !== FrameType.CONTINUATION) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "header block interrupted");
    }
    switch (type) {
      case FrameType.DATA:
        return this.onData(buffer, flags, streamId, start, end);
      case FrameType.HEADERS:
        return this.onHeaders(buffer, flags, streamId, start, end);
      case FrameType.WINDOW_UPDATE:
        return this.control.onWindowUpdate(buffer, streamId, start, end);
      case FrameType.RST_STREAM:
        return this.onReset(buffer, streamId, start, end);
      case FrameType.SETTINGS:
        return this.control.onSettings(buffer, flags, streamId, start, end);
      case FrameType.PING:
        return this.control.onPing(buffer, flags, streamId, start, end);
      case FrameType.GOAWAY:
        return this.control.onGoaway(buffer, streamId, start, end);
      case FrameType.PRIORITY:
        return this.control.onPriority(buffer, streamId, start, end);
      case FrameType.CONTINUATION:
        return this.onContinuation(buffer, flags, streamId, start, end);
      case FrameType.PUSH_PROMISE:
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE is not allowed");
      default:
        this.guard.count(Flood.IDLE_FRAME);
    }
  }

  private onData(buffer: Buffer, flags: number, id: number, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA on stream 0");
    const length = end - start;
    const endStream = (flags & Flag.END_STREAM) !== 0;
    let from = start;
    let to = end;
    if ((flags & Flag.PADDED) !== 0) {
      to = end - paddingOf(buffer, start, end);
      from = start + 1;
    }
    if (to === from && !endStream) this.guard.count(Flood.IDLE_FRAME);
    else this.guard.earn();
    this.countReceived(length);
    const stream = this.streams.table.get(id);
    if (stream === undefined) return this.onDataOfClosed(id);
    if (stream.remoteClosed) return this.control.fault(stream, ErrorCode.STREAM_CLOSED);
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) return this.control.fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
    if (!lengthMatches(stream, to - from, endStream)) return this.control.fault(stream);
    if (length > to - from) stream.consume(length - (to - from));
    if (endStream) stream.remoteClosed = true;
    try {
      stream.sink.onData(stream, buffer, from, to, endStream);
    } catch (error) {
      this.connection.sinkFailed(stream, error);
    }
    if (endStream && !stream.closed) stream.finishRemote();
  }

  /** Connection window is returned on receipt: only stream windows carry back-pressure. */
  private countReceived(length: number): void {
    this.control.bandwidth.add(length);
    this.receiveWindow -= length;
    if (this.receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "connection window exceeded");
    }
    this.unreturned += length;
    if (this.unreturned * 2 < this.limits.maxWindowBytes) return;
    this.receiveWindow += this.unreturned;
    this.writer.writeWindowUpdate(0, this.unreturned);
    this.unreturned = 0;
  }

  private onDataOfClosed(id: number): void {
    if (this.streams.isIdle(id)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA on an idle stream");
    }
    // What a server had under way when we gave a stream up is no fault of it.
    if (!this.isServer || id > this.streams.lastAcceptedId) return;
    if (this.streams.resets.has(id)) return;
    this.guard.count(Flood.RAPID_RESET);
    this.writer.writeReset(id, ErrorCode.STREAM_CLOSED);
  }

  private onHeaders(buffer: Buffer, flags: number, id: number, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream 0");
    let from = start;
    let to = end;
    if ((flags & Flag.PADDED) !== 0) {
      to = end - paddingOf(buffer, start, end);
      from = start + 1;
    }
    let selfDependent = false;
    if ((flags & Flag.PRIORITY) !== 0) {
      if (to - from < 5) {
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "HEADERS too short for its priority");
      }
      selfDependent = (readUint32(buffer, from) & 0x7fff_ffff) === id;
      from += 5;
    }
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if (selfDependent) return this.refuseSelfDependent(buffer, flags, id, from, to);
    if ((flags & Flag.END_HEADERS) !== 0) this.onBlock(id, endStream, buffer, from, to);
    else this.assembler.begin(id, endStream, buffer.subarray(from, to));
  }

  /** RFC 7540 §5.3.1: a stream error; the block still counts for HPACK. */
  private refuseSelfDependent(
    buffer: Buffer,
    flags: number,
    id: number,
    from: number,
    to: number,
  ): void {
    if ((flags & Flag.END_HEADERS) === 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "stream depends on itself");
    }
    this.hpack().decode(buffer, from, to);
    const stream = this.streams.table.get(id);
    if (stream !== undefined) return this.control.fault(stream);
    if (!this.opensStream(id)) return this.onHeadersOfClosed(id);
    this.streams.lastPeerId = id;
    this.refuse(id, ErrorCode.PROTOCOL_ERROR);
  }

  private onContinuation(
    buffer: Buffer,
    flags: number,
    id: number,
    start: number,
    end: number,
  ): void {
    const block = this.assembler.continue(id, flags, buffer.subarray(start, end));
    if (block !== null) this.onBlock(id, this.assembler.endStream, block, 0, block.length);
  }

  private onBlock(id: number, endStream: boolean, block: Buffer, start: number, end: number): void {
    const stream = this.streams.table.get(id);
    const list = this.hpack().decode(block, start, end);
    this.guard.earn();
    if (stream !== undefined) return this.onListOfStream(stream, list, endStream);
    if (!this.opensStream(id)) return this.onHeadersOfClosed(id);
    this.streams.lastPeerId = id;
    if (id > this.streams.lastAcceptedId) return;
    if (!this.connection.belowStreamLimit) return this.refuse(id, ErrorCode.REFUSED_STREAM);
    if (!this.connection.sharesStreams) {
      // No fault of this peer: it keeps to what it was told.
      this.writer.writeReset(id, ErrorCode.REFUSED_STREAM);
      return this.streams.resets.add(id);
    }
    this.acceptStream(id, list, endStream);
  }

  private opensStream(id: number): boolean {
    return this.isServer && id % 2 === 1 && id > this.streams.lastPeerId;
  }

  private acceptStream(id: number, list: HeaderList, endStream: boolean): void {
    const head = headOf(list, HeadKind.REQUEST);
    if (head.malformed !== null || (endStream && head.contentLength > 0)) {
      return this.refuse(id, ErrorCode.PROTOCOL_ERROR);
    }
    const stream = new Http2Stream(this.connection, id, deafSink);
    stream.headersReceived = true;
    stream.expectedBytes = head.contentLength;
    stream.remoteClosed = endStream;
    this.connection.addStream(stream);
    try {
      this.events.onStream(stream, head, endStream);
    } catch (error) {
      this.connection.sinkFailed(stream, error);
    }
    if (endStream && !stream.closed) stream.finishRemote();
  }

  private onListOfStream(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    if (stream.remoteClosed) return this.control.fault(stream, ErrorCode.STREAM_CLOSED);
    const trailers = stream.headersReceived;
    const head = headOf(list, trailers ? HeadKind.TRAILERS : HeadKind.RESPONSE);
    if (isFaulty(stream, head, trailers, endStream)) return this.control.fault(stream);
    if (isInterim(head)) return this.onInterim(stream, list);
    stream.headersReceived = true;
    if (!trailers) stream.expectedBytes = endStream ? -1 : head.contentLength;
    if (endStream) stream.remoteClosed = true;
    try {
      stream.sink.onHeaders(stream, list, endStream);
    } catch (error) {
      this.connection.sinkFailed(stream, error);
    }
    if (endStream && !stream.closed) stream.finishRemote();
  }

  private onInterim(stream: Http2Stream, list: HeaderList): void {
    try {
      stream.sink.onInterim?.(stream, list);
    } catch (error) {
      this.connection.sinkFailed(stream, error);
    }
  }

  private onHeadersOfClosed(id: number): void {
    if (id % 2 === 0 || this.streams.isIdle(id)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS on an invalid stream");
    }
    // What a server had under way when we gave a stream up is no fault of it.
    if (!this.isServer || this.streams.resets.has(id)) return;
    throw new ConnectionError(ErrorCode.STREAM_CLOSED, "HEADERS on a closed stream");
  }

  private onReset(buffer: Buffer, id: number, start: number, end: number): void {
    requireLength(end - start, 4, "RST_STREAM");
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on stream 0");
    if (this.streams.isIdle(id)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on an idle stream");
    }
    const code = readUint32(buffer, start);
    const refused = !this.isServer && code === ErrorCode.REFUSED_STREAM;
    const stream = this.streams.table.get(id);
    // A server can reset no more streams than we opened.
    if (this.isServer) this.guard.count(this.isRapid(stream) ? Flood.RAPID_RESET : Flood.RESET);
    stream?.fail(code, refused ? ResetCause.UNPROCESSED : ResetCause.REMOTE);
  }

  /** Reset before anybody could have acted on it (CVE-2023-44487), unlike a deadline that passed. */
  private isRapid(stream: Http2Stream | undefined): boolean {
    return stream !== undefined && this.connection.reads - stream.bornAt <= 1;
  }

  private refuse(id: number, code: number): void {
    this.guard.count(Flood.RAPID_RESET);
    this.writer.writeReset(id, code);
    this.streams.resets.add(id);
  }

  private hpack(): HpackDecoder {
    const { maxHeaderListBytes } = this.limits;
    this.decoder ??= new HpackDecoder({ maxTableBytes: 4096, maxListBytes: maxHeaderListBytes });
    return this.decoder;
  }
}

function isInterim(head: Head): boolean {
  return head.status >= 100 && head.status < 200;
}

function isFaulty(stream: Http2Stream, head: Head, trailers: boolean, endStream: boolean): boolean {
  if (trailers && (!endStream || stream.expectedBytes > 0)) return true;
  if (head.status === 101 || head.malformed !== null) return true;
  return endStream && isInterim(head);
}

/** Octets of padding behind the data (RFC 9113 §6.1). */
function paddingOf(buffer: Buffer, start: number, end: number): number {
  const padding = buffer[start] ?? 0;
  if (end === start || padding >= end - start) {
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "padding exceeds the frame");
  }
  return padding;
}

/** Keeps count of the body against `content-length` (RFC 9113 §8.1.1). */
function lengthMatches(stream: Http2Stream, bytes: number, endStream: boolean): boolean {
  if (stream.expectedBytes < 0) return true;
  stream.expectedBytes -= bytes;
  if (stream.expectedBytes < 0) return false;
  return !endStream || stream.expectedBytes === 0;
}
