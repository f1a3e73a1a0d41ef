import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  PREFACE,
} from "../frame/constants.ts";
import { initialPeerSettings, type PeerSettings } from "../frame/settings.ts";
import { writeFrameHeader, writeReset, writeUint32, writeWindowUpdate } from "../frame/write.ts";
import { HpackEncoder } from "../hpack/encoder.ts";
import { HeaderTemplate } from "../hpack/header-template.ts";
import type { FloodGuard } from "./flood-guard.ts";
import type { Output } from "./output.ts";
import type { Headers, Http2Stream } from "./stream.ts";

/** Below this size a loop copies faster than a call into the engine. */
const SMALL_COPY_BYTES = 32;

/** The sending half of a connection: encodes frames into its output within the peer's limits. */
export class FrameWriter {
  readonly output: Output;
  /** What the peer asked for. */
  readonly peer: PeerSettings = initialPeerSettings();
  /** Bytes we may send on the whole connection. */
  sendWindow = DEFAULT_WINDOW_BYTES;

  private readonly guard: FloodGuard;
  private readonly maxBacklogBytes: number;
  private encoder: HpackEncoder | null = null;
  private readonly blocked = new Set<Http2Stream>();

  constructor(output: Output, guard: FloodGuard, maxBacklogBytes: number) {
    this.output = output;
    this.guard = guard;
    this.maxBacklogBytes = maxBacklogBytes;
  }

  /** The peer does not take what we wrote: no more DATA until it does. */
  get congested(): boolean {
    return this.output.backlog > this.maxBacklogBytes;
  }

  /** Applies the peer's SETTINGS_HEADER_TABLE_SIZE. */
  setHeaderTableBytes(bytes: number): void {
    this.hpack().setPeerMaxTableBytes(bytes);
  }

  /** Begins a client connection. */
  writePreface(): void {
    this.output.reserve(PREFACE.length);
    this.output.buffer.set(PREFACE, this.output.position);
    this.output.position += PREFACE.length;
  }

  /** Writes HEADERS, and CONTINUATION when the block is larger than a frame. */
  writeHeaders(stream: Http2Stream, headers: Headers, endStream: boolean): void {
    const { output } = this;
    const encoder = this.hpack();
    const template = headers instanceof HeaderTemplate;
    const room = template ? headers.maxBytes : HpackEncoder.maxEncodedBytes(headers);
    output.reserve(FRAME_HEADER_BYTES + room);
    const start = output.position + FRAME_HEADER_BYTES;
    const end = template
      ? encoder.encodeTemplate(headers, output.buffer, start)
      : encoder.encode(headers, output.buffer, start);
    const flags = endStream ? Flag.END_STREAM : 0;
    if (end - start > this.peer.maxFrameBytes) {
      this.splitHeaders(stream.id, Buffer.from(output.buffer.subarray(start, end)), flags);
      return;
    }
    writeFrameHeader(
      output.buffer,
      output.position,
      end - start,
      FrameType.HEADERS,
      flags | Flag.END_HEADERS,
      stream.id,
    );
    output.position = end;
  }

  /**
   * Writes as much DATA as windows, frame size and socket allow and returns how many bytes that was.
   * An empty frame that only carries END_STREAM always fits.
   */
  writeData(
    stream: Http2Stream,
    data: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
  ): number {
    let offset = start;
    do {
      const room = Math.min(this.sendWindow, stream.sendWindow, DEFAULT_MAX_FRAME_BYTES);
      // A window can be negative (RFC 9113 §6.9.2).
      const length = Math.max(0, Math.min(end - offset, room));
      if (end > start && (length === 0 || this.congested)) break;
      const last = endStream && offset + length === end;
      if (length === 0 && !last) break;
      this.writeDataFrame(stream, data, offset, length, last);
      offset += length;
      if (last) stream.markEnded();
    } while (offset < end);
    return offset - start;
  }

