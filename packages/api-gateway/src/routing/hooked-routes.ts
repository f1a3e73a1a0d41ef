import type { MethodHooks } from "../hooks/hook.ts";
import type { RouteMap } from "./build-table.ts";
import type { Route, RouteTarget } from "./route.ts";

/** What runs around calls, by method. */
export interface HookSource {
  /** Paths that are named one by one. */
  readonly paths: readonly string[];
  /** What runs around calls to a path; undefined: nothing. */
  hooksOf(path: string): MethodHooks | undefined;
}

/**
 * Puts hooks around the routes of their methods. Which paths have hooks depends on the configuration alone, so that no
 * change of a table takes them away from a call.
 */
export function addHooks<U extends RouteTarget>(
  plain: RouteMap<U>,
  source: HookSource | undefined,
): RouteMap<U> {
  if (source === undefined) return plain;
  const hooked = (path: string, route: Route<U>): Route<U> => {
    const hooks = source.hooksOf(path);
    if (hooks === undefined || route.kind === "hooked") return route;
    return { kind: "hooked", hooks, otherwise: route, metrics: route.metrics };
  };
  const otherwise = (path: string): Route<U> => hooked(path, plain.otherwise(path));
  const routes = new Map(source.paths.map((path) => [path, otherwise(path)]));
  for (const [path, route] of plain.routes) routes.set(path, hooked(path, route));
  return { routes, otherwise };
}
