import { closestWord } from "@layotto/sidecar-kit/config";
import type { ClusterConfig } from "../model/cluster.ts";
import type { RouteConfig, RouterConfig } from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ReadListener } from "./read-listener.ts";

/** What was read, and where it stands. */
export interface CheckedNames {
  readonly listeners: readonly ReadListener[];
  readonly routers: readonly RouterConfig[];
  readonly routerNodes: readonly ConfigNode[];
  readonly clusters: readonly ClusterConfig[];
  readonly clusterNodes: readonly ConfigNode[];
}

/**
 * Checks that everything that is named is there, and there once.
 *
 * @param isOpen whether a management server (xDS) may still bring what is missing: then it is only warned about
 */
export function checkReferences(node: ConfigNode, names: CheckedNames, isOpen: boolean): void {
  const { listeners, routers, routerNodes, clusters, clusterNodes } = names;
  const missing = (at: ConfigNode, key: string | undefined, message: string) =>
    isOpen ? at.warn(key, `${message}; it may come by xDS`) : at.fault(key, message);
  reportTwice(clusterNodes, "name", clusters.map(({ name }) => name)); // prettier-ignore
  reportTwice(routerNodes, "router_config_name", routers.map(({ name }) => name)); // prettier-ignore
  const listenerNodes = node.children("listeners");
  reportTwice(listenerNodes, "name", listeners.map(({ listener }) => listener.name)); // prettier-ignore
  reportTwice(listenerNodes, "address", listeners.map(({ listener }) => boundAddress(listener.address))); // prettier-ignore
  const routerNames = routers.map(({ name }) => name);
  for (const [index, { listener }] of listeners.entries()) {
    if (listener.router === "" || routerNames.includes(listener.router)) continue;
    const at = listenerNodes[index];
    if (at !== undefined) missing(at, undefined, notThere("router", listener.router, routerNames));
  }
  const clusterNames = clusters.map(({ name }) => name);
  for (const [index, router] of routers.entries()) {
    const at = routerNodes[index];
    if (at !== undefined) checkRouter(at, router, clusterNames, missing);
  }
}

/** Port 0 is another port each time. */
function boundAddress(address: string | undefined): string {
  return address === undefined || address.endsWith(":0") ? "" : address;
}

type Report = (at: ConfigNode, key: string | undefined, message: string) => void;

function checkRouter(
  node: ConfigNode,
  router: RouterConfig,
  clusters: readonly string[],
  missing: Report,
): void {
  const hostNodes = node.children("virtual_hosts");
  for (const [index, host] of router.virtualHosts.entries()) {
    const hostNode = hostNodes[index];
    const routeNodes = hostNode?.children(hostNode.has("routes") ? "routes" : "routers") ?? [];
    for (const [i, route] of host.routes.entries()) {
      for (const name of clustersOf(route)) {
        const at = routeNodes[i];
        if (at !== undefined && name !== "" && !clusters.includes(name)) {
          missing(at, undefined, notThere("cluster", name, clusters));
        }
      }
    }
  }
}

function clustersOf({ action, fault }: RouteConfig): Set<string> {
  const names = new Set<string>();
  if (fault?.cluster !== undefined) names.add(fault.cluster);
  if (action.type !== "forward") return names;
  if (action.cluster !== undefined) names.add(action.cluster);
  for (const { name } of action.weighted ?? []) names.add(name);
  for (const { cluster } of action.mirrors) names.add(cluster);
  return names;
}

function notThere(what: string, name: string, known: readonly string[]): string {
  const near = closestWord(name, known);
  return `${what} "${name}" is not configured${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

function reportTwice(nodes: readonly ConfigNode[], key: string, values: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    if (value !== "" && seen.has(value)) nodes[index]?.fault(key, `"${value}" is there twice`);
    seen.add(value);
  }
}
