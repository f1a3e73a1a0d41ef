import { createServer, type Server, type Socket } from "node:net";
import {
  Flag,
  FrameType,
  PREFACE,
  RawFrameReader,
  dataFrame,
  grpcMessage,
  headerBlock,
  headersFrame,
  settingsAck,
  settingsFrame,
  type RawFrame,
} from "./raw-frames.ts";
import { until } from "./until.ts";

/** One client connection of a {@link ScriptedServer}. */
export class ScriptedPeer {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  private readonly reader = new RawFrameReader();
  private prefaceLeft = PREFACE.length;

  constructor(socket: Socket, settings: readonly (readonly [number, number])[]) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => this.read(chunk));
    socket.write(settingsFrame(...settings));
  }

  /** Streams whose HEADERS arrived. */
  get streams(): number[] {
    return this.frames.filter(({ type }) => type === FrameType.HEADERS).map((f) => f.streamId);
  }

  /** Body of a stream so far. */
  bodyOf(streamId: number): Buffer {
    const data = this.frames.filter((f) => f.type === FrameType.DATA && f.streamId === streamId);
    return Buffer.concat(data.map(({ payload }) => payload));
  }

  /** Whether END_STREAM of a stream arrived. */
  ended(streamId: number): boolean {
    return this.frames.some(
      (f) => f.type < 2 && f.streamId === streamId && (f.flags & Flag.END_STREAM) !== 0,
    );
  }

  has(type: number, streamId: number): boolean {
    return this.frames.some((f) => f.type === type && f.streamId === streamId);
  }

  write(...chunks: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(chunks));
  }

  /** A whole answer: headers, one message, trailers. */
  answer(streamId: number, text: string): void {
    this.write(
      headersFrame(streamId, okHeaders),
      dataFrame(streamId, grpcMessage(Buffer.from(text))),
      headersFrame(streamId, headerBlock([["grpc-status", "0"]]), true),
    );
  }

  private read(chunk: Buffer): void {
    const skip = Math.min(this.prefaceLeft, chunk.length);
    this.prefaceLeft -= skip;
    for (const frame of this.reader.push(chunk.subarray(skip))) {
      this.frames.push(frame);
      if (frame.type === FrameType.SETTINGS && (frame.flags & Flag.ACK) === 0) {
        this.write(settingsAck());
      }
    }
  }
}

/** Response headers of a gRPC call. */
export const okHeaders = headerBlock([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);

/** A server that does exactly what a test tells it, right or wrong. */
export class ScriptedServer {
  readonly peers: ScriptedPeer[] = [];
  settings: readonly (readonly [number, number])[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) =>
      this.peers.push(new ScriptedPeer(socket, this.settings)),
    );
  }

  /** Listens on loopback and resolves with the port. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    const address = this.server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Waits for the n-th connection, from 0. */
  async peer(n = 0): Promise<ScriptedPeer> {
    await until(`connection ${n}`, () => this.peers.length > n);
    const peer = this.peers[n];
    if (peer === undefined) throw new Error("no such connection");
    return peer;
  }

  close(): void {
    this.server.close();
    for (const { socket } of this.peers) socket.destroy();
  }
}
