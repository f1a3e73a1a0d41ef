import type { Server, Socket } from "node:net";
import { Http2Connection } from "./connection/connection.ts";
import type { Head } from "./connection/head.ts";
import {
  serverKeepalive,
  type ConnectionEvents,
  type KeepaliveOptions,
  type OnBytes,
} from "./connection/options.ts";
import { SharedBudget } from "./connection/shared-budget.ts";
import type { Http2Stream } from "./connection/stream.ts";
import { GrpcError } from "./grpc-error.ts";
import { contentTypeField, errorTrailers, statusOkField } from "./grpc/fields.ts";
import { HeaderField } from "./hpack/field.ts";
import { defaultLimits, type ConnectionLimits } from "./limits.ts";
import {
  createListener,
  listen,
  type BoundAddress,
  type ListenTarget,
  type TlsServerOptions,
} from "./listener.ts";
import { PlainServerCall, speaksGrpc, type FallbackHandler } from "./plain-call.ts";
import { Status } from "./status.ts";
import { StreamServerCall, type StreamHandler } from "./stream-call.ts";
import { UnaryServerCall, type UnaryHandler } from "./unary-call.ts";
import type { CallSettings } from "./server-call.ts";

/** Takes over the calls of a server to methods that are not registered: a gateway. */
export interface StreamRouter {
  /** Sets `stream.sink`, or answers. The request is a valid gRPC request head. */
  onStream(stream: Http2Stream, head: Head, endStream: boolean): void;
}

/** Options of a {@link GrpcServer}. */
export interface ServerOptions extends Partial<KeepaliveOptions> {
  /** What a peer may cost; missing values from `defaultLimits`. */
  limits?: Partial<ConnectionLimits>;
  /** @default 4194304 */
  maxReceiveMessageBytes?: number;
  /** TLS, without it plain text. */
  tls?: TlsServerOptions;
  /** Told about errors of handlers that are no {@link GrpcError}. */
  onError?: (error: unknown, path: string) => void;
  /** Takes over calls to methods that are not registered; without it they get UNIMPLEMENTED. */
  router?: StreamRouter;
  /** The router takes requests that are not gRPC as well. @default false */
  routesPlain?: boolean;
  /** Answers requests that are not gRPC; without it they get status 415. */
  fallback?: FallbackHandler;
  /** Sees all bytes that clients send, decrypted; they are valid only during the call. */
  onBytes?: OnBytes;
}

type Method = { kind: "unary"; handler: UnaryHandler } | { kind: "stream"; handler: StreamHandler };

/** A gRPC server over HTTP/2 on any number of listeners. */
export class GrpcServer implements ConnectionEvents {
  private readonly options: ServerOptions;
  private readonly settings: CallSettings;
  private readonly limits: ConnectionLimits;
  private readonly budget: SharedBudget;
  private readonly keepalive: KeepaliveOptions;
  private readonly methods = new Map<string, Method>();
  private readonly listeners = new Set<Server>();
  private readonly open = new Set<Http2Connection>();
  private readonly emptyWaiters: (() => void)[] = [];
  private draining = false;

  constructor(options: ServerOptions = {}) {
    this.options = options;
    this.limits = { ...defaultLimits, ...options.limits };
    this.budget = new SharedBudget(this.limits.maxTotalBufferedBytes, this.limits.maxTotalStreams);
    this.keepalive = { ...serverKeepalive, ...pickKeepalive(options) };
    this.settings = {
      maxReceiveMessageBytes: options.maxReceiveMessageBytes ?? 4_194_304,
      onError: options.onError ?? ((): void => {}),
    };
  }

  /** Number of open connections. */
  get connections(): number {
    return this.open.size;
  }

  /** Number of calls in progress. */
  get activeCalls(): number {
    let calls = 0;
    for (const connection of this.open) calls += connection.openStreams;
    return calls;
  }

  /** Registers a unary method by its `":path"`, replacing what was there. */
  addUnary(path: string, handler: UnaryHandler): void {
    this.methods.set(path, { kind: "unary", handler });
  }

  /** Registers a streaming method of any kind by its `":path"`, replacing what was there. */
  addStream(path: string, handler: StreamHandler): void {
    this.methods.set(path, { kind: "stream", handler });
  }

  /** Removes a method: new calls get UNIMPLEMENTED. */
  remove(path: string): void {
    this.methods.delete(path);
  }

