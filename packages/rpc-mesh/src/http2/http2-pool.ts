import {
  GrpcClient,
  type CallOptions,
  type Http2Connection,
  type UnaryCallback,
} from "@layotto/grpc-transport";
import type { Attempt } from "../call/attempt.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host, HostPool } from "../cluster/host.ts";
import { openSocket } from "../net/connect.ts";

/** Longest pause between attempts to connect: governance has sent calls elsewhere long before. */
const MAX_BACKOFF_MS = 1000;

/** Time a host that left calls unanswered has to answer a PING. */
const PROBE_TIMEOUT_MS = 2000;

/** Hosts may send larger headers than callers, and reset as many streams as they like: their callers see it. */
const hostLimits = {
  maxHeaderListBytes: 65_536,
  maxHeaderBlockBytes: 262_144,
  maxResetsPerSecond: 100_000,
  maxRapidResetsPerSecond: 100_000,
  maxWindowUpdatesPerSecond: 1_000_000,
  maxIdleFramesPerSecond: 100_000,
};

/** The HTTP/2 connection to one host: one is enough for all calls, and it connects again by itself. */
export class Http2Pool implements HostPool {
  private readonly client: GrpcClient;
  private readonly host: Host;
  private readonly cluster: Cluster;
  private waiting = 0;

  constructor(host: Host, cluster: Cluster) {
    const { connectTimeoutMs, idleTimeoutMs } = cluster.config;
    this.host = host;
    this.cluster = cluster;
    this.client = new GrpcClient(
      { connect: () => openSocket(host, cluster, ["h2"]), name: host.address },
      {
        connectTimeoutMs,
        maxIdleMs: idleTimeoutMs > 0 ? idleTimeoutMs : Number.POSITIVE_INFINITY,
        keepaliveTimeoutMs: PROBE_TIMEOUT_MS,
        maxBackoffMs: MAX_BACKOFF_MS,
        limits: hostLimits,
        onError: () => {}, // what ends a connection is reported by its calls
      },
    );
  }

  get connections(): number {
    return this.client.state === "ready" ? 1 : 0;
  }

  /**
   * Calls back with a connection that can take one more stream, or with the reason why there is none; not at all once
   * the attempt is over. While it waits, `attempt.state` is an AbortController: who gives the attempt up aborts it.
   */
  take(
    attempt: Pick<Attempt, "over" | "state">,
    onConnection: (connection: Http2Connection) => void,
    onFailure: (isOverflow: boolean, detail: string) => void,
  ): void {
    const { connection } = this.client;
    // Before the host has said how many streams it takes, and that it speaks HTTP/2 at all, calls wait.
    if (connection !== null && this.client.state === "ready") return onConnection(connection);
    const { limits, connectTimeoutMs } = this.cluster.config;
    if (limits.maxPending > 0 && this.waiting >= limits.maxPending) {
      return onFailure(true, `${this.waiting} calls wait for a connection to ${this.host.address}`);
    }
    this.waiting++;
    const known = attempt.state;
    const stop = known instanceof AbortController ? known : new AbortController();
    attempt.state = stop;
    const done = (found: Http2Connection | null, error?: Error): void => {
      this.waiting--;
      if (attempt.over) return;
      if (found !== null) return onConnection(found);
      // A host that is there and takes no more streams is busy, not out of reach.
      const isFull = error === undefined && this.client.state === "ready";
      const text = isFull ? "no stream became free" : "no connection";
      onFailure(isFull, error?.message ?? `${text} within ${connectTimeoutMs} ms: ${this.host.address}`); // prettier-ignore
    };
    this.client.acquire(connectTimeoutMs, stop.signal, done, false);
  }

  /** One unary call; waits for the connection if need be. */
  unary(path: string, message: Uint8Array, options: CallOptions, callback: UnaryCallback): void {
    this.client.unaryCallback(path, message, options, callback);
  }

  drain(): void {
    this.client.drain();
  }

  close(): void {
    void this.client.close();
  }
}

/** The pool of a host for HTTP/2 and gRPC. */
export function http2Pool(host: Host, cluster: Cluster): Http2Pool {
  return host.pool("http2", () => new Http2Pool(host, cluster));
}
