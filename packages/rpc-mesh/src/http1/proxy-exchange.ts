import type { Timer } from "@layotto/sidecar-kit";
import {
  append,
  appendChunk,
  appendFinalChunk,
  congested,
  Framing,
  type Head,
} from "@layotto/http1";
import type { Attempt } from "../call/attempt.ts";
import type { Reason } from "../call/failure.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { Exchange } from "./exchange.ts";
import type { Http1Pool } from "./pool.ts";
import type { ProxyCall } from "./proxy-call.ts";

/** Answers that nobody wants are read to their end up to this size, so that the connection lives on. */
const MAX_DRAINED_BYTES = 65_536;
/** And not for longer than this, ms. */
const DRAIN_MS = 1000;

/** One attempt of a proxied call on its way through a pool and a connection. */
export class ProxyExchange implements Exchange {
  readonly method: string;
  readonly upgrade: boolean;
  readonly attempt: Attempt;
  waiting = false;
  /** The request goes out on it. */
  connection: ClientConnection | undefined;
  private readonly call: ProxyCall;
  private readonly pool: Http1Pool;
  private readonly chunked: boolean;
  /** Given up: what still comes is read for the sake of the connection. */
  private muted = false;
  private patience: Timer | undefined;
  private over = false;

  constructor(call: ProxyCall, attempt: Attempt, pool: Http1Pool) {
    const { head } = call;
    this.call = call;
    this.attempt = attempt;
    this.pool = pool;
    this.method = head.method;
    this.upgrade = call.upgrade;
    this.chunked = head.framing === Framing.CHUNKED;
  }

  start(): void {
    this.pool.acquire(this);
  }

  /** Gives it up. */
  abort(): void {
    if (this.over) return;
    this.over = true;
    if (this.waiting) this.pool.cancel(this);
    this.connection?.abandon(this);
  }

  /** The answer is not wanted: a short one is read to its end, so that the connection can be used again. */
  ignoreAnswer(head: Head): void {
    const short = head.framing === Framing.NONE || (head.framing === Framing.LENGTH && head.contentLength <= MAX_DRAINED_BYTES); // prettier-ignore
    if (!short || !this.call.requestWhole || this.over) return this.abort();
    this.muted = true;
    this.patience = this.call.mesh.clock.after(DRAIN_MS, () => this.abort());
  }

  onConnection(connection: ClientConnection): void {
    this.connection = connection;
    const { kept } = this.call;
    this.call.writeHead(connection.output, this.attempt);
    const { bytes } = kept;
    if (bytes.length > 0) this.sendBody(bytes, 0, bytes.length);
    if (this.call.requestWhole) this.endBody(this.call.requestTrailers);
    this.call.onAttached();
  }

  sendBody(buffer: Buffer, start: number, end: number): void {
    const output = this.connection?.output;
    if (output === undefined || this.over) return;
    if (this.chunked) appendChunk(output, buffer, start, end);
    else append(output, buffer, start, end);
  }

  /** The request is whole. */
  endBody(trailers: Head | undefined): void {
    const { connection } = this;
    if (connection === undefined || this.over) return;
    if (this.chunked) appendFinalChunk(connection.output, trailers);
    connection.endRequest();
  }

  /** More of the request should wait. */
  get congested(): boolean {
    return !this.over && this.connection !== undefined && congested(this.connection.output);
  }

  onInterim(head: Head): void {
    if (!this.muted) this.call.onInterim(head);
  }

  onHead(head: Head): void {
    this.call.onHead(this, head);
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    if (!this.muted) this.call.onAnswerBody(this, buffer, start, end);
  }

  onEnd(trailers: Head | undefined): void {
    this.over = true;
    this.patience?.cancel();
    if (!this.muted) this.call.onAnswerEnd(this, trailers);
  }

  onBroken(reason: Reason, detail: string): void {
    if (this.over) return;
    this.over = true;
    this.patience?.cancel();
    if (!this.muted) this.call.onBroken(this, reason, detail);
  }

  onWritable(): void {
    this.call.resumeCaller();
  }
}
