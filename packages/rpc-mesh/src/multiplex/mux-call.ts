import type { Output } from "@layotto/grpc-transport/socket";
import type { Attempt } from "../call/attempt.ts";
import { Reason } from "../call/failure.ts";
import { GovernedCall } from "../call/governed-call.ts";
import { Grade, type Verdict } from "../call/verdict.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { Protocol } from "../model/host.ts";
import { Exchange, type ExchangeOwner } from "./exchange.ts";
import { MuxPool } from "./mux-pool.ts";
import type { Frame, Wire } from "./wire.ts";

const delivered: Verdict = { grade: Grade.SUCCESS, code: 0, unprocessed: false, retryAfterMs: undefined }; // prettier-ignore

/** A call in a multiplexed protocol: the request is kept whole, the answer comes whole. */
export abstract class MuxCall<F extends Frame> extends GovernedCall implements ExchangeOwner<F> {
  /** Nobody answers. */
  protected abstract get oneway(): boolean;
  /** How frames travel to a host that speaks `protocol`; undefined: this call cannot be said in it. */
  protected abstract wireFor(protocol: Protocol): Wire<F> | undefined;
  /** Octets of the content of the request. */
  protected abstract get contentBytes(): number;
  protected abstract verdictOf(frame: F): Verdict;
  /** Hands the answer to the caller; the frame is valid until this returns. */
  protected abstract deliver(frame: F): void;
  abstract write(exchange: Exchange<F>, output: Output): number;

  answer(exchange: Exchange<F>, frame: F): void {
    const { attempt } = exchange;
    if (attempt === undefined || !this.answered(attempt, this.verdictOf(frame))) return;
    this.deliver(frame);
    this.completed(attempt);
  }

  sent(exchange: Exchange<F>): void {
    const { attempt } = exchange;
    if (attempt === undefined || !this.answered(attempt, delivered)) return;
    this.deliverNothing();
    this.completed(attempt);
  }

  lost(exchange: Exchange<F>, reason: Reason, detail: string): void {
    if (exchange.attempt !== undefined) this.broken(exchange.attempt, reason, detail);
  }

  /** A one-way request is on its way: that is all its caller learns. */
  protected deliverNothing(): void {
    // A caller's connection expects nothing.
  }

  protected get replayable(): boolean {
    return true;
  }

  /** These protocols have no verbs; routes say what may run twice. */
  protected get idempotent(): boolean {
    return false;
  }

  protected send(attempt: Attempt): void {
    const pool = this.poolOf(attempt.host, attempt.cluster);
    if (pool === undefined) {
      const { name, config } = attempt.cluster;
      const text = `a ${this.options.request.protocol} call cannot go to cluster "${name}": it speaks ${config.protocol}`;
      return this.broken(attempt, Reason.PROTOCOL_ERROR, text);
    }
    const most = this.route?.config.limits.maxBodyBytes;
    if (most !== undefined && this.contentBytes > most) {
      const text = `content of ${this.contentBytes} octets: the route takes ${most}`;
      return this.broken(attempt, Reason.BODY_TOO_LARGE, text);
    }
    const exchange = new Exchange(this, attempt, this.oneway);
    attempt.state = exchange;
    pool.submit(exchange);
  }

  protected abort(attempt: Attempt): void {
    // What `send` has put there; nothing when the call never got so far.
    (attempt.state as Exchange<F> | undefined)?.abandon();
  }

  protected override mirror(cluster: Cluster, host: Host): void {
    // As one-way: waiting for an answer that nobody wants would have no end.
    this.poolOf(host, cluster)?.submit(new Exchange(this, undefined, true));
  }

  private poolOf(host: Host, cluster: Cluster): MuxPool<F> | undefined {
    const wire = this.wireFor(cluster.config.protocol ?? this.options.protocol);
    if (wire === undefined) return undefined;
    return host.pool(wire.protocol, () => new MuxPool(wire, host, cluster, this.mesh.clock));
  }
}
