import type { Timer } from "@layotto/sidecar-kit";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";

/** One sending of a call to one host. */
export class Attempt {
  readonly cluster: Cluster;
  readonly host: Host;
  /** 1 for the first. */
  readonly number: number;
  /** Monotonic ms. */
  readonly startedAt: number;
  /** Path and query for this attempt, rewritten. */
  path = "";
  /** Host header or `:authority` for this attempt, rewritten. */
  authority = "";
  /** For the protocol's own use: the connection, the request id. */
  state: unknown = undefined;
  /** Reported on, or given up: nothing more counts. */
  over = false;
  /** What came of it is in the accounts of its host. */
  settled = false;
  /** Time to the head of its answer, ms. */
  headMs = 0;
  /** Ends the attempt when it takes too long. */
  timer: Timer | undefined;

  constructor(cluster: Cluster, host: Host, number: number, startedAt: number) {
    this.cluster = cluster;
    this.host = host;
    this.number = number;
    this.startedAt = startedAt;
  }
}
