import type { Socket } from "node:net";
import type { BaseClientCall, CallOptions, ClientCallSettings } from "./client-call.ts";
import { nameOfTarget, openSocket, type ClientTarget } from "./client-target.ts";
import { StreamClientCall, type ClientStream } from "./client-stream.ts";
import { ConnectionRequest, type WaitingCall } from "./connection-request.ts";
import { Http2Connection } from "./connection/connection.ts";
import {
  clientKeepalive,
  type ConnectionEvents,
  type KeepaliveOptions,
} from "./connection/options.ts";
import { SharedBudget } from "./connection/shared-budget.ts";
import { GrpcError } from "./grpc-error.ts";
import { defaultLimits, type ConnectionLimits } from "./limits.ts";
import {
  MessageClientCall,
  type MessageListener,
  type MessageStream,
} from "./message-client-call.ts";
import { RequestHeaders } from "./request-headers.ts";
import { Status } from "./status.ts";
import { UnaryClientCall, type UnaryCallback, type UnaryReply } from "./unary-client-call.ts";

/** Options of a {@link GrpcClient}. */
export interface ClientOptions extends Partial<KeepaliveOptions> {
  /** What the server may cost; missing values from `defaultLimits`. */
  limits?: Partial<ConnectionLimits>;
  /** @default 4194304 */
  maxReceiveMessageBytes?: number;
  /** Time to connect, ms. @default 10000 */
  connectTimeoutMs?: number;
  /** First pause before connecting again, ms; grows by 1.6 with 20 % jitter. @default 100 */
  backoffMs?: number;
  /** Longest pause, ms. @default 10000 */
  maxBackoffMs?: number;
  /** Keep connected without calls. @default false */
  persistent?: boolean;
  /** Calls that may wait for a connection. @default 10000 */
  maxWaitingCalls?: number;
  /** @default "layotto-grpc/1" */
  userAgent?: string;
  /** Told what callbacks threw. @default a warning of the process */
  onError?: (error: unknown) => void;
}

/**
 * idle → connecting → ready → idle, connecting (when the server drains) or transient-failure;
 * connecting → transient-failure → connecting (after a pause); any → closed.
 */
export type ConnectionState = "idle" | "connecting" | "ready" | "transient-failure" | "closed";

function authorityOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const BACKOFF_FACTOR = 1.6;
const BACKOFF_JITTER = 0.2;
/** A connection that was ready for this long was no failed attempt. */
const USEFUL_MS = 100;

/** A gRPC client: one connection to one server, made again when it is lost. */
export class GrpcClient implements ConnectionEvents, ClientCallSettings {
  readonly maxReceiveMessageBytes: number;
  private readonly target: ClientTarget;
  private readonly options: ClientOptions;
  private readonly limits: ConnectionLimits;
  private readonly budget: SharedBudget;
  private readonly requestHeaders: RequestHeaders;
  private readonly stateListeners = new Set<(state: ConnectionState) => void>();
  private current: ConnectionState = "idle";
  private active: Http2Connection | null = null;
  private readonly all = new Set<Http2Connection>();
  private connecting: Socket | null = null;
  private waiting: WaitingCall[] = [];
  private compactAt = 64;
  private backoffMs: number;
  private readyAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private lastError = "not connected";
  /** No connection is kept for calls to come. */
  private leaving = false;

  constructor(target: ClientTarget, options: ClientOptions = {}) {
    this.target = target;
    this.options = options;
    this.limits = { ...defaultLimits, ...options.limits };
    this.maxReceiveMessageBytes = options.maxReceiveMessageBytes ?? 4_194_304;
    const { maxTotalBufferedBytes, maxTotalStreams } = this.limits;
    this.budget = new SharedBudget(maxTotalBufferedBytes, maxTotalStreams);
    this.backoffMs = options.backoffMs ?? 100;
    const tls = "tls" in target && target.tls !== undefined;
    const authority = "host" in target ? authorityOf(target.host, target.port) : "localhost";
    this.requestHeaders = new RequestHeaders(
      tls ? "https" : "http",
      authority,
      options.userAgent ?? "layotto-grpc/1",
    );
  }

  /** State of the connection. */
  get state(): ConnectionState {
    return this.current;
  }

  /** Why the last attempt to connect failed. */
  get lastConnectError(): string {
    return this.lastError;
  }

  /** The connection on which a stream can be opened now, for forwarding; null while there is none. */
  get connection(): Http2Connection | null {
    return this.active?.available ? this.active : null;
  }

