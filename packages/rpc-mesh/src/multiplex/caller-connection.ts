import type { Socket } from "node:net";
import {
  countPendingCalls,
  flushAfterRead,
  Output,
  readInto,
} from "@layotto/grpc-transport/socket";
import type { Timer } from "@layotto/sidecar-kit";
import type { ListenerScope } from "../listener/scope.ts";
import { CallList, type ListedCall } from "./call-list.ts";
import { CodecError } from "./codec-error.ts";
import { FrameReader } from "./frame-reader.ts";
import { muxLimits, type MuxLimits } from "./limits.ts";
import { endAndLinger } from "./linger.ts";
import { FrameKind, type Frame, type FrameSink, type Wire } from "./wire.ts";

/** Stands for an idle timeout of 0, which is none: the longest that timers bear, about 24 days. */
const NEVER_MS = 2 ** 31 - 1;

/** Makes calls of requests: what a protocol adds to a {@link CallerConnection}. */
export interface CallerProtocol<F extends Frame> {
  /** A request has come; the frame is valid until this returns. Begins a call, which adds itself to the connection. */
  onRequest(frame: F, connection: CallerConnection<F>): void;
  /** A request over the limit has come: only its head is there. To be answered with the protocol's own error. */
  onOversize(frame: F, length: number, connection: CallerConnection<F>): void;
  /** Whether callers of this listener understand the frame that asks for no further requests. */
  announcesDrain(scope: ListenerScope): boolean;
}

/** The connection of a caller, with many calls under way. States: open → draining → closed. */
export class CallerConnection<F extends Frame> implements FrameSink<F> {
  readonly scope: ListenerScope;
  readonly output: Output;
  /** Address without port; empty on unix sockets. */
  readonly peerAddress: string;
  closed = false;

  private readonly socket: Socket;
  private readonly wire: Wire<F>;
  private readonly protocol: CallerProtocol<F>;
  private readonly limits: MuxLimits;
  private readonly maxContentBytes: number;
  private readonly onClose: (connection: CallerConnection<F>) => void;
  private readonly reader: FrameReader<F>;
  private readonly calls = new CallList();
  private readAt: number;
  private draining = false;
  private stopped = false;
  private paused = false;
  private timer: Timer;

