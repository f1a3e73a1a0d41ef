import { connect, type Socket } from "node:net";

import {
  ErrorCode,
  Flag,
  FrameType,
  PREFACE,
  RawFrameReader,
  dataFrame,
  grpcMessage,
  grpcRequestBlock,
  headersFrame,
  pingFrame,
  settingsAck,
  settingsFrame,
  type RawFrame,
} from "./raw-frames.ts";

/** Where a {@link RawPeer} connects to. */
export type RawTarget =
  { readonly host?: string; readonly port: number } | { readonly path: string };

/** How a {@link RawPeer} behaves by itself. */
export interface RawPeerOptions {
  /** Send the preface and a SETTINGS frame on connect. Default true. */
  readonly preface?: boolean;
  /** Settings sent with the preface, `[identifier, value]`. Default none. */
  readonly settings?: readonly (readonly [number, number])[];
  /** Answer SETTINGS and PING by itself. Default true. */
  readonly polite?: boolean;
  /** Keep the frames that arrive, so that {@link RawPeer.waitFor} can find them. Default true. */
  readonly record?: boolean;
}

interface Waiter {
  readonly matches: (frame: RawFrame) => boolean;
  readonly resolve: (frame: RawFrame) => void;
  readonly reject: (error: Error) => void;
}

/** How long a test waits for one frame, ms: much more than it takes on a machine that is busy with other things. */
const WAIT_MS = 20_000;

/**
 * An HTTP/2 peer over a plain socket which does exactly what it is told, right or wrong.
 * Frames that arrive are kept in {@link RawPeer.frames} and can be awaited.
 */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  /** Resolves when the socket is closed, whoever closed it. */
  readonly closed: Promise<void>;
  /** Error code of the last GOAWAY that arrived. */
  goawayCode: number | undefined;
  /** Called for each frame as it arrives. */
  onFrame: ((frame: RawFrame) => void) | undefined;
  private readonly reader = new RawFrameReader();
  private readonly waiters = new Set<Waiter>();
  private readonly polite: boolean;
  private readonly record: boolean;

  constructor(socket: Socket, options: RawPeerOptions = {}) {
    this.socket = socket;
    this.polite = options.polite ?? true;
    this.record = options.record ?? true;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => undefined); // a reset by the peer is an answer here, not a fault
    socket.on("data", (chunk) => this.read(chunk));
    socket.once("close", () => this.failWaiters());
  }

  /** Connects and, unless told otherwise, sends the preface and SETTINGS. */
  static async connect(target: RawTarget, options: RawPeerOptions = {}): Promise<RawPeer> {
    const socket =
      "path" in target
        ? connect({ path: target.path, noDelay: true })
        : connect({ host: target.host ?? "127.0.0.1", port: target.port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    const peer = new RawPeer(socket, options);
    if (options.preface ?? true) peer.write(PREFACE, settingsFrame(...(options.settings ?? [])));
    return peer;
  }

  /** Writes chunks in one go; false when the socket's buffer is full or gone. */
  write(...chunks: readonly Uint8Array[]): boolean {
    if (this.socket.destroyed || this.socket.writableEnded) return false;
    return this.socket.write(chunks.length === 1 ? (chunks[0] ?? "") : Buffer.concat(chunks));
  }

  /** Sends a unary gRPC request on `streamId`. */
  request(
    streamId: number,
    path: string,
    message: Uint8Array,
    extra: Iterable<readonly [string, string]> = [],
  ): void {
    this.write(
      headersFrame(streamId, grpcRequestBlock(path, extra)),
      dataFrame(streamId, grpcMessage(message), true),
    );
  }

  /** Resolves with the first frame, past or future, for which `matches` is true. */
  waitFor(matches: (frame: RawFrame) => boolean, timeoutMs = WAIT_MS): Promise<RawFrame> {
    const past = this.frames.find(matches);
    if (past !== undefined) return Promise.resolve(past);
    if (this.socket.destroyed) return Promise.reject(new Error("peer closed the connection"));
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
      };
      const waiter: Waiter = {
        matches,
        resolve: (found) => (settle(), resolve(found)),
        reject: (error) => (settle(), reject(error)),
      };
      const timer = setTimeout(
        () => waiter.reject(new Error(`no such frame in ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.waiters.add(waiter);
    });
  }

  /** Resolves with the error code of the GOAWAY or, without one, undefined once the socket closed. */
  async waitForGoaway(timeoutMs = WAIT_MS): Promise<number | undefined> {
    const found = await this.waitFor(({ type }) => type === FrameType.GOAWAY, timeoutMs).catch(
      () => undefined,
    );
    return found?.payload.readUInt32BE(4);
  }

  /** Resolves with the error code of the RST_STREAM of `streamId`. */
  async waitForReset(streamId: number, timeoutMs = WAIT_MS): Promise<number> {
    const found = await this.waitFor(
      (frame) => frame.type === FrameType.RST_STREAM && frame.streamId === streamId,
      timeoutMs,
    );
    return found.payload.readUInt32BE(0);
  }

  /** Resolves when the peer has dealt with everything that was sent so far. */
  async settled(label = Math.trunc(Math.random() * 0x7fffffff)): Promise<void> {
    this.write(pingFrame(label));
    await this.waitFor(
      ({ type, flags, payload }) =>
        type === FrameType.PING && (flags & Flag.ACK) !== 0 && payload.readUInt32BE(4) === label,
    );
  }

  /** Closes the socket at once. */
  destroy(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    for (const frame of this.reader.push(chunk)) {
      if (this.record) this.frames.push(frame);
      if (frame.type === FrameType.GOAWAY) this.goawayCode = frame.payload.readUInt32BE(4);
      if (this.polite) this.answer(frame);
      this.onFrame?.(frame);
      for (const waiter of this.waiters) if (waiter.matches(frame)) waiter.resolve(frame);
    }
  }

  private answer({ type, flags, payload }: RawFrame): void {
    if ((flags & Flag.ACK) !== 0) return;
    if (type === FrameType.SETTINGS) this.write(settingsAck());
    if (type === FrameType.PING) {
      this.write(pingFrame(payload.readUInt32BE(4), Flag.ACK));
    }
  }

  private failWaiters(): void {
    const reason =
      this.goawayCode === undefined ? "without GOAWAY" : `after ${codeName(this.goawayCode)}`;
    for (const waiter of this.waiters) {
      waiter.reject(new Error(`peer closed the connection ${reason}`));
    }
  }
}

/** Name of an HTTP/2 error code, for messages of tests. */
export function codeName(code: number): string {
  return Object.entries(ErrorCode).find(([, value]) => value === code)?.[0] ?? `code ${code}`;
}