  /** Calls the listener at each change of state; returns how to stop that. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  /** Connects now instead of with the first call. */
  connect(): void {
    if (this.current === "idle") this.open();
  }

  /** A call with one request and one reply; rejects with {@link GrpcError}. */
  unary(path: string, message: Uint8Array, options: CallOptions = {}): Promise<UnaryReply> {
    return new Promise((resolve, reject) => {
      this.unaryCallback(path, message, options, (error, reply) => {
        if (reply === undefined) reject(error ?? new GrpcError(Status.INTERNAL, "no reply"));
        else resolve(reply);
      });
    });
  }

  /** The same in callback form, without a promise. */
  unaryCallback(
    path: string,
    message: Uint8Array,
    options: CallOptions,
    callback: UnaryCallback,
  ): void {
    this.begin(new UnaryClientCall(path, message, options, this, callback));
  }

  /** A streaming call of any kind. */
  stream(path: string, options: CallOptions = {}): ClientStream {
    const call = new StreamClientCall(path, options, this);
    this.begin(call);
    return call.face();
  }

  /** The same in callback form, without promises and iterators. */
  messages(path: string, options: CallOptions, listener: MessageListener): MessageStream {
    const call = new MessageClientCall(path, options, this, listener);
    this.begin(call);
    return call;
  }

  /** Ends all calls and the connection. */
  close(): Promise<void> {
    this.setState("closed");
    clearTimeout(this.timer);
    this.connecting?.destroy();
    this.failWaiting(() => true, "client closed");
    const open = [...this.all];
    for (const connection of open) {
      connection.close();
      connection.destroy();
    }
    return Promise.resolve();
  }

  /** Lets calls under way end, those that wait for the connection too; then no connection stays. */
  drain(): void {
    this.leaving = true;
    for (const connection of [...this.all]) connection.drain();
    if (this.all.size === 0 && this.waiting.every((call) => call.finished)) void this.close();
  }

  /**
   * Calls back, at once when that is possible, with a connection on which a stream can be opened now; with
   * null when the time is over or the signal aborts.
   */
  acquire(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    done: (connection: Http2Connection | null, error?: GrpcError) => void,
    waitForReady = true,
  ): void {
    if (signal?.aborted) return done(null);
    this.begin(new ConnectionRequest(timeoutMs, signal, done, waitForReady));
  }

  headersOf(call: BaseClientCall): ReturnType<RequestHeaders["of"]> {
    return this.requestHeaders.of(call);
  }

  restart(call: BaseClientCall): void {
    queueMicrotask(() => this.begin(call));
  }

  onStream(): void {}

  onFault(error: unknown): void {
    if (this.options.onError) this.options.onError(error);
    else process.emitWarning(error instanceof Error ? error : String(error));
  }

  onReady(connection: Http2Connection): void {
    if (this.active !== connection) return;
    this.readyAt = connection.now();
    this.setState("ready");
    this.startWaiting();
    if (this.leaving) connection.drain();
  }

  onCapacity(connection: Http2Connection): void {
    if (connection === this.active && this.waiting.length > 0)
      setImmediate(() => this.startWaiting());
  }

  onDraining(connection: Http2Connection): void {
    if (connection !== this.active) return;
    this.active = null;
    if (this.current === "closed") return;
    const useful = this.wasUseful(connection);
    this.setState("idle");
    const stays = this.options.persistent && !this.leaving;
    if (this.waiting.length > 0 || (stays && useful)) return this.open();
    // A server that takes its leave at once, and without calls, is asked again only after a pause.
    if (stays) this.timer = setTimeout(() => this.connect(), this.nextPause());
  }

  onClose(connection: Http2Connection, reason: Error | undefined): void {
    this.all.delete(connection);
    if (connection !== this.active) return;
    this.active = null;
    this.wasUseful(connection);
    this.onFailure(reason?.message ?? "connection closed");
  }

  /** Time to wait before the next attempt to connect, ms; longer each time. */
  private nextPause(): number {
    const pause = this.backoffMs * (1 + BACKOFF_JITTER * (Math.random() * 2 - 1));
    this.backoffMs = Math.min(this.options.maxBackoffMs ?? 10_000, this.backoffMs * BACKOFF_FACTOR);
    return pause;
  }

  /** Whether a connection lasted; then the next attempt begins with the shortest pause. */
  private wasUseful(connection: Http2Connection): boolean {
    const useful = this.current === "ready" && connection.now() - this.readyAt >= USEFUL_MS;
    if (useful) this.backoffMs = this.options.backoffMs ?? 100;
    return useful;
  }

