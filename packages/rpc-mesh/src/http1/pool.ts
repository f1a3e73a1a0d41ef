import type { Timer } from "@layotto/sidecar-kit";
import { defaultLimits, type Http1Limits } from "@layotto/http1";
import type { MeshClock } from "../clock.ts";
import { Reason } from "../call/failure.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host, HostPool } from "../cluster/host.ts";
import { connectSocket, type OnConnected } from "../net/connect.ts";
import { ClientConnection, type ConnectionOwner } from "./client-connection.ts";
import type { Exchange } from "./exchange.ts";
import { WaitQueue } from "./wait-queue.ts";

/** What a pool needs to know; a cluster's configuration has it. */
export interface PoolSettings {
  /** 0: no limit. */
  readonly limits: { readonly maxConnections: number; readonly maxPending: number };
  readonly idleTimeoutMs: number;
  /** 0: no limit. */
  readonly maxRequestsPerConnection: number;
}

/** What a pool is made of. */
export interface PoolOptions {
  /** Asked at each use, so that new settings count at once. */
  readonly settings: () => PoolSettings;
  readonly connect: (callback: OnConnected) => () => void;
  readonly clock: MeshClock;
  readonly limits?: Http1Limits;
  /** Our own code failed while it handled an answer. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** How often free connections are looked at. */
const SWEEP_MS = 1000;

/** The pool of a host for HTTP/1.1. @param onFault told when our own code fails; default: a warning of the process */
export function http1Pool(
  host: Host,
  cluster: Cluster,
  clock: MeshClock,
  onFault?: (error: unknown) => void,
): Http1Pool {
  return host.pool("http1", () => {
    const connect = (callback: OnConnected) => connectSocket(host, cluster, ["http/1.1"], callback);
    return new Http1Pool({ settings: () => cluster.config, connect, clock, onFault });
  });
}

/**
 * Keep-alive connections to one host. The one freed last is used first: those that a smaller load does not need become
 * idle and are closed. Requests wait in the order in which they came.
 */
export class Http1Pool implements HostPool, ConnectionOwner {
  private readonly options: PoolOptions;
  private readonly open = new Set<ClientConnection>();
  private readonly free: ClientConnection[] = [];
  private readonly connecting = new Set<{ cancel: () => void }>();
  private readonly waiting = new WaitQueue();
  private draining = false;
  private sweeping: Timer | undefined;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  get connections(): number {
    return this.open.size;
  }

  /** Exchanges that wait for a connection. */
  get pending(): number {
    return this.waiting.size;
  }

  /** Finds a connection for an exchange, at once if one is free. */
  acquire(exchange: Exchange): void {
    if (this.draining) return exchange.onBroken(Reason.REFUSED, "the host is being removed");
    const connection = this.takeFree();
    if (connection !== undefined) return connection.begin(exchange);
    const { maxPending } = this.options.settings().limits;
    if (maxPending > 0 && this.waiting.size >= maxPending) {
      return exchange.onBroken(
        Reason.OVERFLOW,
        `${maxPending} calls wait for a connection: the limit`,
      );
    }
    this.waiting.push(exchange);
    this.fill();
  }

  /** Gives up an exchange that still waits. */
  cancel(exchange: Exchange): void {
    this.waiting.remove(exchange);
  }

  drain(): void {
    this.draining = true;
    while (this.free.length > 0) this.free.pop()?.destroy();
    if (this.waiting.size === 0) this.stopConnecting();
  }

  close(): void {
    this.draining = true;
    // Those that wait go first: for them each connection that ends would be replaced.
    let exchange = this.waiting.shift();
    while (exchange !== undefined) {
      exchange.onBroken(Reason.REFUSED, "the host is being removed");
      exchange = this.waiting.shift();
    }
    this.stopConnecting();
    for (const connection of this.open) connection.destroy();
  }

  onFree(connection: ClientConnection): void {
    const most = this.options.settings().maxRequestsPerConnection;
    if (most > 0 && connection.exchanges >= most) return connection.destroy();
    this.give(connection);
  }

  onClosed(connection: ClientConnection): void {
    this.open.delete(connection);
    const index = this.free.indexOf(connection);
    if (index >= 0) this.free.splice(index, 1);
    this.fill();
  }

  onFault(error: unknown): void {
    if (this.options.onFault !== undefined) this.options.onFault(error);
    else process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }

  private give(connection: ClientConnection): void {
    const next = this.waiting.shift();
    if (next !== undefined) return connection.begin(next);
    if (this.draining) return connection.destroy();
    connection.freeSince = this.options.clock.monotonic();
    this.free.push(connection);
    this.sweeping ??= this.options.clock.after(SWEEP_MS, () => this.sweep());
  }

  private takeFree(): ClientConnection | undefined {
    for (;;) {
      const connection = this.free.pop();
      if (connection === undefined || !this.expired(connection)) return connection;
      connection.destroy();
    }
  }

  private expired({ freeSince, serverKeepsMs }: ClientConnection): boolean {
    const { idleTimeoutMs } = this.options.settings();
    const most = idleTimeoutMs > 0 ? Math.min(idleTimeoutMs, serverKeepsMs) : serverKeepsMs;
    return this.options.clock.monotonic() - freeSince >= most;
  }

  private sweep(): void {
    this.sweeping = undefined;
    for (const connection of [...this.free]) if (this.expired(connection)) connection.destroy();
    if (this.free.length === 0) return;
    this.sweeping = this.options.clock.after(SWEEP_MS, () => this.sweep());
  }

  /** Opens connections for those that wait, as far as the limit allows. */
  private fill(): void {
    while (this.waiting.size > this.connecting.size) {
      const { maxConnections } = this.options.settings().limits;
      if (maxConnections > 0 && this.open.size + this.connecting.size >= maxConnections) return;
      this.connect();
    }
  }

  private connect(): void {
    const attempt = { cancel: (): void => {} };
    this.connecting.add(attempt);
    // What cannot even be begun, for want of a certificate, fails before this returns.
    attempt.cancel = this.options.connect((error, socket) => {
      this.connecting.delete(attempt);
      if (socket === undefined) return this.connectFailed(error);
      const limits = this.options.limits ?? defaultLimits;
      const connection = new ClientConnection(socket, this, limits);
      this.open.add(connection);
      this.give(connection);
    });
  }

  /** Fails the one that waits longest, if no other attempt is for it; all when nothing is left that they could wait for. */
  private connectFailed(error: Error | undefined): void {
    const text = `cannot connect: ${error?.message ?? "no connection"}`;
    const hopeless = this.open.size === 0 && this.connecting.size === 0;
    // Those that come back for another attempt meanwhile wait for a connection of their own.
    const others = this.waiting.size > this.connecting.size ? 1 : 0;
    for (let count = hopeless ? this.waiting.size : others; count > 0; count--) {
      this.waiting.shift()?.onBroken(Reason.CONNECT_FAILURE, text);
    }
    this.fill();
  }

  private stopConnecting(): void {
    for (const { cancel } of this.connecting) cancel();
    this.connecting.clear();
  }
}
