import type { Socket } from "node:net";
import { flushAfterRead, Output, readInto } from "@layotto/grpc-transport/socket";
import { BodyReader, type BodySink } from "./body-reader.ts";
import { CallerWatch } from "./caller-watch.ts";
import type { Http1Clock } from "./clock.ts";
import { breakOff, closeSoon } from "./close-soon.ts";
import { staysOpen, wantsUpgrade } from "./connection-options.ts";
import { expectsContinue } from "./expectation.ts";
import { HeadReader } from "./head-reader.ts";
import type { Head } from "./head.ts";
import { Http1Error } from "./http1-error.ts";
import type { Http1Limits } from "./limits.ts";
import type { Drainable } from "./open-connections.ts";
import { appendOwnAnswer, refusal, type OwnAnswer } from "./own-answer.ts";
import { INCOMPLETE } from "./parse-fields.ts";
import { Stash } from "./stash.ts";
import { congested } from "./write.ts";

/** A drained connection ends when it has been quiet for so long. */
const DRAIN_QUIET_MS = 1000;

/** What is made of one request: it gets the body and gives the answer. */
export interface CallerCall {
  /** Something of the answer came since this was reset. */
  progress: boolean;
  /** The answer goes out, not yet whole. */
  readonly answering: boolean;
  /** Time its answer may stand still, ms. */
  readonly answerStallMs: number;
  /** All that came together with the head was handed over. */
  begin(): void;
  /** Octets of the body, valid during the call. */
  onRequestBody(buffer: Buffer, start: number, end: number): void;
  onRequestEnd(trailers: Head | undefined): void;
  /** Reads the caller on if there is somebody to take what it sends. */
  resumeCaller(): void;
  /** The caller takes more after it was congested. */
  onDrained(): void;
  /** The answer stands still. */
  onStall(): void;
  /** Octets of the tunnel that began with 101. */
  onTunnel(buffer: Buffer, start: number, end: number): void;
  /** The caller has closed its end of the tunnel. */
  endTunnel(): void;
  /** The caller is gone: nothing more can be answered. */
  cancelled(): void;
}

/** Who keeps the connections of callers. */
export interface ConnectionKeeper {
  readonly limits: Http1Limits;
  /** Time without a request after which a connection is closed, ms; 0: never. */
  readonly idleTimeoutMs: number;
  readonly clock: Http1Clock;
  onClosed(connection: Drainable): void;
  /** A caller broke the rules; it was refused. */
  onMalformed(): void;
  /** Our own code failed; only this connection ends. */
  readonly onFault: (error: unknown) => void;
}

/**
 * A connection of a caller: one request after the other, answered in order. What a caller sends ahead waits, at most 64
 * KiB of it, then it is not read until the calls before are over; nor is a caller that takes no answers.
 *
 * States: idle → request being read → answered → idle … → lingering (our side ended, theirs is read into nowhere) → closed.
 */
export abstract class CallerConnection<C extends CallerCall> implements BodySink {
  readonly output: Output;
  /** Address of the caller; empty on unix sockets. */
  readonly peerAddress: string;
  readonly encrypted: boolean;
  /** Told when our own code fails. */
  readonly onFault: (error: unknown) => void;
  protected readonly reader: HeadReader;
  protected call: C | undefined;
  private readonly socket: Socket;
  private readonly caller: ConnectionKeeper;
  private readonly body: BodyReader;
  private readonly stash = new Stash();
  private readonly watch: CallerWatch;
  private requestDone = true;
  /** Octets of the answer are out, or on their way. */
  private answerBegun = false;
  /** The connection ends after the answer. */
  private closing = false;
  private draining = false;
  private lingering = false;
  private tunnel = false;
  private reading = false;
  private paused = false;
  private closed = false;

  constructor(socket: Socket, keeper: ConnectionKeeper) {
    this.socket = socket;
    this.caller = keeper;
    this.onFault = keeper.onFault;
    this.reader = new HeadReader(true, keeper.limits);
    this.body = new BodyReader(keeper.limits);
    this.output = new Output(socket, () => this.onDrained());
    this.peerAddress = (socket.remoteAddress ?? "").replace(/^::ffff:/u, "");
    this.encrypted = "encrypted" in socket;
    this.watch = new CallerWatch(keeper.limits, keeper.idleTimeoutMs);
  }