  private begin(call: WaitingCall): void {
    if (call.finished) return;
    if (call.options.signal?.aborted) return call.cancel();
    if (this.current === "closed") {
      return call.abandon(new GrpcError(Status.UNAVAILABLE, "Cannot call: client closed"));
    }
    const connection = this.connection;
    if (connection !== null && this.current === "ready") return call.start(connection);
    if (this.current === "transient-failure" && !call.options.waitForReady) {
      return call.abandon(this.unavailable());
    }
    const most = this.options.maxWaitingCalls ?? 10_000;
    if (this.waiting.length >= Math.min(most, this.compactAt)) this.compactWaiting();
    if (this.waiting.length >= most) {
      const text = "Cannot call: too many calls wait for the connection";
      return call.abandon(new GrpcError(Status.UNAVAILABLE, text));
    }
    this.waiting.push(call);
    this.timer?.ref();
    this.connect();
  }

  /** Calls that gave up while they waited are dropped, at a cost that does not grow with their number. */
  private compactWaiting(): void {
    this.waiting = this.waiting.filter((call) => !call.finished);
    this.compactAt = this.waiting.length * 2 + 64;
  }

  private startWaiting(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const call of waiting) this.begin(call);
  }

  private open(): void {
    this.setState("connecting");
    let socket: Socket;
    try {
      socket = openSocket(this.target);
    } catch (error) {
      return this.onFailure(error instanceof Error ? error.message : String(error));
    }
    const event = "encrypted" in socket ? "secureConnect" : "connect";
    const timeout = setTimeout(
      () => socket.destroy(new Error("connecting timed out")),
      this.options.connectTimeoutMs ?? 10_000,
    );
    let failure = "connection refused";
    const onError = (error: Error): string => (failure = error.message);
    const onClose = (): void => {
      clearTimeout(timeout);
      this.connecting = null;
      this.onFailure(failure);
    };
    this.connecting = socket;
    socket.on("error", onError);
    socket.once("close", onClose);
    socket.once(event, () => {
      clearTimeout(timeout);
      socket.off("error", onError);
      socket.off("close", onClose);
      this.connecting = null;
      this.adopt(socket);
    });
  }

  private adopt(socket: Socket): void {
    if ("alpnProtocol" in socket && socket.alpnProtocol !== "h2") {
      socket.destroy();
      return this.onFailure("server does not speak HTTP/2 over TLS (no ALPN h2)");
    }
    const { keepaliveMs, keepaliveTimeoutMs, maxIdleMs, maxAgeMs } = clientKeepalive;
    const connection = new Http2Connection(socket, {
      isServer: false,
      limits: this.limits,
      budget: this.budget,
      events: this,
      keepaliveMs: this.options.keepaliveMs ?? keepaliveMs,
      keepaliveTimeoutMs: this.options.keepaliveTimeoutMs ?? keepaliveTimeoutMs,
      maxIdleMs: this.options.maxIdleMs ?? maxIdleMs,
      maxAgeMs: this.options.maxAgeMs ?? maxAgeMs,
    });
    this.all.add(connection);
    this.active = connection;
  }

  private onFailure(message: string): void {
    if (this.current === "closed") return;
    this.lastError = message;
    this.setState("transient-failure");
    this.failWaiting((call) => !call.options.waitForReady, message);
    if (this.state !== "transient-failure") return; // somebody who was told closed us
    this.timer = setTimeout(() => this.tryAgain(), this.nextPause());
    if (!this.options.persistent && this.waiting.length === 0) this.timer.unref();
  }

  private tryAgain(): void {
    if (this.current !== "transient-failure") return;
    this.setState("idle");
    if ((this.options.persistent && !this.leaving) || this.waiting.length > 0) this.open();
  }

  private failWaiting(which: (call: WaitingCall) => boolean, message: string): void {
    const failed = this.waiting.filter(which);
    this.waiting = this.waiting.filter((call) => !which(call));
    for (const call of failed) call.abandon(this.unavailable(message));
  }

  private unavailable(message = this.lastError): GrpcError {
    return new GrpcError(
      Status.UNAVAILABLE,
      `Cannot connect to "${nameOfTarget(this.target)}": ${message}`,
    );
  }

  private setState(state: ConnectionState): void {
    if (state === this.current || this.current === "closed") return;
    this.current = state;
    for (const listener of this.stateListeners) listener(state);
  }
}
