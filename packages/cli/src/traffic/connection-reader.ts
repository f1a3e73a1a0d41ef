import {
  Flag,
  FrameReader,
  FrameType,
  HpackDecoder,
  PREFACE,
  STATE_STREAM_ID,
  type FrameSink,
} from "@layotto/grpc-transport/wire";
import { messageOf } from "../user-error.ts";
import { CallReader } from "./call-reader.ts";
import type { RecordedConnection, TrafficSink } from "./model.ts";

/** Larger frames are not sent to servers that speak gRPC. */
const maxFrameBytes = 16_777_215;
const headerLimits = { maxTableBytes: 4096, maxListBytes: 1_048_576 };

/** Turns the bytes of one connection into frames and calls. */
export class ConnectionReader implements FrameSink {
  closed = false;
  readonly #connection: RecordedConnection;
  readonly #sink: TrafficSink;
  readonly #frames = new FrameReader(this, maxFrameBytes);
  readonly #headers = new HpackDecoder(headerLimits);
  readonly #calls = new Map<number, CallReader>();
  #preface: Buffer | undefined = Buffer.alloc(0);
  #block: { stream: number; flags: number; parts: Buffer[] } | undefined;
  #atMs: number | undefined;
  #orphans = 0;

  constructor(connection: RecordedConnection, sink: TrafficSink) {
    this.#connection = connection;
    this.#sink = sink;
  }

  /** Takes what was received next. What cannot be read ends the reading of this connection. */
  feed(bytes: Buffer, atMs: number | undefined): void {
    if (this.closed) return;
    this.#atMs = atMs;
    try {
      const rest = this.#afterPreface(bytes);
      if (rest !== undefined) this.#frames.feed(rest, 0, rest.length);
    } catch (error) {
      this.#stop(`cannot be read any further: ${messageOf(error)}`);
    }
  }

  /** The recording of this connection is over. */
  end(): void {
    for (const call of this.#calls.values()) this.#sink.onCall?.(call.finish("cut off"));
    this.#calls.clear();
    this.closed = true;
    const text = `${this.#orphans} frames belong to calls that began before the recording`;
    if (this.#orphans > 0) this.#sink.onNote?.(this.#connection, text);
  }

  onFrame(
    buffer: Buffer,
    type: number,
    flags: number,
    stream: number,
    start: number,
    end: number,
  ): void {
    if (stream !== STATE_STREAM_ID) {
      const connection = this.#connection;
      this.#sink.onFrame?.({ connection, type, flags, stream, bytes: end - start });
    }
    const [from, to] = unpadded(buffer, type, flags, start, end);
    switch (type) {
      case FrameType.HEADERS:
        this.#block = { stream, flags, parts: [] };
        return this.#addBlock(buffer, flags, from + priorityBytes(flags), to);
      case FrameType.CONTINUATION:
        return this.#addBlock(buffer, flags, from, to);
      case FrameType.DATA:
        return this.#onData(buffer, flags, stream, from, to);
      case FrameType.RST_STREAM:
        return this.#endCall(stream, "reset");
      default:
    }
  }

  /** The bytes behind the preface; undefined while it is not whole. */
  #afterPreface(bytes: Buffer): Buffer | undefined {
    if (this.#preface === undefined) return bytes;
    const all = this.#preface.length === 0 ? bytes : Buffer.concat([this.#preface, bytes]);
    const length = Math.min(all.length, PREFACE.length);
    if (!all.subarray(0, length).equals(PREFACE.subarray(0, length))) {
      const isText = /^[A-Z]{3,7} \//.test(all.toString("latin1", 0, 16));
      this.#stop(isText ? "speaks HTTP/1, not gRPC: skipped" : "begins in its middle: skipped");
      return undefined;
    }
    this.#preface = length < PREFACE.length ? Buffer.from(all) : undefined;
    return length < PREFACE.length ? undefined : all.subarray(length);
  }

  #addBlock(buffer: Buffer, flags: number, from: number, to: number): void {
    const block = this.#block;
    if (block === undefined) throw new Error("a CONTINUATION frame without HEADERS");
    block.parts.push(Buffer.from(buffer.subarray(from, to)));
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#block = undefined;
    const whole = Buffer.concat(block.parts);
    const { fields } = this.#headers.decode(whole, 0, whole.length);
    if (block.stream === STATE_STREAM_ID) return;
    const list = fields.map(({ name, value }): [string, string] => [name, value]);
    this.#onHeaders(block.stream, list, (block.flags & Flag.END_STREAM) !== 0);
  }

  #onHeaders(stream: number, fields: [string, string][], isEnd: boolean): void {
    if (!this.#calls.has(stream)) {
      const call = new CallReader(this.#connection, stream, fields, this.#atMs);
      this.#calls.set(stream, call);
    }
    if (isEnd) this.#endCall(stream, "complete");
  }

  #onData(buffer: Buffer, flags: number, stream: number, from: number, to: number): void {
    const call = this.#calls.get(stream);
    if (call === undefined) {
      this.#orphans += 1;
      return;
    }
    call.add(buffer, from, to, this.#atMs);
    if ((flags & Flag.END_STREAM) !== 0) this.#endCall(stream, "complete");
  }

  #endCall(stream: number, end: "complete" | "reset"): void {
    const call = this.#calls.get(stream);
    this.#calls.delete(stream);
    if (call !== undefined) this.#sink.onCall?.(call.finish(end));
  }

  #stop(text: string): void {
    this.#sink.onNote?.(this.#connection, text);
    this.end();
  }
}

function priorityBytes(flags: number): number {
  return (flags & Flag.PRIORITY) === 0 ? 0 : 5;
}

/** Where the payload begins and ends without padding (RFC 9113 §6.1). */
function unpadded(
  buffer: Buffer,
  type: number,
  flags: number,
  start: number,
  end: number,
): [from: number, to: number] {
  const mayPad = type === FrameType.DATA || type === FrameType.HEADERS;
  if (!mayPad || (flags & Flag.PADDED) === 0) return [start, end];
  const padding = buffer[start] ?? 0;
  if (start + 1 + padding > end) throw new Error("a frame with more padding than octets");
  return [start + 1, end - padding];
}