  /** Begins to read: the last thing that a constructor does. @param received octets that were read already */
  protected start(received: Buffer | undefined): void {
    const { socket } = this;
    socket.setNoDelay(true);
    socket.on("error", () => {}); // "close" follows
    socket.on("end", () => this.onEndOfInput());
    socket.on("close", () => this.onClose());
    readInto(socket, (buffer, start, end) => this.receive(buffer, start, end));
    if (received !== undefined) this.receive(received, 0, received.length);
  }

  /** A request has begun. Undefined: it was answered already, with {@link answer}. */
  protected abstract openCall(head: Head): C | undefined;

  get head(): Head {
    return this.reader.head;
  }

  /** Minor version of the request. */
  get minor(): number {
    return this.reader.head.minor;
  }

  /** A call is under way. */
  get busy(): boolean {
    return this.call !== undefined;
  }

  /** The request asks for another protocol and may get it. */
  get wantsUpgrade(): boolean {
    return this.body.done && wantsUpgrade(this.head);
  }

  /**
   * Takes one further request at most, which may be on its way: its answer says `connection: close`. A connection ends
   * when it has been quiet for a moment: ended at once it could meet a request, and not all may be sent again.
   */
  drain(): void {
    this.draining = true;
    if (this.call === undefined) this.awaitQuiet();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Whether the connection is to end after the answer that begins now. @param untilClose its end is that of its body */
  decideClose(untilClose: boolean): boolean {
    this.closing = untilClose || this.draining || !this.requestDone || !staysOpen(this.head);
    return this.closing;
  }

  /** The answer's first octets are being written. */
  answerBegins(): void {
    this.answerBegun = true;
  }

  /** The answer is written whole. */
  answerDone(): void {
    if (this.closed) return;
    this.call = undefined;
    if (this.closing || this.tunnel || !this.requestDone) return this.finishClosing();
    // The head of this answer did not say so.
    if (this.draining) this.awaitQuiet();
    this.reader.release();
    if (!this.reading) this.readStash();
  }

  /** Answers instead of a host. @param requestWhole nothing of the request is left to be read */
  answer(answer: OwnAnswer, requestWhole: boolean): void {
    if (this.closed || this.answerBegun) return;
    this.answerBegins();
    const close = !requestWhole || this.decideClose(false);
    this.closing = close;
    const headOnly = this.head.method === "HEAD";
    appendOwnAnswer(this.output, answer, { callerMinor: this.minor, close, headOnly });
    this.answerDone();
  }

  /** The answer cannot be finished. @param reset its end could be taken for the end of its body */
  cut(reset: boolean): void {
    if (this.closed) return;
    this.call = undefined;
    if (reset) {
      breakOff(this.socket);
      return;
    }
    this.output.flush();
    this.lingering = true;
    closeSoon(this.socket);
  }

  /** What comes now is not HTTP any more. */
  beginTunnel(): void {
    this.tunnel = true;
    this.socket.setKeepAlive(true, 60_000);
    if (!this.reading) this.readStash();
  }

  pauseReading(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.socket.pause();
  }

  resumeReading(): void {
    if (!this.paused || this.closed || this.stash.full) return;
    this.paused = false;
    this.socket.resume();
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    this.call?.onRequestBody(buffer, start, end);
  }

  /** @param now monotonic ms */
  sweep(now: number): void {
    const { call, reader, output, requestDone, paused, lingering, tunnel } = this;
    const waitsForBody = call !== undefined && !requestDone && !paused;
    const progress = call?.progress ?? false;
    if (call !== undefined) call.progress = false;
    const late = this.watch.look(now, { headPending: reader.pending, busy: call !== undefined, waitsForBody, answering: call?.answering ?? false, answerStallMs: call?.answerStallMs ?? 0, progress, output, lingering, tunnel }); // prettier-ignore
    if (late === "idle") setImmediate(() => this.closeUnheard());
    else if (late === "head" || late === "body")
      this.refuse(new Http1Error(408, "the request did not come in time")); // prettier-ignore
    else if (late === "answer") call?.onStall();
    else if (late === "dead") this.destroy();
  }

  private receive(buffer: Buffer, start: number, end: number): void {
    this.watch.heard = true;
    if (this.closed || this.lingering) return;
    try {
      this.read(buffer, start, end);
    } catch (error) {
      this.reading = false;
      if (error instanceof Http1Error) this.refuse(error);
      else {
        this.onFault(error);
        this.destroy();
      }
    }
    flushAfterRead();
  }

  private read(buffer: Buffer, start: number, end: number): void {
    this.reading = true;
    let position = start;
    while (position < end && !this.closed && !this.lingering) {
      if (this.tunnel) this.call?.onTunnel(buffer, position, end);
      else if (this.requestDone && (this.call !== undefined || this.isFull()))
        this.hold(buffer, position, end); // prettier-ignore
      else {
        position = this.step(buffer, position, end);
        continue;
      }
      break;
    }
    this.reading = false;
  }

  /** So many answers wait for the caller that no further request is begun. {@link onDrained} follows then. */
  private isFull(): boolean {
    if (!congested(this.output)) return false;
    this.output.flush();
    return congested(this.output);
  }

  /** Reads a head with as much of its body as is there, or more of a body. */
  private step(buffer: Buffer, start: number, end: number): number {
    const { call } = this;
    if (call !== undefined || !this.requestDone) return this.readBody(call, buffer, start, end);
    const position = this.reader.read(buffer, start, end, "");
    if (position === INCOMPLETE) return end;
    const begun = this.beginCall();
    if (begun === undefined) return position;
    const after = this.readBody(begun, buffer, position, end);
    if (this.call === begun) begun.begin();
    return after;
  }

  private beginCall(): C | undefined {
    const { head } = this.reader;
    this.body.begin(head);
    this.requestDone = false;
    this.answerBegun = false;
    this.closing = false;
    expectsContinue(head);
    this.call = this.openCall(head);
    return this.call;
  }

  private readBody(call: C | undefined, buffer: Buffer, start: number, end: number): number {
    const { body } = this;
    const after = body.done ? start : body.read(buffer, start, end, this);
    if (body.done && !this.requestDone) {
      this.requestDone = true;
      call?.onRequestEnd(body.trailers);
    }
    return after;
  }

  /** Timers run before what has arrived is read: a request may lie in the kernel, so reads come first. */
  private awaitQuiet(): void {
    const close = (): void => {
      if (this.call === undefined && !this.reader.pending) this.finishClosing();
    };
    this.caller.clock.after(DRAIN_QUIET_MS, () => setImmediate(close));
  }

  private closeUnheard(): void {
    if (!this.watch.heard) this.finishClosing();
  }

  private hold(buffer: Buffer, start: number, end: number): void {
    this.stash.add(buffer, start, end);
    if (this.stash.full) this.pauseReading();
  }

  private readStash(): void {
    const held = this.stash.take();
    if (held !== undefined) this.receive(held, 0, held.length);
    if (this.call === undefined) this.resumeReading();
    else this.call.resumeCaller();
  }

  private refuse(error: Http1Error): void {
    const { call } = this;
    if (call !== undefined) call.cancelled();
    this.call = undefined;
    if (this.answerBegun && call !== undefined) return this.cut(true);
    this.caller.onMalformed();
    const answer = refusal(error.status, error.message);
    appendOwnAnswer(this.output, answer, { callerMinor: 1, close: true, headOnly: false });
    this.finishClosing();
  }

  /** Ends our side; what still comes is read into nowhere, or a reset could overtake the answer (RFC 9112 §9.6). */
  private finishClosing(): void {
    if (this.lingering || this.closed) return;
    this.lingering = true;
    this.output.flush();
    this.socket.end();
    this.stash.take();
    if (this.paused) {
      this.paused = false;
      this.socket.resume();
    }
  }

  private onDrained(): void {
    if (this.call !== undefined) this.call.onDrained();
    else if (!this.reading && !this.lingering && !this.closed) this.readStash();
  }

  /** The caller will send no more. With a call under way it is taken to be gone, as most servers do. */
  private onEndOfInput(): void {
    if (this.closed) return;
    if (this.tunnel) this.call?.endTunnel();
    this.output.flush();
    closeSoon(this.socket);
    this.giveUp();
  }

  private onClose(): void {
    if (this.closed) return;
    this.closed = true;
    this.output.close();
    this.giveUp();
    this.caller.onClosed(this);
  }

  private giveUp(): void {
    const { call } = this;
    this.call = undefined;
    this.lingering = true;
    call?.cancelled();
  }
}
