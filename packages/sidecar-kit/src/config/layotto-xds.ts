import { isRecord } from "./record.ts";

type Node = Record<string, unknown>;

/**
 * Makes `mesh.xds` of the bootstrap that a MOSN file shares with Envoy: the management server is the static cluster that
 * `dynamic_resources.ads_config` names. Undefined when there is none, or none that can be reached so.
 */
export function xdsSection(root: Node): Node | undefined {
  const name = clusterName(at(root, "dynamic_resources", "ads_config", "grpc_services"));
  const clusters = at(root, "static_resources", "clusters");
  const cluster = mapsOf(clusters).find((each) => name !== undefined && each["name"] === name);
  const servers = cluster === undefined ? [] : serversOf(cluster);
  if (servers.length === 0) return undefined;
  const node = at(root, "node");
  return isRecord(node) ? { servers, node: nodeOf(node) } : { servers };
}

/** One service, or the first of a list. */
function clusterName(services: unknown): unknown {
  const [first] = Array.isArray(services) ? (services as unknown[]) : [services];
  return at(first, "envoy_grpc", "cluster_name");
}

/** `load_assignment` as of v3, or `hosts` as of v2. */
function serversOf(cluster: Node): string[] {
  const endpoints = mapsOf(at(cluster, "load_assignment", "endpoints"))
    .flatMap((each) => mapsOf(each["lb_endpoints"]))
    .map((each) => at(each, "endpoint", "address"));
  const addresses = [...endpoints, ...mapsOf(cluster["hosts"])];
  return addresses.flatMap((address) => addressOf(address) ?? []);
}

function addressOf(address: unknown): string | undefined {
  const path = at(address, "pipe", "path");
  if (typeof path === "string") return `unix:${path}`;
  const [host, port] = [at(address, "socket_address", "address"), at(address, "socket_address", "port_value")]; // prettier-ignore
  return typeof host === "string" && typeof port === "number" ? `${host}:${port}` : undefined;
}

function nodeOf(node: Node): Node {
  const { id, cluster, metadata } = node;
  const zone = at(node, "locality", "zone");
  const entries = Object.entries({ id, cluster, zone, metadata });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((each, key) => (isRecord(each) ? each[key] : undefined), value);
}

function mapsOf(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
