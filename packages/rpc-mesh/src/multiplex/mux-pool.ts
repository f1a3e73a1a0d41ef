import type { Socket } from "node:net";
import type { Timer } from "@layotto/sidecar-kit";
import { Reason } from "../call/failure.ts";
import type { MeshClock } from "../clock.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { Unfit, type Host, type HostPool } from "../cluster/host.ts";
import { connectSocket, type OnConnected } from "../net/connect.ts";
import type { Exchange } from "./exchange.ts";
import { muxLimits, type MuxLimits } from "./limits.ts";
import { MuxConnection, type MuxConnectionEvents } from "./mux-connection.ts";
import type { Frame, Wire } from "./wire.ts";

/** Makes connections to hosts. */
export type Connect = (
  host: Host,
  cluster: Cluster,
  alpn: undefined,
  callback: OnConnected,
) => () => void;

/** What a pool can be given instead of the real thing. */
export interface MuxPoolOptions {
  readonly limits?: MuxLimits;
  readonly connect?: Connect;
}

/** A connection that is being made. */
interface Connecting {
  cancel: () => void;
}

/** The connections to one host in one multiplexed protocol: one, or as many as `maxConnections` says. */
export class MuxPool<F extends Frame> implements HostPool, MuxConnectionEvents {
  private readonly wire: Wire<F>;
  private readonly host: Host;
  private readonly cluster: Cluster;
  private readonly clock: MeshClock;
  private readonly limits: MuxLimits;
  private readonly connect: Connect;
  /** Those that take requests. */
  private readonly open: MuxConnection<F>[] = [];
  private readonly all = new Set<MuxConnection<F>>();
  private readonly connecting = new Set<Connecting>();
  private waiting: Exchange<F>[] = [];
  private draining = false;
  private rest: Timer | undefined;

  constructor(
    wire: Wire<F>,
    host: Host,
    cluster: Cluster,
    clock: MeshClock,
    options: MuxPoolOptions = {},
  ) {
    this.wire = wire;
    this.host = host;
    this.cluster = cluster;
    this.clock = clock;
    this.limits = options.limits ?? muxLimits;
    this.connect = options.connect ?? connectSocket;
  }

  get connections(): number {
    return this.all.size;
  }

  /** Answers without anybody who waits for them, on the connections that are open now. */
  get lateAnswers(): number {
    let sum = 0;
    for (const { lateAnswers } of this.all) sum += lateAnswers;
    return sum;
  }

  /** Sends a request, at once or as soon as there is a connection. Its owner may be told of a failure before this returns. */
  submit(exchange: Exchange<F>): void {
    if (this.draining) {
      return exchange.owner.lost(
        exchange,
        Reason.REFUSED,
        `${this.host.address} is no longer used`,
      );
    }
    const most = Math.max(1, this.cluster.config.limits.maxConnections);
    const chosen = this.leastLoaded();
    if (chosen === undefined) {
      // First: a connection that cannot even be begun fails before `growTo` returns.
      this.queue(exchange);
      return this.growTo(most);
    }
    if (chosen.load > 0) this.growTo(most);
    chosen.submit(exchange);
  }

  drain(): void {
    if (this.draining) return;
    this.draining = true;
    this.stopResting();
    for (const connection of [...this.open]) connection.drain();
    if (this.waiting.length === 0) this.cancelConnecting();
  }

  close(): void {
    this.draining = true;
    this.stopResting();
    this.cancelConnecting();
    const detail = `${this.host.address} is no longer used`;
    for (const connection of [...this.all]) connection.destroy(Reason.RESET, detail);
    this.loseWaiting(Reason.REFUSED, detail);
  }

  onDrainNotice(): void {
    if (this.open.length > 0 || this.connecting.size > 0 || this.draining) return;
    this.setUnfit(true);
    this.rest?.cancel();
    this.rest = this.clock.after(this.limits.drainRestMs, () => this.setUnfit(false));
  }

  onUnavailable(connection: MuxConnection<F>): void {
    const at = this.open.indexOf(connection);
    if (at >= 0) this.open.splice(at, 1);
  }

  onClosed(connection: MuxConnection<F>): void {
    this.all.delete(connection);
  }

  private leastLoaded(): MuxConnection<F> | undefined {
    const { open } = this;
    let best = open[0];
    for (let i = 1; i < open.length; i += 1) {
      const each = open[i];
      if (each !== undefined && best !== undefined && each.load < best.load) best = each;
    }
    return best;
  }

  private growTo(wanted: number): void {
    if (this.open.length + this.connecting.size >= wanted) return;
    const attempt: Connecting = { cancel: () => {} };
    this.connecting.add(attempt);
    attempt.cancel = this.connect(this.host, this.cluster, undefined, (error, socket) => {
      this.connecting.delete(attempt);
      if (socket === undefined) this.onRefused(error);
      else this.onConnected(socket);
    });
  }

  private onConnected(socket: Socket): void {
    const { config } = this.cluster;
    const connection = new MuxConnection(socket, this.wire, {
      address: this.host.address,
      clock: this.clock,
      limits: this.limits,
      idleTimeoutMs: config.idleTimeoutMs,
      maxRequests: config.maxRequestsPerConnection,
    }, this); // prettier-ignore
    this.all.add(connection);
    this.open.push(connection);
    if ((this.host.unfit & Unfit.DRAINING) !== 0) this.setUnfit(false);
    const waiting = this.waiting;
    this.waiting = [];
    for (const exchange of waiting) {
      if (exchange.abandoned) continue;
      if (connection.available) connection.submit(exchange);
      else this.submit(exchange);
    }
    if (this.draining) connection.drain();
  }

  private onRefused(error: Error | undefined): void {
    if (this.connecting.size > 0 || this.open.length > 0) return;
    this.loseWaiting(
      Reason.CONNECT_FAILURE,
      `cannot connect to ${this.host.address}: ${error?.message ?? "refused"}`,
    );
  }

  private queue(exchange: Exchange<F>): void {
    const { maxPending } = this.cluster.config.limits;
    if (maxPending > 0 && this.waiting.length >= maxPending) {
      this.waiting = this.waiting.filter((each) => !each.abandoned);
      if (this.waiting.length >= maxPending) {
        const text = `${maxPending} calls wait for a connection to ${this.host.address}: the limit`;
        return exchange.owner.lost(exchange, Reason.OVERFLOW, text);
      }
    }
    this.waiting.push(exchange);
  }

  private loseWaiting(reason: Reason, detail: string): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const exchange of waiting) {
      if (!exchange.abandoned) exchange.owner.lost(exchange, reason, detail);
    }
  }

  private cancelConnecting(): void {
    for (const { cancel } of this.connecting) cancel();
    this.connecting.clear();
  }

  private setUnfit(draining: boolean): void {
    if (!draining) this.stopResting();
    const { host } = this;
    host.unfit = draining ? host.unfit | Unfit.DRAINING : host.unfit & ~Unfit.DRAINING;
    this.cluster.fitChanged(host);
  }

  private stopResting(): void {
    this.rest?.cancel();
    this.rest = undefined;
  }
}
