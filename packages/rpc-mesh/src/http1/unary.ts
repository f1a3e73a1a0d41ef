import { append, appendText, Gatherer, type Head } from "@layotto/http1";
import { Reason } from "../call/failure.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { Exchange } from "./exchange.ts";
import type { Http1Pool } from "./pool.ts";

/** A whole request. */
export interface UnaryRequest {
  readonly method: string;
  /** Everything up to the body, made by {@link ./request-head.ts requestHead}. */
  readonly head: string;
  readonly body: Uint8Array;
}

/** Gets what came of a request: one of the two, once, unless it was aborted. */
export interface UnarySink {
  /**
   * @param headers the answer's header lines; decoded only when looked at, valid during the call
   * @param body valid during the call
   */
  onResponse(status: number, headers: Head, body: Buffer): void;
  onError(reason: Reason, detail: string): void;
}

/** A request under way. */
export interface UnaryHandle {
  /** Gives it up; the sink hears nothing more. */
  abort(): void;
}

/**
 * Sends a whole request and gathers the whole answer.
 *
 * @param maxBodyBytes a larger answer is BODY_TOO_LARGE; 0: no limit
 */
export function sendUnary(
  pool: Http1Pool,
  request: UnaryRequest,
  sink: UnarySink,
  maxBodyBytes: number,
): UnaryHandle {
  const call = new UnaryExchange(pool, request, sink, maxBodyBytes);
  pool.acquire(call);
  return call;
}

class UnaryExchange implements Exchange, UnaryHandle {
  readonly method: string;
  readonly upgrade = false;
  waiting = false;
  private readonly pool: Http1Pool;
  private readonly request: UnaryRequest;
  private readonly sink: UnarySink;
  private readonly gathered: Gatherer;
  private connection: ClientConnection | undefined;
  private head: Head | undefined;
  private over = false;

  constructor(pool: Http1Pool, request: UnaryRequest, sink: UnarySink, maxBodyBytes: number) {
    this.method = request.method;
    this.pool = pool;
    this.request = request;
    this.sink = sink;
    this.gathered = new Gatherer(maxBodyBytes);
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    if (this.waiting) this.pool.cancel(this);
    this.connection?.abandon(this);
  }

  onConnection(connection: ClientConnection): void {
    this.connection = connection;
    const { head, body } = this.request;
    const { output } = connection;
    appendText(output, head);
    if (body.length > 0) append(output, asBuffer(body), 0, body.length);
    connection.endRequest();
  }

  onInterim(): void {
    // Nothing was asked that an interim answer could be about.
  }

  onHead(head: Head): void {
    this.head = head;
    this.gathered.begin(head.contentLength);
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    if (this.over || this.gathered.add(buffer, start, end)) return;
    this.abort();
    this.sink.onError(Reason.BODY_TOO_LARGE, `the answer is larger than ${this.gathered.maxBytes} octets`); // prettier-ignore
  }

  onEnd(): void {
    this.over = true;
    const { head } = this;
    if (head !== undefined) this.sink.onResponse(head.status, head, this.gathered.take());
  }

  onBroken(reason: Reason, detail: string): void {
    if (this.over) return;
    this.over = true;
    this.sink.onError(reason, detail);
  }

  onWritable(): void {
    // All of the request is in the output already.
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
