// Requests and configurations for tests of routing.
import type { RequestView } from "../call/request.ts";
import type {
  ForwardAction,
  RouteConfig,
  RouteMatch,
  RouterConfig,
  VirtualHostConfig,
} from "../model/route.ts";

/** A request; what is not given is as in `GET /` without headers. */
export function requestOf(
  part: Partial<Omit<RequestView, "header" | "flat">> & { headers?: Record<string, string> } = {},
): RequestView {
  const { headers = {}, ...rest } = part;
  return {
    protocol: "http1",
    authority: "",
    path: "/",
    method: "GET",
    peerAddress: "10.0.0.1",
    ...rest,
    header: (name) => headers[name],
    flat: () => Object.entries(headers).flat(),
  };
}

/** A forwarding action to one cluster, or as given. */
export function forwardTo(cluster: string, part: Partial<ForwardAction> = {}): ForwardAction {
  return { type: "forward", cluster, perTryTimeoutMs: 0, hash: [], mirrors: [], ...part };
}

/** A route to the cluster of its own name. */
export function routeOf(
  name: string,
  match: Partial<RouteMatch> = {},
  part: Partial<RouteConfig> = {},
): RouteConfig {
  const whole = { headers: [], query: [], ...match };
  return { name, match: whole, action: forwardTo(name), limits: {}, ...part };
}

/** A router of one virtual host for all names. */
export function routerOf(
  routes: readonly RouteConfig[],
  part: Partial<RouterConfig> = {},
): RouterConfig {
  return { name: "r", virtualHosts: [hostOf(["*"], routes)], ...part };
}

/** A virtual host that is called like its first domain. */
export function hostOf(
  domains: readonly string[],
  routes: readonly RouteConfig[],
  part: Partial<VirtualHostConfig> = {},
): VirtualHostConfig {
  return { name: domains[0] ?? "", domains, routes, ...part };
}
