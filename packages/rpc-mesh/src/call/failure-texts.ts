import type { Cluster } from "../cluster/cluster.ts";
import { Unfit } from "../cluster/host.ts";
import type { CallOptions } from "./governed-call.ts";

/** What is asked for and not routed anywhere. */
export function noRouteText({ router, request }: CallOptions): string {
  const what = [request.method, request.authority, request.path].filter((text) => text !== "");
  for (const name of ["id", "service"]) {
    const value = request.header(name);
    if (value !== undefined && value !== "") what.push(`with ${name} "${value}"`);
  }
  return `no route in router "${router?.name ?? ""}" matches ${what.join(" ") || "the request"}`;
}

/** A route leads nowhere. */
export function noClusterText(route: string, cluster: string): string {
  if (cluster === "") return `route "${route}" leads to no cluster`;
  return `route "${route}" leads to cluster "${cluster}", which is not configured`;
}

/** A function leads nowhere. */
export function toldNowhereText(cluster: string): string {
  return `a function leads to cluster "${cluster}", which is not configured`;
}

const names: readonly (readonly [number, string])[] = [
  [Unfit.CHECK, "failed health checks"],
  [Unfit.OUTLIER, "ejected"],
  [Unfit.REGISTRY, "unhealthy in the registry"],
  [Unfit.DRAINING, "draining"],
  [Unfit.BREAKER, "with an open circuit breaker"],
];

/** Why a cluster has no host to give. */
export function noHostText(cluster: Cluster): string {
  const { hosts } = cluster;
  if (!cluster.ready) return `cluster "${cluster.name}" does not know its hosts yet`;
  if (hosts.length === 0) return `cluster "${cluster.name}" has no hosts`;
  const parts = names.flatMap(([bit, text]) => {
    const count = hosts.filter((host) => (host.unfit & bit) !== 0).length;
    return count === 0 ? [] : [`${count} ${text}`];
  });
  return `cluster "${cluster.name}" has no healthy host: ${hosts.length} known, ${parts.join(", ") || "none fits"}`;
}
