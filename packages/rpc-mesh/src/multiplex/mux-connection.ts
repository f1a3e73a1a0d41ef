import type { Socket } from "node:net";
import { flushAfterRead, Output, readInto } from "@layotto/grpc-transport/socket";
import { Reason } from "../call/failure.ts";
import type { MeshClock } from "../clock.ts";
import { CodecError } from "./codec-error.ts";
import type { Exchange } from "./exchange.ts";
import { FrameReader } from "./frame-reader.ts";
import { Heartbeat, type Watched } from "./heartbeat.ts";
import type { MuxLimits } from "./limits.ts";
import { endAndLinger } from "./linger.ts";
import { PendingTable } from "./pending-table.ts";
import { FrameKind, type Frame, type FrameSink, type Wire } from "./wire.ts";

/** What a connection tells its pool. */
export interface MuxConnectionEvents {
  /** The host asks for no further requests here. */
  onDrainNotice(): void;
  /** The connection takes no more requests: it drains, is used up or closed. */
  onUnavailable(connection: object): void;
  onClosed(connection: object): void;
}

/** Settings of a connection to a host. */
export interface MuxConnectionOptions {
  readonly address: string;
  readonly clock: MeshClock;
  readonly limits: MuxLimits;
  /** Without requests for so long it is closed, ms; 0: never. */
  readonly idleTimeoutMs: number;
  /** Requests it may carry; 0: no limit. */
  readonly maxRequests: number;
}

/** One connection to a host with many requests under way. States: open → draining → closed. */
export class MuxConnection<F extends Frame> implements FrameSink<F>, Watched {
  closed = false;
  readAt: number;
  /** Answers that nobody waited for. */
  lateAnswers = 0;

  readonly wire: Wire<F>;
  private readonly socket: Socket;
  private readonly options: MuxConnectionOptions;
  private readonly events: MuxConnectionEvents;
  private readonly output: Output;
  private readonly reader: FrameReader<F>;
  private readonly pending = new PendingTable<Exchange<F>>();
  private readonly heartbeat: Heartbeat;
  private draining = false;
  private requests = 0;
  private usedAt: number;
  /** Octets handed to the output. */
  private queued = 0;
  private reason: Reason = Reason.RESET;
  private detail: string;

