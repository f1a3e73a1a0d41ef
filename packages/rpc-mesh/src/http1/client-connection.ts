import type { Socket } from "node:net";
import { flushAfterRead, Output, readInto } from "@layotto/grpc-transport/socket";
import {
  BodyReader,
  closeSoon,
  Field,
  type Head,
  HeadReader,
  Http1Error,
  type Http1Limits,
  INCOMPLETE,
  keepAliveMs,
  staysOpen,
} from "@layotto/http1";
import { Reason } from "../call/failure.ts";
import type { Exchange } from "./exchange.ts";

/** Who owns connections. */
export interface ConnectionOwner {
  /** The exchange is over and the connection can serve another. */
  onFree(connection: ClientConnection): void;
  /** The connection is over; called once. */
  onClosed(connection: ClientConnection): void;
  /** Our own code failed; only this connection ends. */
  onFault(error: unknown): void;
}

/**
 * A connection to a server, one exchange at a time.
 *
 * States: free → busy (exchange set) → free | closed. It is used again only when the answer was delimited, neither side
 * wants it closed, the request went out whole, and not an octet came beyond the answer.
 */
export class ClientConnection {
  readonly output: Output;
  /** Exchanges so far. */
  exchanges = 0;
  closed = false;
  /** Monotonic ms since which it is free. Kept by the pool. */
  freeSince = 0;
  /** How long the server keeps it when it is free, as far as it says so, ms. */
  serverKeepsMs = Number.POSITIVE_INFINITY;

  private readonly socket: Socket;
  private readonly owner: ConnectionOwner;
  private readonly limits: Http1Limits;
  private readonly reader: HeadReader;
  private readonly body: BodyReader;
  private exchange: Exchange | undefined;
  private inBody = false;
  private tunnel = false;
  private requestDone = false;
  private reusable = false;
  private heard = false;
  private paused = false;
  private interim = 0;
  private handedBefore = 0;
  private fault: Error | undefined;

  constructor(socket: Socket, owner: ConnectionOwner, limits: Http1Limits) {
    this.socket = socket;
    this.owner = owner;
    this.limits = limits;
    this.reader = new HeadReader(false, limits);
    this.body = new BodyReader(limits);
    this.output = new Output(socket, () => this.exchange?.onWritable());
    socket.on("error", (error: Error) => (this.fault ??= error));
    socket.on("end", () => this.onEndOfInput());
    socket.on("close", () => this.onClose());
    readInto(socket, (buffer, start, end) => this.receive(buffer, start, end));
  }

  /** Gives the connection to an exchange. */
  begin(exchange: Exchange): void {
    this.exchange = exchange;
    this.exchanges++;
    this.inBody = false;
    this.requestDone = false;
    this.heard = false;
    this.interim = 0;
    this.handedBefore = this.handed;
    exchange.onConnection(this);
  }

  /** The request has been written whole. */
  endRequest(): void {
    this.requestDone = true;
  }

  /** Stops reading: the exchange cannot take more at the moment. */
  pause(): void {
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    this.paused = false;
    if (!this.closed) this.socket.resume();
  }

  /** The other end of the tunnel has closed: so does this one, when all is sent. */
  endTunnel(): void {
    if (this.closed) return;
    this.exchange = undefined;
    this.closeSoon();
  }

  /** The exchange is given up and hears nothing more. The connection ends with it. */
  abandon(exchange: Exchange): void {
    if (this.exchange !== exchange) return;
    this.exchange = undefined;
    this.destroy();
  }

  /** Ends the connection; an exchange on it breaks. */
  destroy(): void {
    this.end(Reason.RESET, "the connection was closed");
  }

  /** Octets handed to the kernel or at least to the socket. */
  private get handed(): number {
    return this.output.taken + this.socket.writableLength;
  }

  private receive(buffer: Buffer, start: number, end: number): void {
    try {
      this.read(buffer, start, end);
    } catch (error) {
      if (!(error instanceof Http1Error)) this.owner.onFault(error);
      const what = error instanceof Http1Error ? error.message : "something that we fail to handle";
      this.end(Reason.PROTOCOL_ERROR, `the host answered with ${what}`);
    }
    flushAfterRead();
  }

  private read(buffer: Buffer, start: number, end: number): void {
    let position = start;
    while (position < end && !this.closed) {
      const { exchange } = this;
      // Nobody asked: often a 408 before the server closes an idle connection.
      if (exchange === undefined) return this.destroy();
      if (!this.heard && this.handed === this.handedBefore) {
        return this.end(Reason.REFUSED, "the host sent something before the request was sent");
      }
      this.heard = true;
      if (this.tunnel) return exchange.onBody(buffer, position, end);
      if (!this.inBody) {
        position = this.reader.read(buffer, position, end, exchange.method);
        if (position === INCOMPLETE) return;
        this.readHead(exchange, this.reader.head);
      } else {
        position = this.body.read(buffer, position, end, exchange);
      }
      if (this.inBody && this.body.done && !this.closed) this.finish(position < end);
    }
  }

  private readHead(exchange: Exchange, head: Head): void {
    if (head.status < 200 && head.status !== 101) {
      if (++this.interim > this.limits.maxInterim) throw new Http1Error(502, "too many interim answers"); // prettier-ignore
      return exchange.onInterim(head);
    }
    if (head.status === 101 && !exchange.upgrade) throw new Http1Error(502, "an upgrade that nobody asked for"); // prettier-ignore
    this.reusable = staysOpen(head);
    if ((head.seen & Field.KEEP_ALIVE) !== 0) this.serverKeepsMs = keepAliveMs(head);
    if (head.status === 101) this.tunnel = true;
    else this.inBody = true;
    this.body.begin(head);
    exchange.onHead(head);
  }

  private finish(leftOver: boolean): void {
    const { exchange } = this;
    const { trailers } = this.body;
    this.exchange = undefined;
    this.inBody = false;
    this.reader.release();
    // The last octets may have been too many for a slow caller: the next exchange is not to wait for it.
    if (this.paused) this.resume();
    if (this.reusable && this.requestDone && !leftOver) this.owner.onFree(this);
    else this.destroy();
    exchange?.onEnd(trailers);
  }

  private onEndOfInput(): void {
    if (this.closed) return;
    const { exchange } = this;
    if (exchange !== undefined && this.inBody && this.body.endOfInput()) {
      this.reusable = false;
      return this.finish(false);
    }
    if (exchange === undefined || !this.tunnel) return this.onClose();
    this.exchange = undefined;
    this.closeSoon();
    exchange.onEnd(undefined);
  }

  /** Nothing more will come that matters; what is on its way to the server is let through. */
  private closeSoon(): void {
    this.closed = true;
    this.output.flush();
    closeSoon(this.socket);
    this.owner.onClosed(this);
  }

  private onClose(): void {
    if (this.closed) return;
    const cause = this.fault === undefined ? "" : `: ${this.fault.message}`;
    if (this.handed === this.handedBefore) {
      this.end(Reason.REFUSED, `the connection was closed before the request was sent${cause}`);
    } else if (this.heard) {
      this.end(Reason.RESET, `the connection was closed in the middle of the answer${cause}`);
    } else {
      this.end(Reason.RESET, `the connection was closed before an answer${cause}`);
    }
  }

  /** The owner hears first: another attempt may start at once and needs the room. */
  private end(reason: Reason, detail: string): void {
    if (this.closed) return;
    this.closed = true;
    const { exchange } = this;
    this.exchange = undefined;
    this.output.close();
    this.socket.destroy();
    this.owner.onClosed(this);
    exchange?.onBroken(reason, detail);
  }
}
