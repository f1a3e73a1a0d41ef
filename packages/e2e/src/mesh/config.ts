// Parts of the section `mesh`, as users write them.

/** A part of a configuration file. */
export type Part = Readonly<Record<string, unknown>>;

/**
 * The policy that the documentation recommends for calls that may run twice: whatever failed at one host is tried at
 * another one, and nobody waits for a host that hangs. Calls that may not run twice are sent again only when they
 * provably never reached a host, whatever is listed here.
 */
export const recommendedRetry = {
  retry_on: "connect-failure,refused-stream,reset,5xx,timeout",
  num_retries: 2,
  per_try_timeout: "400ms",
  back_off: { base: "10ms", max: "100ms" },
} as const;

/** What the documentation recommends beside it: the budget and the ejection that hold by default, written out. */
export const recommendedCluster = {
  connect_timeout: "300ms",
  retry_budget: { budget_percent: 20, min_retries_per_second: 10 },
  outlier_detection: {
    consecutive_5xx: 5,
    consecutive_gateway_failure: 5,
    interval: "10s",
    base_ejection_time: "30s",
    max_ejection_percent: 20,
  },
} as const;

/** A listener on a port of this machine. */
export function listenerOn(name: string, port: number, protocol: string, more: Part = {}): Part {
  return { name, address: `127.0.0.1:${port}`, protocol, router: name, ...more };
}

/** A listener that only InvokeService comes in through. */
export function listenerInside(name: string, protocol: string, more: Part = {}): Part {
  return { name, protocol, router: name, ...more };
}

/** A router with routes for all hosts. */
export function routerOf(name: string, ...routes: readonly Part[]): Part {
  return { router_config_name: name, virtual_hosts: [{ domains: ["*"], routers: routes }] };
}

/** A route of all requests, or of those that match. */
export function routeTo(cluster: string, { match, ...action }: Part = {}): Part {
  return { ...(match === undefined ? {} : { match }), route: { cluster_name: cluster, ...action } };
}

/** A cluster of fixed ports of this machine. */
export function clusterOf(name: string, ports: readonly number[], more: Part = {}): Part {
  const hosts = ports.map((port) => ({ address: `127.0.0.1:${port}` }));
  return { name, hosts, ...more };
}

/** The section `rpcs`. */
export function rpcsOf(channel: Part, more: Part = {}): Part {
  return { mosn: { config: { channel: [channel], ...more } } };
}
