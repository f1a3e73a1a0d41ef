import type { Socket } from "node:net";
import {
  ErrorCode,
  Flag,
  FrameType,
  MAX_STREAM_ID,
  MAX_WINDOW_BYTES,
  Setting,
} from "../frame/constants.ts";
import { FrameReader, type FrameSink } from "../frame/reader.ts";
import { applySettings, encodeSettings, type PeerSettings } from "../frame/settings.ts";
import { readUint32, writeUint32 } from "../frame/write.ts";
import { HpackDecoder } from "../hpack/decoder.ts";
import type { HeaderList } from "../hpack/header-list.ts";
import { BandwidthEstimator } from "./bandwidth.ts";
import { ConnectionError } from "./connection-error.ts";
import { Flood, FloodGuard } from "./flood-guard.ts";
import { flushAfterRead } from "./flush.ts";
import { HeaderAssembler } from "./header-assembler.ts";
import { HeadKind, headOf, type Head } from "./head.ts";
import { readInto } from "./input.ts";
import { Keepalive } from "./keepalive.ts";
import type { ConnectionOptions } from "./options.ts";
import { Output } from "./output.ts";
import { PrefaceReader } from "./preface.ts";
import { RecentIds } from "./recent-ids.ts";
import { deafSink, Http2Stream, ResetCause, type StreamSink } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";
import { addSwept, removeSwept } from "./sweeper.ts";
import { FrameWriter } from "./writer.ts";

/** PING payloads by which we know our own questions again. */
const PING_KEEPALIVE = Buffer.from("keepaliv", "latin1");
const PING_BANDWIDTH = Buffer.from("bandwidt", "latin1");
const PING_DRAIN = Buffer.from("goodbye!", "latin1");
const EMPTY = Buffer.alloc(0);
/** Time a peer has to answer the PING between the two GOAWAY frames of a drain. */
const DRAIN_PING_MS = 1000;
/** Time the peer has to close its side after the last frame. */
const LINGER_MS = 2000;

/**
 * One HTTP/2 connection (RFC 9113), either side: reads frames, keeps the streams, and ends with the
 * RFC's error code when the peer breaks a rule or exceeds a limit.
 *
 * States: open → draining (GOAWAY sent or received: no new streams) → closed.
 */
export class Http2Connection implements FrameSink {
  readonly isServer: boolean;
  readonly writer: FrameWriter;
  readonly peerName: string;
  /** Receive window of new streams. */
  streamWindowBytes: number;
  /** The connection is over. */
  closed = false;
  /** No new streams may be opened. */
  draining = false;

