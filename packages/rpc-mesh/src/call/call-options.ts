import type { Cluster } from "../cluster/cluster.ts";
import type { Protocol } from "../model/host.ts";
import type { FaultConfig } from "../model/route.ts";
import type { Router } from "../routing/router.ts";
import type { CallHooks } from "./call-hooks.ts";
import type { CallLog } from "./call-log.ts";
import type { FlowCheck } from "./flow-check.ts";
import type { RequestView } from "./request.ts";

/** How a call is to be governed. */
export interface CallOptions {
  readonly request: RequestView;
  /** Chooses the cluster; undefined: {@link cluster} is called. */
  readonly router: Router | undefined;
  /** Called without routing. */
  readonly cluster?: Cluster | undefined;
  /** Protocol to clusters that name none. */
  readonly protocol: Protocol;
  /** Total timeout of routes that set none, ms; 0: none. */
  readonly timeoutMs: number;
  /** Total timeout that the caller itself asks for, ms: routes can only make it shorter. */
  readonly limitMs?: number | undefined;
  /** The caller's own deadline, epoch ms. */
  readonly deadlineMs?: number | undefined;
  /** Faults of the listener; those of the route win. */
  readonly fault?: FaultConfig | undefined;
  /** Whether this caller may call at all. */
  readonly allows?: ((request: RequestView) => boolean) | undefined;
  /** Flow rules of the listener. */
  readonly flow?: FlowCheck | undefined;
  /** Functions that take part in routing; undefined: none. */
  readonly hooks?: CallHooks | undefined;
  /** Told when the call has ended. */
  readonly log?: CallLog | undefined;
}
