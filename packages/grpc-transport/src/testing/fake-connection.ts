import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { defaultLimits, type ConnectionLimits } from "../limits.ts";
import { PREFACE, RawFrameReader, settingsFrame, type RawFrame } from "./raw-frames.ts";
import { Http2Connection } from "../connection/connection.ts";
import { clientKeepalive, serverKeepalive, type KeepaliveOptions } from "../connection/options.ts";
import type { Head } from "../connection/head.ts";
import { SharedBudget } from "../connection/shared-budget.ts";
import type { Http2Stream, StreamSink } from "../connection/stream.ts";

/** A socket without a network, for tests: what is written is kept, what arrives is emitted. */
export class FakeSocket extends Duplex {
  /** Octets written before the first frame of HTTP/2, or by a server to an HTTP/1.1 client. */
  written: Buffer = Buffer.alloc(0);
  /** Holds writes back, as a kernel whose buffer is full. */
  stalled = false;
  private held: (() => void) | null = null;

  setNoDelay(): this {
    return this;
  }

  /** Takes what was held back. */
  unstall(): void {
    this.stalled = false;
    const { held } = this;
    this.held = null;
    held?.();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written = Buffer.concat([this.written, chunk]);
    if (this.stalled) this.held = done;
    else done();
  }
}

/** A sink that keeps what it is told. */
export class RecordingSink implements StreamSink {
  readonly log: string[] = [];
  /** Return window at once. */
  consumes = true;

  onHeaders(_stream: Http2Stream, list: { fields: readonly unknown[] }, end: boolean): void {
    this.log.push(`headers ${list.fields.length}${end ? " end" : ""}`);
  }

  onData(stream: Http2Stream, _buffer: Buffer, start: number, end: number, last: boolean): void {
    this.log.push(`data ${end - start}${last ? " end" : ""}`);
    if (this.consumes) stream.consume(end - start);
  }

  onSent(_stream: Http2Stream, bytes: number): void {
    this.log.push(`sent ${bytes}`);
  }

  onReset(_stream: Http2Stream, code: number, cause: number): void {
    this.log.push(`reset ${code} cause ${cause}`);
  }
}

/** One connection on a {@link FakeSocket}, and what it told its owner. */
export class Harness {
  readonly socket = new FakeSocket();
  readonly connection: Http2Connection;
  readonly log: string[] = [];
  readonly budget = new SharedBudget(1e9, 1e6);
  readonly streams: Http2Stream[] = [];
  /** Called for each stream that the peer opens. */
  onStream: (stream: Http2Stream, head: Head) => void = (stream) => {
    stream.sink = new RecordingSink();
  };

  constructor(
    isServer: boolean,
    limits: Partial<ConnectionLimits> = {},
    keepalive: Partial<KeepaliveOptions> = {},
  ) {
    this.connection = new Http2Connection(this.socket as unknown as Socket, {
      isServer,
      limits: { ...defaultLimits, ...limits },
      budget: this.budget,
      ...(isServer ? serverKeepalive : clientKeepalive),
      ...keepalive,
      events: {
        onStream: (stream, head) => {
          this.streams.push(stream);
          this.onStream(stream, head);
        },
        onReady: () => this.log.push("ready"),
        onDraining: () => this.log.push("draining"),
        onCapacity: () => this.log.push("capacity"),
        onFault: (error) => this.log.push(`fault ${String(error)}`),
        onClose: (_connection, reason) => this.log.push(`close ${reason?.message ?? ""}`),
      },
    });
  }

  /** A connection whose handshake is done; `settings` are the peer's. */
  static async ready(
    isServer: boolean,
    limits: Partial<ConnectionLimits> = {},
    settings: readonly (readonly [number, number])[] = [],
    keepalive: Partial<KeepaliveOptions> = {},
  ): Promise<Harness> {
    const harness = new Harness(isServer, limits, keepalive);
    const preface = isServer ? [PREFACE] : [];
    await harness.receive(...preface, settingsFrame(...settings));
    harness.socket.written = Buffer.alloc(0);
    return harness;
  }

  /** Lets octets arrive in one read, and whatever they cause be written. */
  async receive(...chunks: readonly Buffer[]): Promise<void> {
    this.socket.emit("data", Buffer.concat(chunks));
    await turn();
  }

  /** Frames written since the last call. */
  async frames(): Promise<RawFrame[]> {
    await turn();
    const { written } = this.socket;
    this.socket.written = Buffer.alloc(0);
    const preface = written.subarray(0, 3).toString("latin1") === "PRI" ? PREFACE.length : 0;
    return new RawFrameReader().push(written.subarray(preface));
  }

  /** The same as text: `TYPE:stream:flags:length`. */
  async texts(): Promise<string[]> {
    return (await this.frames()).map(textOf);
  }
}

const typeNames = "DATA HEADERS PRIORITY RST SETTINGS PUSH PING GOAWAY WINDOW CONTINUATION".split(
  " ",
);

function textOf({ type, flags, streamId, payload }: RawFrame): string {
  const detail =
    type === 3 || type === 8
      ? payload.readUInt32BE(0)
      : type === 7
        ? `${payload.readUInt32BE(0)}/${payload.readUInt32BE(4)}`
        : payload.length;
  return `${typeNames[type] ?? type}:${streamId}:${flags}:${detail}`;
}
