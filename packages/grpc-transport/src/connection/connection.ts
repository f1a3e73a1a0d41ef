import type { Socket } from "node:net";
import { DEFAULT_WINDOW_BYTES, ErrorCode, FrameType, MAX_STREAM_ID } from "../frame/constants.ts";
import { firstSettings, goawayPayload } from "../frame/hello-goodbye.ts";
import { FrameReader } from "../frame/reader.ts";
import type { PeerSettings } from "../frame/settings.ts";
import { ConnectionError, connectionErrorOf } from "./connection-error.ts";
import { Ping } from "./control-frames.ts";
import { Flood, FloodGuard } from "./flood-guard.ts";
import { flushAfterRead } from "./flush.ts";
import { readInto } from "./input.ts";
import { Keepalive } from "./keepalive.ts";
import type { ConnectionOptions } from "./options.ts";
import { Output } from "./output.ts";
import { PrefaceReader } from "./preface.ts";
import { FrameReceiver } from "./receiver.ts";
import { recordingStart } from "./recording-start.ts";
import { StallWatch } from "./stall-watch.ts";
import { Http2Stream, ResetCause, type StreamSink } from "./stream.ts";
import { StreamRegistry } from "./stream-registry.ts";
import { addSwept, removeSwept } from "./sweeper.ts";
import { FrameWriter } from "./writer.ts";

/** Time a peer has to answer the PING between the two GOAWAY frames of a drain. */
const DRAIN_PING_MS = 1000;
/** Time the peer has to close its side after the last frame. */
const LINGER_MS = 2000;

/**
 * One HTTP/2 connection (RFC 9113), either side: its socket, its life, its watch over the peer. What frames
 * mean is in {@link FrameReceiver}; how they are written in {@link FrameWriter}.
 *
 * States: open → draining (GOAWAY sent or received: no new streams) → closed.
 */
export class Http2Connection {
  readonly isServer: boolean;
  readonly writer: FrameWriter;
  readonly peerName: string;
  /** Receive window of new streams. */
  streamWindowBytes: number;
  /** The connection is over. */
  closed = false;
  /** No new streams may be opened. */
  draining = false;
  /** Number of reads so far: a clock that tells what came together. */
  reads = 0;

