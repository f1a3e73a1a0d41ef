import type { HostConfig } from "../model/host.ts";
import type { Breaker } from "../resilience/breaker.ts";

/** Why a host gets no calls, as bits. */
export const Unfit = {
  /** Failed active health checks. */
  CHECK: 1,
  /** Ejected as an outlier. */
  OUTLIER: 2,
  /** Its registry calls it unhealthy. */
  REGISTRY: 4,
  /** It asked for no new calls (GOAWAY, read-only). */
  DRAINING: 8,
  /** Its circuit breaker is open. */
  BREAKER: 16,
} as const;

/** Connections to a host in one protocol. */
export interface HostPool {
  /** Open connections. */
  readonly connections: number;
  /** Lets calls finish, then closes. Takes no new ones. */
  drain(): void;
  /** Closes at once; calls under way fail. */
  close(): void;
}

/** One host of a cluster at run time: what is known of it and what it is doing. */
export class Host {
  readonly address: string;
  /** The host part of the address. */
  readonly name: string;
  readonly port: number;
  /** As of the last update. */
  config: HostConfig;
  /** Share of the load. */
  weight: number;
  /** Monotonic ms at which it joined: for slow start. */
  readonly joinedAt: number;
  /** Bits of {@link Unfit}; 0: it may get calls. */
  unfit = 0;
  /** Calls under way. */
  active = 0;
  /** Peak EWMA of the latency, ms; negative: nothing is known. Kept by `balancing/peak-ewma.ts`. */
  ewmaMs = -1;
  /** Monotonic ms of the last change of {@link ewmaMs}. */
  ewmaAt = 0;
  /** Circuit breaker, when the cluster has them. */
  breaker: Breaker | undefined;
  /** Times it was ejected as an outlier. */
  ejections = 0;
  /** Removed from its cluster: finishes what it has. */
  removed = false;
  /** Calls that ended, by how. */
  readonly totals = { requests: 0, success: 0, clientError: 0, serverError: 0, failed: 0, timeouts: 0, retries: 0 }; // prettier-ignore
  /** Made with the first pool: most hosts of a large cluster are never called. */
  private pools: Map<string, HostPool> | undefined;

  constructor(config: HostConfig, joinedAt: number) {
    this.address = config.address;
    const colon = config.address.lastIndexOf(":");
    this.name = config.address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
    this.port = Number(config.address.slice(colon + 1));
    this.config = config;
    this.weight = config.weight ?? 100;
    this.joinedAt = joinedAt;
    if (config.healthy === false) this.unfit = Unfit.REGISTRY;
  }

  /** Name for TLS and the Host header. */
  get hostname(): string {
    return this.config.hostname ?? this.name;
  }

  /** The connections in one protocol, made on first use. `key` names protocol and settings, e.g. `"http1"`. */
  pool<P extends HostPool>(key: string, create: () => P): P {
    const found = this.pools?.get(key);
    if (found !== undefined) return found as P; // a key stands for one kind of pool
    const pool = create();
    this.pools ??= new Map();
    this.pools.set(key, pool);
    return pool;
  }

  /** Open connections of all protocols. */
  get connections(): number {
    let sum = 0;
    for (const pool of this.pools?.values() ?? []) sum += pool.connections;
    return sum;
  }

  /** The host has left its cluster: calls under way end, no connection stays. */
  drain(): void {
    this.removed = true;
    for (const pool of this.pools?.values() ?? []) pool.drain();
  }

  /** Closes every connection at once. */
  close(): void {
    this.removed = true;
    for (const pool of this.pools?.values() ?? []) pool.close();
  }
}