  constructor(
    socket: Socket,
    wire: Wire<F>,
    options: MuxConnectionOptions,
    events: MuxConnectionEvents,
  ) {
    this.socket = socket;
    this.wire = wire;
    this.options = options;
    this.events = events;
    this.detail = `the connection to ${options.address} was closed`;
    this.readAt = this.usedAt = options.clock.monotonic();
    this.output = new Output(socket, () => {});
    this.reader = new FrameReader(wire, this, options.limits.maxFrameBytes);
    this.heartbeat = new Heartbeat(options.clock, options.limits, this);
    socket.setNoDelay(true);
    socket.on("error", (error: Error) =>
      this.because(Reason.RESET, `the connection to ${options.address} broke: ${error.message}`),
    );
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.onSocketClosed());
    readInto(socket, (buffer, start, end) => this.receive(buffer, start, end));
  }

  /** Requests that wait for an answer. */
  get load(): number {
    return this.pending.size;
  }

  /** Whether it takes further requests. */
  get available(): boolean {
    return !this.draining && !this.closed;
  }

  /** Sends a request; check {@link available} first. */
  submit(exchange: Exchange<F>): void {
    const { address, limits, maxRequests } = this.options;
    if (this.output.backlog > limits.maxBacklogBytes) {
      return exchange.owner.lost(
        exchange,
        Reason.OVERFLOW,
        `${address} does not read: ${this.output.backlog} octets wait for it`,
      );
    }
    exchange.connection = this;
    exchange.offset = this.queued;
    if (exchange.oneway) exchange.id = this.pending.spareId();
    else this.pending.add(exchange);
    this.queued += exchange.owner.write(exchange, this.output);
    this.requests += 1;
    if (exchange.oneway) {
      this.usedAt = this.options.clock.monotonic();
      exchange.owner.sent(exchange);
    }
    if (this.requests === maxRequests) this.drain();
  }

  /** Nobody waits for this request any more. */
  forget(exchange: Exchange<F>): void {
    if (!exchange.oneway) this.pending.take(exchange.id);
    const { attempt } = exchange;
    if (attempt !== undefined && this.readAt < attempt.startedAt) this.heartbeat.suspect();
    if (this.draining) this.closeWhenDone();
  }

  /** Takes no more requests; closes when those under way have their answers. */
  drain(): void {
    if (this.draining || this.closed) return;
    this.draining = true;
    this.events.onUnavailable(this);
    this.closeWhenDone();
  }

  /** Closes at once; requests under way are lost for this reason. */
  destroy(reason: Reason, detail: string): void {
    this.because(reason, detail);
    this.onSocketClosed();
    this.socket.destroy();
  }

  onFrame(frame: F): void {
    switch (frame.kind) {
      case FrameKind.RESPONSE:
        return this.onAnswer(frame);
      case FrameKind.HEARTBEAT:
        this.queued += this.wire.heartbeatAck(this.output, frame);
        return;
      case FrameKind.DRAIN:
        this.drain();
        return this.events.onDrainNotice();
      default: // heartbeat answers have shown that the host lives; requests of a host are none of ours
    }
  }

  onOversize(frame: F, length: number): void {
    const exchange = frame.kind === FrameKind.RESPONSE ? this.take(frame) : undefined;
    if (exchange === undefined) return;
    const text = `${this.options.address} answered ${length} octets: at most ${this.options.limits.maxFrameBytes} are taken`;
    exchange.owner.lost(exchange, Reason.BODY_TOO_LARGE, text);
    if (this.draining) this.closeWhenDone();
  }

  beat(): void {
    this.queued += this.wire.heartbeat(this.output, this.pending.spareId());
  }

  dead(): void {
    const { address, limits } = this.options;
    this.destroy(Reason.RESET, `${address} left ${limits.heartbeatMisses} heartbeats unanswered`);
  }

  tick(now: number): void {
    const { idleTimeoutMs } = this.options;
    const isIdle = idleTimeoutMs > 0 && now - this.usedAt >= idleTimeoutMs;
    if (isIdle && this.pending.size === 0) this.drain();
  }

  private onAnswer(frame: F): void {
    const exchange = this.take(frame);
    this.usedAt = this.readAt;
    if (exchange === undefined) this.lateAnswers += 1;
    else exchange.owner.answer(exchange, frame);
    if (this.draining) this.closeWhenDone();
  }

  private take(frame: F): Exchange<F> | undefined {
    return frame.idHigh === 0 ? this.pending.take(frame.id) : undefined;
  }

  private receive(buffer: Buffer, start: number, end: number): void {
    if (this.closed) return;
    this.readAt = this.options.clock.monotonic();
    try {
      this.reader.feed(buffer, start, end);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.destroy(
        Reason.PROTOCOL_ERROR,
        `${this.options.address} sent no ${this.wire.protocol}: ${error.message}`,
      );
    }
    flushAfterRead();
  }

  private closeWhenDone(): void {
    if (this.closed || this.pending.size > 0) return;
    this.output.flush();
    endAndLinger(this.socket);
    this.onSocketClosed();
  }

  /**
   * Octets that may have left this process. Of a write that is under way the system may have taken any part, so it counts
   * whole; `Output.taken` counts it only when all of it is gone.
   */
  private leftOctets(): number {
    const dispatched: unknown = Reflect.get(this.socket, "_bytesDispatched"); // not public
    return typeof dispatched === "number" ? dispatched : this.queued - this.output.position;
  }

  private because(reason: Reason, detail: string): void {
    if (this.closed) return;
    this.reason = reason;
    this.detail = detail;
  }

  private onSocketClosed(): void {
    if (this.closed) return;
    this.closed = true;
    const left = this.leftOctets();
    this.heartbeat.stop();
    this.output.close();
    this.reader.close();
    if (!this.draining) this.events.onUnavailable(this);
    for (const exchange of this.pending.takeAll()) {
      // What never left this process did not run anywhere.
      const reason = exchange.offset >= left ? Reason.REFUSED : this.reason;
      exchange.owner.lost(exchange, reason, this.detail);
    }
    this.events.onClosed(this);
  }
}
