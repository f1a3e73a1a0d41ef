import type { HealthStatus } from "@layotto/sidecar-kit";
import type { Routes } from "../routing/routes.ts";
import type { Route } from "../routing/route.ts";
import type { Upstream } from "../upstream/upstream.ts";

/**
 * The health of one gRPC service: UP while every upstream that serves a method of it can be reached. What its back
 * ends do is told by the health of the whole, for many capabilities share one service.
 *
 * @returns `undefined` when nobody serves such a service
 */
export function serviceHealth(routes: Routes<Upstream>, service: string): HealthStatus | undefined {
  const prefix = `/${service}/`;
  const paths = routes.paths.filter((path) => path.startsWith(prefix));
  if (paths.length === 0) return undefined;
  const upstreams = new Set(paths.flatMap((path) => upstreamsOf(routes.lookup(path))));
  return [...upstreams].every(isReachable) ? "UP" : "DOWN";
}

function isReachable({ state }: Upstream): boolean {
  return state === "ready" || state === "described";
}

function upstreamsOf(route: Route<Upstream>): readonly Upstream[] {
  if (route.kind === "own" || route.kind === "hooked") return upstreamsOf(route.otherwise);
  if (route.kind === "forward") return [route.upstream];
  return route.kind === "shared" ? [route.fallback, ...route.byValue.values()] : [];
}
