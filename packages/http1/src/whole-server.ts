import type { Socket } from "node:net";
import type { ConnectionKeeper } from "./caller-connection.ts";
import { http1Clock, type Http1Clock } from "./clock.ts";
import { defaultLimits, type Http1Limits } from "./limits.ts";
import { OpenConnections } from "./open-connections.ts";
import { refusal, type OwnAnswer } from "./own-answer.ts";
import { WholeConnection } from "./whole-connection.ts";
import type { WholeHandler } from "./whole-request.ts";

/** Octets of request bodies that one server gathers at a time, unless it is told otherwise. */
const DEFAULT_BUFFERED_BYTES = 268_435_456;
const DEFAULT_IDLE_MS = 90_000;

/** Settings of a {@link WholeServer}. */
export interface WholeServerOptions {
  readonly limits?: Http1Limits;
  /** Octets of one request body; more get 413. 0: no limit. */
  readonly maxBodyBytes: number;
  /** Octets of the bodies of all requests that are read or worked on; more get 503. @default 256 MiB */
  readonly maxBufferedBytes?: number;
  /** Time without a request after which a connection is closed, ms; 0: never. @default 90000 */
  readonly idleTimeoutMs?: number;
  /** The handler threw, answered twice, or our own code failed. */
  readonly onFault: (error: unknown) => void;
  /** The form of the server's own answers to requests that it has understood. @default one line of text */
  readonly refusal?: (status: number, text: string) => OwnAnswer;
  /** @default the real time */
  readonly clock?: Http1Clock;
}

/**
 * Serves whole requests in HTTP/1.1 and 1.0 on the connections that it is handed: the handler gets each request when it
 * has come in, and answers when it can. Requests that a caller sends ahead are answered in their order.
 */
export class WholeServer {
  readonly handler: WholeHandler;
  readonly maxBodyBytes: number;
  readonly maxBufferedBytes: number;
  /** Octets of bodies that are read or worked on. Kept by the calls. */
  bodyBytes = 0;
  /** Connections that were refused because they broke the rules of HTTP. */
  malformed = 0;
  readonly keeper: ConnectionKeeper;
  /** Makes an answer of the server's own. */
  readonly refusal: (status: number, text: string) => OwnAnswer;
  private readonly open: OpenConnections;

  constructor(handler: WholeHandler, options: WholeServerOptions) {
    this.handler = handler;
    this.maxBodyBytes = options.maxBodyBytes;
    this.maxBufferedBytes = options.maxBufferedBytes ?? DEFAULT_BUFFERED_BYTES;
    this.refusal = options.refusal ?? refusal;
    const { clock = http1Clock, limits = defaultLimits, onFault } = options;
    this.open = new OpenConnections(clock);
    this.keeper = {
      limits,
      clock,
      onFault,
      idleTimeoutMs: options.idleTimeoutMs ?? DEFAULT_IDLE_MS,
      onMalformed: () => this.malformed++,
      onClosed: (connection) => this.open.delete(connection),
    };
  }

  /** Open connections. */
  get connections(): number {
    return this.open.size;
  }

  /** What callers with too large a body are told. */
  get tooLargeText(): string {
    return `the body is larger than ${this.maxBodyBytes} octets`;
  }

  /** Serves a connection. @param received octets that were read already, to tell the protocol */
  accept(socket: Socket, received?: Buffer): void {
    this.open.add(new WholeConnection(socket, this, received));
  }

  /** Closes idle connections, the others with their next answer. Resolves when all are closed, after `graceMs` by force. */
  drain(graceMs: number): Promise<void> {
    return this.open.drain(graceMs);
  }

  /** Closes all connections at once: calls under way are cancelled. */
  close(): Promise<void> {
    this.open.close();
    return Promise.resolve();
  }
}
