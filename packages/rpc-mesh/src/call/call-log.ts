import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { Route } from "../routing/router.ts";
import type { Reason } from "./failure.ts";
import type { RequestView } from "./request.ts";

/** The caller went away before its answer was complete. */
export const CALLER_GONE = "DC";

/** A call that has ended. */
export interface CallReport {
  readonly request: RequestView;
  readonly route: Route | undefined;
  readonly cluster: Cluster | undefined;
  /** The host that answered, or that was tried last. */
  readonly host: Host | undefined;
  /** Status of the answer in the protocol's own numbers; undefined: the answer was the mesh's own, or there was none. */
  readonly status: number | undefined;
  /** Why the answer was the mesh's own, or was not complete; undefined: it was delivered. */
  readonly flag: Reason | typeof CALLER_GONE | undefined;
  /** From the beginning of the call to its end. */
  readonly ms: number;
  /** Sendings, the first one included. */
  readonly attempts: number;
}

/** Who wants to know of every call that ends. */
export interface CallLog {
  ended(report: CallReport): void;
}
