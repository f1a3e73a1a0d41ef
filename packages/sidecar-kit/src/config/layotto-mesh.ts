import type { Place } from "./place.ts";
import { isRecord } from "./record.ts";

type Path = readonly PropertyKey[];
type Node = Record<string, unknown>;

/** A listener that is neither the runtime's nor the actuator's, with its place in the file. */
export interface FoundListener {
  readonly node: Node;
  readonly path: Path;
}

/** Stream filters whose listeners belong to somebody else: the gateway, or whoever runs WebAssembly. */
const foreignFilters = new Set([
  "actuator_filter",
  "Layotto",
  "wasm_filter",
  "proxywasm",
  "so_plugin",
]);

/** Whether a listener forwards requests, so that the mesh serves it. */
export function isProxyListener(listener: Node): boolean {
  const streamFilters = mapsOf(listener["stream_filters"]).map(({ type }) => String(type));
  if (streamFilters.some((type) => foreignFilters.has(type))) return false;
  const types = networkFilters(listener).map(({ type }) => type);
  return types.includes("proxy") && !types.includes("grpc");
}

/** What a MOSN file holds for the mesh. */
export interface MeshParts {
  readonly listeners: readonly FoundListener[];
  /** `servers[0].routers`, and where they are. */
  readonly routers: readonly Node[];
  readonly routersPath: Path;
  readonly clusterManager: unknown;
}

/**
 * Makes the section `mesh` of the proxy listeners of a MOSN file, the routers that they use and its clusters. The
 * content stays as it is; only `Name` of clusters, which Go takes for `name`, is called so.
 */
export function meshSection(parts: MeshParts): { section: Node; places: Place[] } {
  const used = new Set(parts.listeners.flatMap(({ node }) => routerNames(node)));
  const routers = parts.routers
    .map((node, index) => ({ node, at: [...parts.routersPath, index] }))
    .filter(({ node }) => used.has(node["router_config_name"]));
  const places: Place[] = [
    ...parts.listeners.map(({ path }, i) => ({ of: ["mesh", "listeners", i], at: path })),
    ...routers.map(({ at }, i) => ({ of: ["mesh", "routers", i], at })),
    { of: ["mesh", "cluster_manager"], at: ["cluster_manager"] },
  ];
  const section: Node = {
    listeners: parts.listeners.map(({ node }) => node),
    routers: routers.map(({ node }) => node),
  };
  if (isRecord(parts.clusterManager)) {
    section["cluster_manager"] = withNames(parts.clusterManager);
  }
  return { section, places };
}

function routerNames(listener: Node): unknown[] {
  return networkFilters(listener).map(({ config }) =>
    isRecord(config) ? config["router_config_name"] : undefined,
  );
}

function withNames(manager: Node): Node {
  const { clusters } = manager;
  if (!Array.isArray(clusters)) return manager;
  return { ...manager, clusters: clusters.map((each: unknown) => withName(each)) };
}

function withName(cluster: unknown): unknown {
  if (!isRecord(cluster) || cluster["Name"] === undefined) return cluster;
  const { Name: name, ...rest } = cluster;
  return { name, ...rest };
}

function networkFilters(listener: Node): Node[] {
  return mapsOf(listener["filter_chains"]).flatMap(({ filters }) => mapsOf(filters));
}

/** The maps of a list; what is no list has been reported. */
function mapsOf(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