  private readonly socket: Socket;
  private readonly options: ConnectionOptions;
  private readonly guard: FloodGuard;
  private readonly reader: FrameReader;
  private readonly assembler: HeaderAssembler;
  private readonly bandwidth: BandwidthEstimator;
  private readonly keepalive: Keepalive;
  private readonly streams = new StreamTable();
  private readonly resets = new RecentIds();
  private preface: PrefaceReader | null;
  private decoder: HpackDecoder | null = null;
  private receiveWindow: number;
  private unreturned = 0;
  private nextStreamId = 1;
  private lastPeerStreamId = 0;
  private lastAcceptedId = MAX_STREAM_ID;
  private settingsReceived = false;
  private drainStarted = false;
  private heard = false;
  private bufferedBytes = 0;
  private stalledAt = 0;
  private stalledWritten = 0;
  private paused = false;
  private closeReason: Error | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    const { limits } = options;
    this.socket = socket;
    this.options = options;
    this.isServer = options.isServer;
    this.peerName = socket.remoteAddress ? `${socket.remoteAddress}:${socket.remotePort}` : "unix";
    this.guard = new FloodGuard(limits);
    const output = new Output(socket, () => this.onOutputDrained());
    this.writer = new FrameWriter(output, this.guard, limits.maxSocketBacklogBytes);
    this.reader = new FrameReader(this, limits.maxFrameBytes);
    this.assembler = new HeaderAssembler(limits);
    this.streamWindowBytes = limits.initialWindowBytes;
    this.bandwidth = new BandwidthEstimator(limits.initialWindowBytes, limits.maxWindowBytes);
    this.receiveWindow = limits.maxWindowBytes;
    this.keepalive = new Keepalive(options, this.now());
    this.preface = this.isServer ? new PrefaceReader() : null;
    socket.setNoDelay(true);
    socket.on("error", (error: Error) => (this.closeReason ??= error));
    socket.on("close", () => this.onSocketClose());
    socket.on("end", () => this.onSocketEnd());
    this.sendPreface();
    readInto(socket, (buffer, start, end) => this.receive(buffer, start, end));
    addSwept(this);
  }

  /** What the peer asked for. */
  get peer(): PeerSettings {
    return this.writer.peer;
  }

  /** Number of open streams. */
  get openStreams(): number {
    return this.streams.size;
  }

  /** Whether a stream may be opened now. */
  get available(): boolean {
    return (
      !this.closed &&
      !this.draining &&
      this.nextStreamId < MAX_STREAM_ID &&
      this.streams.size < this.peer.maxConcurrentStreams
    );
  }

  /** Milliseconds of a monotonic clock. */
  now(): number {
    return performance.now();
  }

  /** Opens a stream as a client; check {@link available} first. */
  openStream(sink: StreamSink): Http2Stream {
    const stream = new Http2Stream(this, this.nextStreamId, sink);
    this.nextStreamId += 2;
    this.streams.add(stream);
    return stream;
  }

  /** Called by streams when they are over. */
  removeStream(stream: Http2Stream): void {
    this.streams.delete(stream);
    this.writer.removeBlocked(stream);
    if (this.streams.size + 1 === this.peer.maxConcurrentStreams) {
      this.options.events.onCapacity(this);
    }
    if (this.draining && this.streams.size === 0) this.finishDrain();
  }

  /** Accounts for bytes held on behalf of the peer. */
  holdBuffered(bytes: number): void {
    this.bufferedBytes += bytes;
  }

  releaseBuffered(bytes: number): void {
    this.bufferedBytes -= bytes;
  }

  /** Whether the peer may make us hold `bytes` more. */
  mayBuffer(bytes: number): boolean {
    return this.bufferedBytes + bytes <= this.options.limits.maxBufferedBytes;
  }

  /** Remembers that we reset a stream, so that frames already on their way are ignored. */
  rememberReset(streamId: number): void {
    this.resets.add(streamId);
  }

  /**
   * Ends the connection gracefully (RFC 9113 §6.8): GOAWAY that refuses nothing yet, one round trip,
   * GOAWAY with the last stream taken, close when the streams have ended.
   */
  drain(): void {
    if (this.closed || this.drainStarted) return;
    this.drainStarted = true;
    if (!this.isServer) {
      this.beginDraining();
      return;
    }
    this.sendGoaway(MAX_STREAM_ID, ErrorCode.NO_ERROR, "");
    this.writer.writeFrame(FrameType.PING, 0, 0, PING_DRAIN);
    setTimeout(() => this.refuseNewStreams(), DRAIN_PING_MS).unref();
  }

  /** Ends the connection at once with GOAWAY; open streams are told that it is lost. */
  close(code: number = ErrorCode.NO_ERROR, message = ""): void {
    if (this.closed) return;
    this.closeReason ??= new ConnectionError(code, message || "connection closed");
    this.sendGoaway(this.lastPeerStreamId, code, message);
    this.terminate();
  }

  /** Drops the connection without a word. */
  destroy(reason?: Error): void {
    this.closeReason ??= reason;
    this.closed = true;
    this.socket.destroy();
  }

  onFrame(
    buffer: Buffer,
    type: number,
    flags: number,
    streamId: number,
    start: number,
    end: number,
  ): void {
    if (!this.settingsReceived && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)) {
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
        return this.onWindowUpdate(buffer, streamId, start, end);
      case FrameType.RST_STREAM:
        return this.onReset(buffer, streamId, start, end);
      case FrameType.SETTINGS:
        return this.onSettings(buffer, flags, streamId, start, end);
      case FrameType.PING:
        return this.onPing(buffer, flags, streamId, start, end);
      case FrameType.GOAWAY:
        return this.onGoaway(buffer, streamId, start, end);
      case FrameType.PRIORITY:
        return this.onPriority(buffer, streamId, start, end);
      case FrameType.CONTINUATION:
        return this.onContinuation(buffer, flags, streamId, start, end);
      case FrameType.PUSH_PROMISE:
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE is not allowed");
      default:
        this.guard.count(Flood.IDLE_FRAME);
    }
  }

  /** Regular look: rates, stalls, keepalive. Called by the sweeper. */
  sweep(now: number): void {
    this.guard.refill();
    const heard = this.heard;
    this.heard = false;
    if (!this.settingsReceived) return this.checkHandshake(now);
    if (this.checkWriteStall(now)) return;
    this.checkStreamStalls(now);
    const action = this.keepalive.look(now, heard, this.streams.size);
    if (action === "ping") this.writer.writeFrame(FrameType.PING, 0, 0, PING_KEEPALIVE);
    else if (action === "drain") this.drain();
    else if (action === "dead") this.destroy(new Error("keepalive PING was not answered"));
  }

  private receive(buffer: Buffer, start: number, end: number): void {
    if (this.closed) return;
    this.heard = true;
    try {
      let offset = start;
      if (this.preface !== null) {
        offset = this.preface.read(buffer, start, end, this.socket);
        if (offset < 0) return;
        this.preface = null;
      }
      this.reader.feed(buffer, offset, end);
    } catch (error) {
      this.failWith(error);
    }
    if (this.writer.congested) this.pauseReading();
    flushAfterRead();
  }

  private failWith(error: unknown): void {
    if (error instanceof ConnectionError) return this.close(error.code, error.message);
    const hpack = error instanceof Error && error.name === "HpackError";
    const code = hpack ? ErrorCode.COMPRESSION_ERROR : ErrorCode.INTERNAL_ERROR;
    const message = hpack ? error.message : "internal error";
    if (!hpack) this.closeReason ??= error instanceof Error ? error : new Error(String(error));
    this.close(code, message);
  }

  private sendPreface(): void {
    const { limits } = this.options;
    if (!this.isServer) this.writer.writePreface();
    const pairs: [number, number][] = [
      [Setting.INITIAL_WINDOW_SIZE, limits.initialWindowBytes],
      [Setting.MAX_FRAME_SIZE, limits.maxFrameBytes],
      [Setting.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
    ];
    if (this.isServer) pairs.push([Setting.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams]);
    else pairs.push([Setting.ENABLE_PUSH, 0]);
    this.writer.writeFrame(FrameType.SETTINGS, 0, 0, encodeSettings(pairs));
    this.writer.writeWindowUpdate(0, limits.maxWindowBytes - 65_535);
  }

  private onData(buffer: Buffer, flags: number, id: number, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA on stream 0");
    const length = end - start;
    const endStream = (flags & Flag.END_STREAM) !== 0;
    this.countReceived(length, endStream);
    let from = start;
    let to = end;
    if ((flags & Flag.PADDED) !== 0) {
      to = end - paddingOf(buffer, start, end);
      from = start + 1;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return this.onDataOfClosed(id);
    if (stream.remoteClosed) return stream.fail(ErrorCode.STREAM_CLOSED, ResetCause.LOCAL);
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) {
      return stream.fail(ErrorCode.FLOW_CONTROL_ERROR, ResetCause.LOCAL);
    }
    if (!lengthMatches(stream, to - from, endStream)) {
      return this.streamFault(stream, "content-length does not match");
    }
    if (length > to - from) stream.consume(length - (to - from));
    if (endStream) stream.remoteClosed = true;
    stream.sink.onData(stream, buffer, from, to, endStream);
    if (endStream && !stream.closed) stream.finishRemote();
  }

  /** Connection window is returned on receipt: only stream windows carry back-pressure. */
  private countReceived(length: number, endStream: boolean): void {
    if (length === 0 && !endStream) this.guard.count(Flood.IDLE_FRAME);
    else this.guard.earn();
    this.bandwidth.add(length);
    this.receiveWindow -= length;
    if (this.receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "connection window exceeded");
    }
    this.unreturned += length;
    if (this.unreturned * 2 < this.options.limits.maxWindowBytes) return;
    this.receiveWindow += this.unreturned;
    this.writer.writeWindowUpdate(0, this.unreturned);
    this.unreturned = 0;
  }

  private onDataOfClosed(id: number): void {
    if (this.isIdle(id)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA on an idle stream");
    }
    if (id > this.lastAcceptedId || this.resets.has(id)) return;
    this.guard.count(Flood.RESET);
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
    if (this.isIdle(id)) this.lastPeerStreamId = id;
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
    const stream = this.streams.get(id);
    const list = this.hpack().decode(block, start, end);
    this.guard.earn();
    if (stream !== undefined) return this.onListOfStream(stream, list, endStream);
    if (!this.isServer || id % 2 === 0 || id <= this.lastPeerStreamId) {
      return this.onHeadersOfClosed(id);
    }
    this.lastPeerStreamId = id;
    if (id > this.lastAcceptedId) return;
    if (this.streams.size >= this.options.limits.maxConcurrentStreams) {
      return this.refuse(id, ErrorCode.REFUSED_STREAM);
    }
    this.acceptStream(id, list, endStream);
  }

  private acceptStream(id: number, list: HeaderList, endStream: boolean): void {
    const head = headOf(list, HeadKind.REQUEST);
    if (head.malformed !== null || (endStream && head.contentLength > 0)) {
      return this.refuse(id, ErrorCode.PROTOCOL_ERROR);
    }
    const stream = new Http2Stream(this, id, deafSink);
    stream.headersReceived = true;
    stream.expectedBytes = head.contentLength;
    stream.remoteClosed = endStream;
    this.streams.add(stream);
    this.options.events.onStream(stream, head, endStream);
    if (endStream && !stream.closed) stream.finishRemote();
  }

  private onListOfStream(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    if (stream.remoteClosed) return stream.fail(ErrorCode.STREAM_CLOSED, ResetCause.LOCAL);
    const trailers = stream.headersReceived;
    const head = headOf(list, trailers ? HeadKind.TRAILERS : HeadKind.RESPONSE);
    const fault = this.listFault(stream, head, trailers, endStream);
    if (fault !== null) return this.streamFault(stream, fault);
    if (head.status >= 100 && head.status < 200) return;
    stream.headersReceived = true;
    if (!trailers) stream.expectedBytes = endStream ? -1 : head.contentLength;
    if (endStream) stream.remoteClosed = true;
    stream.sink.onHeaders(stream, list, endStream);
    if (endStream && !stream.closed) stream.finishRemote();
  }

  private listFault(
    stream: Http2Stream,
    head: Head,
    trailers: boolean,
    endStream: boolean,
  ): string | null {
    if (trailers && !endStream) return "trailers without END_STREAM";
    if (trailers && stream.expectedBytes > 0) return "content-length does not match";
    if (head.status === 101) return "status 101";
    return head.malformed;
  }

  private onHeadersOfClosed(id: number): void {
    if (id % 2 === 0 || this.isIdle(id)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS on an invalid stream");
    }
    if (this.resets.has(id)) return;
    throw new ConnectionError(ErrorCode.STREAM_CLOSED, "HEADERS on a closed stream");
  }

  private onWindowUpdate(buffer: Buffer, id: number, start: number, end: number): void {
    requireLength(end - start, 4, "WINDOW_UPDATE");
    this.guard.count(Flood.WINDOW_UPDATE);
    const increment = readUint32(buffer, start) & 0x7fff_ffff;
    if (id === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "empty increment");
      this.writer.sendWindow += increment;
      if (this.writer.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "connection window too large");
      }
      return this.writer.pump();
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return this.requireNotIdle(id, "WINDOW_UPDATE");
    if (increment === 0) return stream.fail(ErrorCode.PROTOCOL_ERROR, ResetCause.LOCAL);
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW_BYTES) {
      return stream.fail(ErrorCode.FLOW_CONTROL_ERROR, ResetCause.LOCAL);
    }
    this.writer.pump();
  }

  private onReset(buffer: Buffer, id: number, start: number, end: number): void {
    requireLength(end - start, 4, "RST_STREAM");
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on stream 0");
    this.requireNotIdle(id, "RST_STREAM");
    this.guard.count(Flood.RESET);
    const code = readUint32(buffer, start);
    const refused = !this.isServer && code === ErrorCode.REFUSED_STREAM;
    const stream = this.streams.get(id);
    stream?.fail(code, refused ? ResetCause.UNPROCESSED : ResetCause.REMOTE);
  }

  private onPriority(buffer: Buffer, id: number, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0");
    this.guard.count(Flood.IDLE_FRAME);
    if (end - start !== 5) return this.priorityFault(id, ErrorCode.FRAME_SIZE_ERROR);
    const dependency = readUint32(buffer, start) & 0x7fff_ffff;
    if (dependency === id) this.priorityFault(id, ErrorCode.PROTOCOL_ERROR);
  }

  private priorityFault(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) stream.fail(code, ResetCause.LOCAL);
    else this.refuse(id, code);
  }

  private onSettings(
    buffer: Buffer,
    flags: number,
    id: number,
    start: number,
    end: number,
  ): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream");
    const length = end - start;
    if ((flags & Flag.ACK) !== 0) return requireLength(length, 0, "SETTINGS ACK");
    if (length % 6 !== 0) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS length is not n × 6");
    }
    this.guard.count(Flood.SETTINGS);
    const before = this.peer.initialWindowBytes;
    const tableBefore = this.peer.headerTableBytes;
    applySettings(this.peer, buffer, start, end, !this.isServer);
    if (this.peer.headerTableBytes !== tableBefore) {
      this.writer.setHeaderTableBytes(this.peer.headerTableBytes);
    }
    this.resizeSendWindows(this.peer.initialWindowBytes - before);
    this.writer.writeFrame(FrameType.SETTINGS, Flag.ACK, 0, EMPTY);
    this.writer.pump();
    if (this.settingsReceived) return;
    this.settingsReceived = true;
    this.options.events.onReady(this);
  }

  /** RFC 9113 §6.9.2: a changed initial window changes the windows of open streams. */
  private resizeSendWindows(change: number): void {
    if (change === 0) return;
    for (const stream of this.streams.toArray()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "stream window too large");
      }
    }
  }

  private onPing(buffer: Buffer, flags: number, id: number, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PING on a stream");
    requireLength(end - start, 8, "PING");
    const payload = buffer.subarray(start, end);
    if ((flags & Flag.ACK) === 0) {
      this.guard.count(Flood.PING);
      this.writer.writeFrame(FrameType.PING, Flag.ACK, 0, payload);
    } else if (payload.equals(PING_BANDWIDTH)) {
      if (this.bandwidth.end()) this.growWindows();
    } else if (payload.equals(PING_DRAIN)) {
      this.refuseNewStreams();
    }
  }

  /** Called by streams when they return window: the moment at which a larger one would help. */
  measureBandwidth(): void {
    if (this.bandwidth.begin()) this.writer.writeFrame(FrameType.PING, 0, 0, PING_BANDWIDTH);
  }

  private growWindows(): void {
    const change = this.bandwidth.windowBytes - this.streamWindowBytes;
    this.streamWindowBytes += change;
    const pair: [number, number] = [Setting.INITIAL_WINDOW_SIZE, this.streamWindowBytes];
    this.writer.writeFrame(FrameType.SETTINGS, 0, 0, encodeSettings([pair]));
    for (const stream of this.streams.toArray()) stream.receiveWindow += change;
  }

  private onGoaway(buffer: Buffer, id: number, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream");
    if (end - start < 8) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY too short");
    }
    const last = readUint32(buffer, start) & 0x7fff_ffff;
    if (!this.isServer) {
      for (const stream of this.streams.toArray()) {
        if (stream.id > last) stream.fail(ErrorCode.REFUSED_STREAM, ResetCause.UNPROCESSED);
      }
    }
    this.beginDraining();
  }

  private sendGoaway(lastId: number, code: number, message: string): void {
    const debug = Buffer.from(message, "utf8").subarray(0, 256);
    const payload = Buffer.allocUnsafe(8 + debug.length);
    writeUint32(payload, 0, lastId);
    writeUint32(payload, 4, code);
    debug.copy(payload, 8);
    this.writer.writeFrame(FrameType.GOAWAY, 0, 0, payload);
  }

  /** Second step of a server's drain: from here on new streams are ignored. */
  private refuseNewStreams(): void {
    if (this.closed || this.draining || !this.drainStarted) return;
    this.lastAcceptedId = this.lastPeerStreamId;
    this.sendGoaway(this.lastAcceptedId, ErrorCode.NO_ERROR, "");
    this.beginDraining();
  }

  private beginDraining(): void {
    if (this.draining || this.closed) return;
    this.draining = true;
    this.options.events.onDraining(this);
    if (this.streams.size === 0) this.finishDrain();
  }

  private finishDrain(): void {
    if (!this.closed) this.terminate();
  }

  /** Sends what is written, closes the socket, and makes sure that it goes away. */
  private terminate(): void {
    this.closed = true;
    this.writer.output.flush();
    this.socket.end();
    const { socket } = this;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once("close", () => clearTimeout(timer));
    this.loseStreams();
  }

  private onSocketEnd(): void {
    if (!this.closed) this.closeReason ??= new Error("peer closed the connection");
    this.closed = true;
    this.socket.destroy();
  }

  private onSocketClose(): void {
    this.closed = true;
    removeSwept(this);
    this.writer.output.close();
    this.loseStreams();
    this.options.events.onClose(this, this.closeReason);
  }

  private loseStreams(): void {
    for (const stream of this.streams.toArray()) {
      stream.fail(ErrorCode.INTERNAL_ERROR, ResetCause.LOST);
    }
  }

  private onOutputDrained(): void {
    this.writer.pump();
    if (!this.paused || this.writer.congested) return;
    this.paused = false;
    this.socket.resume();
  }

  /** A peer that does not take our answers is not asked for more questions. */
  private pauseReading(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.socket.pause();
  }

  private checkHandshake(now: number): void {
    this.stalledAt ||= now;
    if (now - this.stalledAt < this.options.limits.handshakeTimeoutMs) return;
    this.close(ErrorCode.SETTINGS_TIMEOUT, "handshake timed out");
    this.destroy();
  }

  private checkWriteStall(now: number): boolean {
    const { output } = this.writer;
    if (output.backlog === 0 || this.stalledWritten !== output.taken) {
      this.stalledWritten = output.taken;
      this.stalledAt = now;
      return false;
    }
    if (now - this.stalledAt < this.options.limits.writeStallTimeoutMs) return false;
    this.destroy(new Error("peer does not read"));
    return true;
  }

  private checkStreamStalls(now: number): void {
    const { streamStallTimeoutMs } = this.options.limits;
    for (const stream of [...this.writer.waiting()]) {
      if (now - stream.stalledSince >= streamStallTimeoutMs) {
        stream.fail(ErrorCode.CANCEL, ResetCause.LOCAL);
      }
    }
  }

  private streamFault(stream: Http2Stream, _why: string): void {
    this.guard.count(Flood.RESET);
    stream.fail(ErrorCode.PROTOCOL_ERROR, ResetCause.LOCAL);
  }

  private refuse(id: number, code: number): void {
    this.guard.count(Flood.RESET);
    this.writer.writeReset(id, code);
    this.resets.add(id);
  }

  /** Whether a stream was never opened by either side. */
  private isIdle(id: number): boolean {
    if (this.isServer) return id % 2 === 0 || id > this.lastPeerStreamId;
    return id % 2 === 0 || id >= this.nextStreamId;
  }

  private requireNotIdle(id: number, frame: string): void {
    if (this.isIdle(id)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `${frame} on an idle stream`);
    }
  }

  private hpack(): HpackDecoder {
    const { maxHeaderListBytes } = this.options.limits;
    this.decoder ??= new HpackDecoder({ maxTableBytes: 4096, maxListBytes: maxHeaderListBytes });
    return this.decoder;
  }
}

/** Octets of padding behind the data (RFC 9113 §6.1). */
function paddingOf(buffer: Buffer, start: number, end: number): number {
  const padding = buffer[start] ?? 0;
  if (end === start || padding >= end - start) {
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "padding exceeds the frame");
  }
  return padding;
}

function requireLength(length: number, expected: number, frame: string): void {
  if (length !== expected) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} of ${length} bytes`);
  }
}

/** Keeps count of the body against `content-length` (RFC 9113 §8.1.1). */
function lengthMatches(stream: Http2Stream, bytes: number, endStream: boolean): boolean {
  if (stream.expectedBytes < 0) return true;
  stream.expectedBytes -= bytes;
  if (stream.expectedBytes < 0) return false;
  return !endStream || stream.expectedBytes === 0;
}