  constructor(
    socket: Socket,
    wire: Wire<F>,
    protocol: CallerProtocol<F>,
    scope: ListenerScope,
    onClose: (connection: CallerConnection<F>) => void,
    limits: MuxLimits = muxLimits,
  ) {
    const { clock } = scope.mesh;
    const { maxBodyBytes, idleTimeoutMs } = scope.config.limits;
    this.socket = socket;
    this.wire = wire;
    this.protocol = protocol;
    this.scope = scope;
    this.limits = limits;
    this.onClose = onClose;
    this.peerAddress = socket.remoteAddress ?? "";
    this.readAt = clock.monotonic();
    this.output = new Output(socket, () => this.pauseOrResume());
    this.maxContentBytes = maxBodyBytes > 0 ? maxBodyBytes : limits.maxFrameBytes;
    this.reader = new FrameReader(wire, this, this.maxContentBytes + wire.overheadBytes);
    this.timer = clock.after(idleTimeoutMs || NEVER_MS, () => this.lookIdle());
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.onSocketClosed());
  }

  /** Begins to read; `received` was read before to tell the protocol. */
  start(received: Buffer | undefined): void {
    if (received !== undefined) this.receive(received, 0, received.length);
    if (!this.closed)
      readInto(this.socket, (buffer, start, end) => this.receive(buffer, start, end));
  }

  /** Calls under way. */
  get active(): number {
    return this.calls.size;
  }

  /** A call has begun. */
  add(call: ListedCall): void {
    this.calls.add(call);
    countPendingCalls(1);
  }

  /** A call is over. */
  remove(call: ListedCall): void {
    countPendingCalls(-1);
    this.calls.remove(call);
    if (this.output.backlog > this.limits.maxCallerBacklogBytes) return this.destroy();
    if (this.paused) this.pauseOrResume();
    if (this.draining && this.calls.size === 0) this.awaitEnd();
  }

  /**
   * Asks the caller for no further requests, where it can be asked; closes when those under way have their answers and
   * the caller has been quiet for a moment.
   */
  drain(): void {
    if (this.draining || this.closed) return;
    this.draining = true;
    if (this.protocol.announcesDrain(this.scope)) this.wire.drain(this.output, 0);
    this.timer.cancel();
    if (this.calls.size === 0) this.awaitQuiet();
  }

  /** Takes no more requests from a caller that goes on after it was asked; closes when those under way have answers. */
  stopReading(): void {
    if (this.stopped || this.closed) return;
    this.stopped = true;
    this.draining = true;
    this.socket.pause();
    this.timer.cancel();
    if (this.calls.size === 0) this.finish();
  }

  /** Closes at once; calls under way are given up. */
  destroy(): void {
    this.socket.destroy();
    this.onSocketClosed();
  }

  onFrame(frame: F): void {
    if (frame.kind === FrameKind.REQUEST || frame.kind === FrameKind.ONEWAY) {
      const length = this.wire.contentBytes(frame);
      if (length > this.maxContentBytes) this.onOversize(frame, length);
      else this.protocol.onRequest(frame, this);
    } else if (frame.kind === FrameKind.HEARTBEAT) {
      this.wire.heartbeatAck(this.output, frame);
    }
  }

  onOversize(frame: F, length: number): void {
    if (frame.kind === FrameKind.REQUEST) this.protocol.onOversize(frame, length, this);
  }

  private receive(buffer: Buffer, start: number, end: number): void {
    if (this.closed) return;
    this.readAt = this.scope.mesh.clock.monotonic();
    try {
      this.reader.feed(buffer, start, end);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.refuse(error);
    }
    this.pauseOrResume();
    flushAfterRead();
  }

  private refuse(error: CodecError): void {
    this.scope.malformed += 1;
    const { logger } = this.scope.mesh;
    logger.debug(
      { listener: this.scope.config.name, peer: this.peerAddress, err: error },
      "malformed frame",
    );
    this.output.flush();
    this.destroy();
  }

  /** Reads no more from a caller that has much under way or does not take its answers. */
  private pauseOrResume(): void {
    const { limits, calls, output } = this;
    const isFull =
      output.backlog > limits.pauseBacklogBytes ||
      calls.size >= limits.maxCallsPerConnection ||
      calls.heldBytes >= limits.maxHeldBytes;
    if (isFull === this.paused || this.closed || this.stopped) return;
    this.paused = isFull;
    if (isFull) this.socket.pause();
    else this.socket.resume();
  }

  private lookIdle(): void {
    const { clock } = this.scope.mesh;
    const idleTimeoutMs = this.scope.config.limits.idleTimeoutMs || NEVER_MS;
    const left = this.readAt + idleTimeoutMs - clock.monotonic();
    if (left <= 0 && this.calls.size === 0) return this.drain();
    this.timer = clock.after(left > 0 ? left : idleTimeoutMs, () => this.lookIdle());
  }

  /** The last call is over; its answer may be written only after this. */
  private awaitEnd(): void {
    if (!this.stopped) return this.awaitQuiet();
    setImmediate(() => this.finish());
  }

  /** Requests may have been on their way when the caller was asked to stop: it is closed when it has been quiet. */
  private awaitQuiet(): void {
    const { clock } = this.scope.mesh;
    this.timer.cancel();
    this.timer = clock.after(this.limits.drainQuietMs, () => {
      if (this.calls.size > 0) return;
      if (clock.monotonic() - this.readAt < this.limits.drainQuietMs) this.awaitQuiet();
      else this.finish();
    });
  }

  private finish(): void {
    if (this.closed) return;
    this.output.flush();
    endAndLinger(this.socket);
    this.socket.resume(); // what still comes is dropped: closing with it unread would break the last answers off
    this.onSocketClosed();
  }

  private onSocketClosed(): void {
    if (this.closed) return;
    this.closed = true;
    this.timer.cancel();
    this.output.close();
    this.reader.close();
    this.calls.cancelAll();
    this.onClose(this);
  }
}