  private readonly socket: Socket;
  private readonly options: ConnectionOptions;
  private readonly guard: FloodGuard;
  private readonly reader: FrameReader;
  private readonly receiver: FrameReceiver;
  private readonly keepalive: Keepalive;
  private readonly stalls: StallWatch;
  private readonly streams: StreamRegistry;
  private preface: PrefaceReader | null;
  private prefaceSent = false;
  private drainStarted = false;
  private heard = false;
  private bufferedBytes = 0;
  private paused = false;
  private closeReason: Error | undefined;
  private closeNotified = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    const { limits } = options;
    this.socket = socket;
    this.options = options;
    this.isServer = options.isServer;
    this.peerName = socket.remoteAddress ? `${socket.remoteAddress}:${socket.remotePort}` : "unix";
    this.guard = new FloodGuard(limits);
    const output = new Output(socket, () => this.onOutputDrained());
    this.writer = new FrameWriter(output, this.guard, limits.maxSocketBacklogBytes);
    this.streams = new StreamRegistry(this.isServer);
    this.streamWindowBytes = limits.initialWindowBytes;
    const { writer, guard, streams } = this;
    const { events } = options;
    this.receiver = new FrameReceiver({ connection: this, writer, guard, streams, limits, events });
    this.reader = new FrameReader(this.receiver, limits.maxFrameBytes);
    this.stalls = new StallWatch(limits);
    this.keepalive = new Keepalive(options, this.now());
    this.preface = this.isServer ? new PrefaceReader() : null;
    socket.setNoDelay(true);
    socket.on("error", (error: Error) => (this.closeReason ??= error));
    socket.on("close", () => this.onSocketClose());
    socket.on("end", () => this.onSocketEnd());
    // A server waits for the first bytes: to an HTTP/1.1 client, SETTINGS would be noise before its answer.
    if (!this.isServer) this.sendPreface();
    readInto(socket, (buffer, start, end) => this.receive(buffer, start, end));
    options.budget.connections++;
    addSwept(this);
  }

  /** What the peer asked for. */
  get peer(): PeerSettings {
    return this.writer.peer;
  }

  /** Number of open streams. */
  get openStreams(): number {
    return this.streams.table.size;
  }

  /** Whether a stream may be opened now. */
  get available(): boolean {
    return (
      !this.closed &&
      !this.draining &&
      this.streams.hasNextId &&
      this.streams.table.size < this.peer.maxConcurrentStreams
    );
  }

  /** Milliseconds of a monotonic clock. */
  now(): number {
    return performance.now();
  }

  /** Opens a stream as a client; check {@link available} first. */
  openStream(sink: StreamSink): Http2Stream {
    const stream = new Http2Stream(this, this.streams.takeNextId(), sink);
    this.addStream(stream);
    // After 2³⁰ streams a connection is used up; at full load that is little more than an hour.
    if (!this.streams.hasNextId) this.drain();
    return stream;
  }

  /** For `onBytes`: what makes the next bytes readable without those before; undefined within a frame. */
  recordingStart(): Buffer | undefined {
    if (this.preface !== null || !this.reader.atFrame) return undefined;
    const block = this.receiver.headerState();
    return block === undefined ? undefined : recordingStart(block);
  }

  /** Called by streams when they return window: the moment at which a larger one would help. */
  measureBandwidth(): void {
    this.receiver.control.measureBandwidth();
  }

  /** Keeps a stream that one of the sides has opened. */
  addStream(stream: Http2Stream): void {
    this.streams.table.add(stream);
    this.options.budget.streams++;
  }

  /** Called by streams when they are over. */
  removeStream(stream: Http2Stream): void {
    this.streams.table.delete(stream);
    this.options.budget.streams--;
    this.writer.removeBlocked(stream);
    if (this.streams.table.size + 1 === this.peer.maxConcurrentStreams) {
      this.options.events.onCapacity(this);
    }
    if (this.draining && this.streams.table.size === 0) this.finishDrain();
  }

  /** Accounts for bytes held on behalf of the peer. */
  holdBuffered(bytes: number): void {
    this.bufferedBytes += bytes;
    this.options.budget.bytes += bytes;
  }

  releaseBuffered(bytes: number): void {
    this.bufferedBytes -= bytes;
    this.options.budget.bytes -= bytes;
  }

  /** Whether the peer may make us hold `bytes` more. */
  mayBuffer(bytes: number): boolean {
    const { limits, budget } = this.options;
    const mine = this.bufferedBytes;
    return mine + bytes <= limits.maxBufferedBytes && budget.mayHold(mine, bytes);
  }

  /** Whether `bytes` more may wait to be sent; what a client sends is its own affair. */
  mayQueue(bytes: number): boolean {
    return !this.isServer || this.mayBuffer(bytes);
  }

  /** Whether the peer has fewer streams open than we told it that it may. */
  get belowStreamLimit(): boolean {
    return this.streams.table.size < this.options.limits.maxConcurrentStreams;
  }

  /** Whether all peers together leave room for one more stream of this one. */
  get sharesStreams(): boolean {
    return this.options.budget.mayOpen(this.streams.table.size);
  }

  /** Remembers that we reset a stream, so that frames already on their way are ignored. */
  rememberReset(streamId: number): void {
    this.streams.resets.add(streamId);
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
    if (!this.prefaceSent) this.sendPreface();
    this.sendGoaway(MAX_STREAM_ID, ErrorCode.NO_ERROR, "");
    this.writer.writeFrame(FrameType.PING, 0, 0, Ping.DRAIN);
    setTimeout(() => this.refuseNewStreams(), DRAIN_PING_MS).unref();
  }

  /** Ends the connection at once with GOAWAY; open streams are told that it is lost. */
  close(code: number = ErrorCode.NO_ERROR, message = ""): void {
    if (this.closed) return;
    this.closeReason ??= new ConnectionError(code, message || "connection closed");
    if (!this.prefaceSent) this.sendPreface();
    this.sendGoaway(this.streams.lastPeerId, code, message);
    this.terminate();
  }

  /** Drops the connection without a word. */
  destroy(reason?: Error): void {
    this.closeReason ??= reason;
    this.closed = true;
    this.socket.destroy();
  }

  /** The peer has not answered in time: unless something comes from it soon, it is asked whether it is there. */
  suspect(): void {
    this.keepalive.suspect();
  }

  /** Regular look: rates, stalls, keepalive. Called by the sweeper. */
  sweep(now: number): void {
    this.guard.refill();
    const heard = this.heard;
    this.heard = false;
    if (!this.receiver.control.settingsReceived) {
      if (!this.stalls.handshakeStalled(now)) return;
      this.close(ErrorCode.SETTINGS_TIMEOUT, "handshake timed out");
      return this.destroy();
    }
    if (this.stalls.writeStalled(now, this.writer.output)) {
      return this.destroy(new Error("peer does not read"));
    }
    if (this.isServer) this.stalls.endStalledStreams(now, this.writer.waiting());
    const action = this.keepalive.look(now, heard, this.streams.table.size);
    if (action === "ping") this.writer.writeFrame(FrameType.PING, 0, 0, Ping.KEEPALIVE);
    else if (action === "drain") this.drain();
    else if (action === "dead") this.destroy(new Error("keepalive PING was not answered"));
  }

  /** Takes bytes that somebody else has read from the socket. */
  take(received: Buffer): void {
    this.receive(received, 0, received.length);
  }

  private receive(buffer: Buffer, start: number, end: number): void {
    if (this.closed) return;
    this.heard = true;
    this.reads++;
    this.options.onBytes?.(this, buffer, start, end);
    try {
      let offset = start;
      if (this.preface !== null) {
        offset = this.preface.read(buffer, start, end, this.socket);
        if (offset < 0) return;
        this.preface = null;
        if (!this.prefaceSent) this.sendPreface();
      }
      this.reader.feed(buffer, offset, end);
    } catch (error) {
      this.failWith(error);
    }
    if (this.isServer && this.writer.congested) this.pauseReading();
    flushAfterRead();
  }

  /** Code of the stream's user threw: only that stream ends. */
  sinkFailed(stream: Http2Stream, error: unknown): void {
    this.options.events.onFault(error);
    try {
      stream.fail(ErrorCode.INTERNAL_ERROR, ResetCause.LOCAL);
    } catch (second) {
      this.options.events.onFault(second);
    }
  }

  /**
   * Counts an error that the peer provoked by making us hold too much; a peer that goes on is cut off. Safe
   * to call from anywhere.
   */
  provoked(): void {
    if (!this.isServer) return;
    try {
      this.guard.count(Flood.RAPID_RESET);
    } catch (error) {
      setImmediate(() => this.failWith(error));
    }
  }

  private failWith(error: unknown): void {
    const { code, message } = connectionErrorOf(error);
    if (code === ErrorCode.INTERNAL_ERROR && error instanceof Error) this.closeReason ??= error;
    this.close(code, message);
  }

  private sendPreface(): void {
    const { limits } = this.options;
    this.prefaceSent = true;
    if (!this.isServer) this.writer.writePreface();
    this.writer.writeFrame(FrameType.SETTINGS, 0, 0, firstSettings(limits, this.isServer));
    const more = limits.maxWindowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.writer.writeWindowUpdate(0, more);
  }

  private sendGoaway(lastId: number, code: number, message: string): void {
    this.writer.writeFrame(FrameType.GOAWAY, 0, 0, goawayPayload(lastId, code, message));
  }

  /** Second step of a server's drain: from here on new streams are ignored. */
  refuseNewStreams(): void {
    if (this.closed || this.draining || !this.drainStarted) return;
    this.streams.lastAcceptedId = this.streams.lastPeerId;
    this.sendGoaway(this.streams.lastAcceptedId, ErrorCode.NO_ERROR, "");
    this.beginDraining();
  }

  /** No new streams from now on; the connection closes with its last stream. */
  beginDraining(): void {
    if (this.draining || this.closed) return;
    this.draining = true;
    this.options.events.onDraining(this);
    if (this.streams.table.size === 0) this.finishDrain();
  }

  private finishDrain(): void {
    if (!this.closed) this.terminate();
  }

  /** Sends what is written, closes the socket, and makes sure that it goes away. */
  private terminate(): void {
    this.closed = true;
    this.writer.output.flush();
    const { socket } = this;
    // Counts from the moment when all is sent; until then the watch over stalled writes holds.
    socket.end(() => {
      const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
      socket.once("close", () => clearTimeout(timer));
    });
    this.loseStreams();
    // A client need not wait for the other side's end to connect again.
    if (!this.isServer) this.notifyClosed();
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
    this.notifyClosed();
  }

  private notifyClosed(): void {
    if (this.closeNotified) return;
    this.closeNotified = true;
    this.options.budget.connections--;
    this.options.events.onClose(this, this.closeReason);
  }

  private loseStreams(): void {
    for (const stream of this.streams.table.toArray()) {
      stream.fail(ErrorCode.INTERNAL_ERROR, ResetCause.LOST);
    }
  }

  private onOutputDrained(): void {
    this.writer.pump();
    if (!this.paused || this.writer.congested) return;
    this.paused = false;
    this.socket.resume();
  }

  /**
   * A peer that does not take our answers is not asked for more questions. Servers only: if both ends
   * stopped reading, neither would ever send again.
   */
  private pauseReading(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.socket.pause();
  }
}