  /** Listens on one more address; rejects with the system's error, e.g. EADDRINUSE. */
  async listen(target: ListenTarget): Promise<BoundAddress> {
    const server = createListener(this.options.tls, (socket) => this.accept(socket));
    this.listeners.add(server);
    try {
      const bound = await listen(server, target);
      server.on("error", (error) => this.settings.onError(error, "listener"));
      return bound;
    } catch (error) {
      this.listeners.delete(server);
      throw error;
    }
  }

  /**
   * Stops accepting, asks clients to go elsewhere (GOAWAY in two steps), waits for calls in progress up to
   * the grace period, and closes what is left.
   */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    this.stopListening();
    for (const connection of this.open) connection.drain();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(graceMs, 0x7fff_ffff));
      void this.empty().then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    await this.close();
  }

  /** Closes everything at once; resolves when all sockets are closed. */
  close(): Promise<void> {
    this.draining = true;
    this.stopListening();
    for (const connection of this.open) {
      connection.close();
      connection.destroy();
    }
    return this.empty();
  }

  private empty(): Promise<void> {
    if (this.open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptyWaiters.push(resolve));
  }

  onStream(stream: Http2Stream, head: Head, endStream: boolean): void {
    if (!isGrpc(head)) {
      const { router, routesPlain } = this.options;
      if (router && routesPlain) return router.onStream(stream, head, endStream);
      return this.answerPlain(stream, head, endStream);
    }
    if (head.list.oversize) return this.rejectOversize(stream, head);
    const method = this.methods.get(head.path);
    if (method === undefined) {
      if (this.options.router) return this.options.router.onStream(stream, head, endStream);
      return reject(stream, unimplemented(head.path));
    }
    if (method.kind === "unary") {
      const call = new UnaryServerCall(stream, head, this.settings, method.handler);
      stream.sink = call;
      if (endStream) call.onData(stream, NO_DATA, 0, 0, true);
      return;
    }
    const call = new StreamServerCall(stream, head, this.settings);
    stream.sink = call;
    call.start(method.handler, endStream);
  }

  onReady(): void {}

  onDraining(): void {}

  onCapacity(): void {}

  onFault(error: unknown): void {
    this.settings.onError(error, "connection");
  }

  onClose(connection: Http2Connection): void {
    this.open.delete(connection);
    if (this.open.size > 0) return;
    for (const resolve of this.emptyWaiters.splice(0)) resolve();
  }

  /**
   * Serves a connection that somebody else has accepted.
   *
   * @param received bytes that were read from it already
   */
  accept(socket: Socket, received?: Buffer): void {
    const connection = new Http2Connection(socket, {
      isServer: true,
      limits: this.limits,
      budget: this.budget,
      events: this,
      onBytes: this.options.onBytes,
      ...this.keepalive,
    });
    this.open.add(connection);
    if (received !== undefined) connection.take(received);
    if (this.draining) connection.drain();
  }

  private stopListening(): void {
    for (const server of this.listeners) server.close();
    this.listeners.clear();
  }

  private answerPlain(stream: Http2Stream, head: Head, endStream: boolean): void {
    const call = new PlainServerCall((this.options.fallback ?? speaksGrpc)(head));
    stream.sink = call;
    if (endStream) call.reply(stream);
  }

  private rejectOversize(stream: Http2Stream, head: Head): void {
    const isPlain = this.options.routesPlain && !head.contentType.startsWith("application/grpc");
    if (isPlain) return stream.sendHeaders([fieldsTooLarge], true);
    const limit = this.limits.maxHeaderListBytes;
    const text = `Received metadata larger than max (more than ${limit} bytes vs. ${limit})`;
    reject(stream, new GrpcError(Status.RESOURCE_EXHAUSTED, text));
  }
}

const NO_DATA = Buffer.alloc(0);
const fieldsTooLarge = new HeaderField(":status", "431");

/** Answers a stream with an error and nothing else ("Trailers-Only"). */
function reject(stream: Http2Stream, error: GrpcError): void {
  stream.sendHeaders([statusOkField, contentTypeField, ...errorTrailers(error, null)], true);
}

/** The error for a method that nobody serves. */
export function unimplemented(path: string): GrpcError {
  return new GrpcError(Status.UNIMPLEMENTED, `Method "${path}" is not implemented`);
}

function isGrpc(head: Head): boolean {
  if (head.list.oversize) return true;
  return head.method === "POST" && head.contentType.startsWith("application/grpc");
}

function pickKeepalive(options: ServerOptions): Partial<KeepaliveOptions> {
  const { keepaliveMs, keepaliveTimeoutMs, maxIdleMs, maxAgeMs } = options;
  const all = { keepaliveMs, keepaliveTimeoutMs, maxIdleMs, maxAgeMs };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
