import { ErrorCode, Flag, FrameType, MAX_WINDOW_BYTES, Setting } from "../frame/constants.ts";
import { applySettings, encodeSettings } from "../frame/settings.ts";
import { readUint32 } from "../frame/write.ts";
import { BandwidthEstimator } from "./bandwidth.ts";
import { ConnectionError, requireLength } from "./connection-error.ts";
import type { Http2Connection } from "./connection.ts";
import { Flood, type FloodGuard } from "./flood-guard.ts";
import type { ConnectionEvents } from "./options.ts";
import type { ConnectionParts } from "./receiver.ts";
import { type Http2Stream, ResetCause } from "./stream.ts";
import type { StreamRegistry } from "./stream-registry.ts";
import type { FrameWriter } from "./writer.ts";

/** PING payloads by which we know our own questions again. */
export const Ping = {
  KEEPALIVE: Buffer.from("keepaliv", "latin1"),
  BANDWIDTH: Buffer.from("bandwidt", "latin1"),
  DRAIN: Buffer.from("goodbye!", "latin1"),
} as const;

const EMPTY = Buffer.alloc(0);

/** Frames about the connection or about windows: SETTINGS, PING, GOAWAY, WINDOW_UPDATE, PRIORITY. */
export class ControlFrames {
  /** The peer's first SETTINGS arrived. */
  settingsReceived = false;
  readonly bandwidth: BandwidthEstimator;
  private readonly connection: Http2Connection;
  private readonly writer: FrameWriter;
  private readonly guard: FloodGuard;
  private readonly streams: StreamRegistry;
  private readonly events: ConnectionEvents;

  constructor(parts: ConnectionParts) {
    this.connection = parts.connection;
    this.writer = parts.writer;
    this.guard = parts.guard;
    this.streams = parts.streams;
    this.events = parts.events;
    const { initialWindowBytes, maxWindowBytes } = parts.limits;
    this.bandwidth = new BandwidthEstimator(initialWindowBytes, maxWindowBytes);
  }

  onSettings(buffer: Buffer, flags: number, id: number, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream");
    const length = end - start;
    this.guard.count(Flood.SETTINGS);
    if ((flags & Flag.ACK) !== 0) return requireLength(length, 0, "SETTINGS ACK");
    if (length % 6 !== 0) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS length is not n × 6");
    }
    const streamsBefore = this.writer.peer.maxConcurrentStreams;
    const before = this.writer.peer.initialWindowBytes;
    const tableBefore = this.writer.peer.headerTableBytes;
    applySettings(this.writer.peer, buffer, start, end, !this.connection.isServer);
    if (this.writer.peer.headerTableBytes !== tableBefore) {
      this.writer.setHeaderTableBytes(this.writer.peer.headerTableBytes);
    }
    this.resizeSendWindows(this.writer.peer.initialWindowBytes - before);
    this.writer.writeFrame(FrameType.SETTINGS, Flag.ACK, 0, EMPTY);
    this.writer.pump();
    if (this.settingsReceived) {
      if (this.writer.peer.maxConcurrentStreams > streamsBefore) {
        this.events.onCapacity(this.connection);
      }
      return;
    }
    this.settingsReceived = true;
    this.events.onReady(this.connection);
  }

  /** RFC 9113 §6.9.2: a changed initial window changes the windows of open streams. */
  private resizeSendWindows(change: number): void {
    if (change === 0) return;
    for (const stream of this.streams.table.toArray()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "stream window too large");
      }
    }
  }

  onPing(buffer: Buffer, flags: number, id: number, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PING on a stream");
    requireLength(end - start, 8, "PING");
    this.guard.count(Flood.PING);
    const payload = buffer.subarray(start, end);
    if ((flags & Flag.ACK) === 0) {
      this.writer.writeFrame(FrameType.PING, Flag.ACK, 0, payload);
    } else if (payload.equals(Ping.BANDWIDTH)) {
      if (this.bandwidth.end()) this.growWindows();
    } else if (payload.equals(Ping.DRAIN)) {
      this.connection.refuseNewStreams();
    }
  }

  onGoaway(buffer: Buffer, id: number, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream");
    if (end - start < 8) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY too short");
    }
    const last = readUint32(buffer, start) & 0x7fff_ffff;
    // First of all, so that a call that is sent again does not choose this connection.
    this.connection.beginDraining();
    if (!this.connection.isServer) {
      for (const stream of this.streams.table.toArray()) {
        if (stream.id > last) stream.fail(ErrorCode.REFUSED_STREAM, ResetCause.UNPROCESSED);
      }
    }
  }

  onWindowUpdate(buffer: Buffer, id: number, start: number, end: number): void {
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
    const stream = this.streams.table.get(id);
    if (stream === undefined) {
      if (!this.streams.isIdle(id)) return;
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE on an idle stream");
    }
    if (increment === 0) return this.fault(stream);
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW_BYTES) {
      return this.fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
    }
    if (this.writer.sendWindow > 0 && !this.writer.congested) this.writer.pumpOne(stream);
  }

  /** Ends a stream for a fault of the peer; making us do that counts like resetting it (CVE-2025-8671). */
  fault(stream: Http2Stream, code: number = ErrorCode.PROTOCOL_ERROR): void {
    this.guard.count(Flood.RAPID_RESET);
    stream.fail(code, ResetCause.LOCAL);
  }

  onPriority(buffer: Buffer, id: number, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0");
    this.guard.count(Flood.IDLE_FRAME);
    if (end - start !== 5) return this.priorityFault(id, ErrorCode.FRAME_SIZE_ERROR);
    const dependency = readUint32(buffer, start) & 0x7fff_ffff;
    if (dependency === id) this.priorityFault(id, ErrorCode.PROTOCOL_ERROR);
  }

  private priorityFault(id: number, code: number): void {
    const stream = this.streams.table.get(id);
    if (stream !== undefined) this.fault(stream, code);
    else {
      this.guard.count(Flood.RAPID_RESET);
      this.writer.writeReset(id, code);
    }
  }

  /** Called by streams when they return window: the moment at which a larger one would help. */
  measureBandwidth(): void {
    if (this.bandwidth.begin()) this.writer.writeFrame(FrameType.PING, 0, 0, Ping.BANDWIDTH);
  }

  private growWindows(): void {
    const change = this.bandwidth.windowBytes - this.connection.streamWindowBytes;
    this.connection.streamWindowBytes += change;
    const pair: [number, number] = [Setting.INITIAL_WINDOW_SIZE, this.connection.streamWindowBytes];
    this.writer.writeFrame(FrameType.SETTINGS, 0, 0, encodeSettings([pair]));
    for (const stream of this.streams.table.toArray()) stream.receiveWindow += change;
  }
}