  /** Writes a whole gRPC message as one DATA frame if everything allows it; says whether it did. */
  writeMessage(
    stream: Http2Stream,
    message: Uint8Array,
    compressed: boolean,
    endStream: boolean,
  ): boolean {
    const length = message.length + 5;
    if (length > this.sendWindow || length > stream.sendWindow) return false;
    if (length > DEFAULT_MAX_FRAME_BYTES || this.congested) return false;
    const { output } = this;
    output.reserve(FRAME_HEADER_BYTES + length);
    const { buffer } = output;
    const flags = endStream ? Flag.END_STREAM : 0;
    const at = writeFrameHeader(buffer, output.position, length, FrameType.DATA, flags, stream.id);
    buffer[at] = compressed ? 1 : 0;
    writeUint32(buffer, at + 1, message.length);
    copyBytes(message, 0, message.length, buffer, at + 5);
    output.position = at + length;
    this.spend(stream, length);
    if (endStream) stream.markEnded();
    return true;
  }

  writeReset(streamId: number, code: number): void {
    this.output.reserve(13);
    const { output } = this;
    output.position = writeReset(output.buffer, output.position, streamId, code);
  }

  writeWindowUpdate(streamId: number, increment: number): void {
    this.output.reserve(13);
    const { output } = this;
    output.position = writeWindowUpdate(output.buffer, output.position, streamId, increment);
  }

  /** Writes any frame whose payload is small and whole: SETTINGS, PING, GOAWAY. */
  writeFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const { output } = this;
    output.reserve(FRAME_HEADER_BYTES + payload.length);
    const at = writeFrameHeader(
      output.buffer,
      output.position,
      payload.length,
      type,
      flags,
      streamId,
    );
    output.buffer.set(payload, at);
    output.position = at + payload.length;
  }

  /** Remembers a stream that waits for a window or for the socket. */
  addBlocked(stream: Http2Stream): void {
    this.blocked.add(stream);
  }

  removeBlocked(stream: Http2Stream): void {
    if (this.blocked.size > 0) this.blocked.delete(stream);
  }

  /** Lets the waiting streams send, each in its turn; those that still wait go to the back. */
  pump(): void {
    let turns = this.blocked.size;
    if (turns === 0) return;
    for (const stream of this.blocked) {
      if (turns-- === 0 || this.sendWindow <= 0 || this.congested) return;
      if (stream.sendWindow > 0 || stream.queuedBytes === 0) this.pumpOne(stream);
    }
  }

  /** Lets one stream send whose window has grown. */
  pumpOne(stream: Http2Stream): void {
    if (!this.blocked.delete(stream)) return;
    if (!stream.pump() && !stream.closed) this.blocked.add(stream);
  }

  /** Streams that wait, for the watch over stalled ones. */
  waiting(): Iterable<Http2Stream> {
    return this.blocked;
  }

  private writeDataFrame(
    stream: Http2Stream,
    data: Uint8Array,
    offset: number,
    length: number,
    last: boolean,
  ): void {
    const { output } = this;
    output.reserve(FRAME_HEADER_BYTES + length);
    const at = writeFrameHeader(
      output.buffer,
      output.position,
      length,
      FrameType.DATA,
      last ? Flag.END_STREAM : 0,
      stream.id,
    );
    copyBytes(data, offset, offset + length, output.buffer, at);
    output.position = at + length;
    this.spend(stream, length);
  }

  private spend(stream: Http2Stream, bytes: number): void {
    this.sendWindow -= bytes;
    stream.sendWindow -= bytes;
    this.guard.earn();
  }

  private splitHeaders(streamId: number, block: Buffer, flags: number): void {
    const step = this.peer.maxFrameBytes;
    for (let offset = 0; offset < block.length; offset += step) {
      const part = block.subarray(offset, offset + step);
      const last = offset + step >= block.length ? Flag.END_HEADERS : 0;
      const type = offset === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      this.writeFrame(type, (offset === 0 ? flags : 0) | last, streamId, part);
    }
  }

  private hpack(): HpackEncoder {
    this.encoder ??= new HpackEncoder();
    return this.encoder;
  }
}

function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): void {
  if (end - start > SMALL_COPY_BYTES) {
    target.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
    return;
  }
  for (let i = start, j = at; i < end; i++, j++) target[j] = source[i] ?? 0;
}
