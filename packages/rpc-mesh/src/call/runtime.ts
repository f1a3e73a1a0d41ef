import type { Logger } from "@layotto/sidecar-kit";
import type { MeshClock, Random } from "../clock.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Clusters } from "../cluster/clusters.ts";
import type { Route, Router } from "../routing/router.ts";
import type { Routers } from "../routing/routers.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { RouteState } from "./route-state.ts";

/** What every call needs: one per process. */
export interface MeshRuntime {
  readonly clusters: Clusters;
  readonly routers: Routers;
  readonly clock: MeshClock;
  readonly random: Random;
  readonly logger: Logger;
  /** Budget, limits, ejection and counters of a cluster. */
  stateOf(cluster: Cluster): ClusterState;
  /** Breaker, limits and counters of a route; they outlive reloads by the route's name. */
  routeState(route: Route): RouteState;
  /** A call found no route. */
  noRoute(router: Router): void;
}
