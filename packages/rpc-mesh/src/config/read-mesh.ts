import type { ConfigFault } from "@layotto/sidecar-kit/config";
import type { OutlierConfig } from "../model/cluster.ts";
import type { MeshConfig } from "../model/mesh.ts";
import type { RouterConfig } from "../model/route.ts";
import { type CheckedNames, checkReferences } from "./check-references.ts";
import { ConfigNode, type Findings } from "./config-node.ts";
import { readCluster } from "./read-cluster.ts";
import { type ReadListener, readListener } from "./read-listener.ts";
import { readRouter } from "./read-router.ts";
import { readRegistration, readXds } from "./read-xds.ts";

/** What {@link readMesh} finds. */
export interface ReadMesh {
  /** Undefined when there are faults. */
  readonly config: MeshConfig | undefined;
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[];
}

/** What the section `mesh` is read with. */
export interface ReadMeshOptions {
  /** Name of the application, for xDS. @default "" */
  readonly appId?: string | undefined;
  /** Names in the section `registries`; undefined: they are not checked. */
  readonly registries?: readonly string[] | undefined;
}

/**
 * Reads the section `mesh`: MOSN's keys and those of our own, all defaults filled in, every fault by its path. Needs no
 * schema: what is mistyped is a fault here too.
 */
export function readMesh(section: unknown, options: ReadMeshOptions = {}): ReadMesh {
  const found: Findings = { faults: [], warnings: [] };
  const wrapped = new ConfigNode({ mesh: section ?? {} }, [], found);
  const node = wrapped.child("mesh");
  const config = node === undefined ? undefined : readSection(node, options);
  return {
    config: found.faults.length > 0 ? undefined : config,
    faults: distinct(found.faults),
    warnings: distinct(found.warnings),
  };
}

/** What is looked at twice is wrong once. */
function distinct(faults: readonly ConfigFault[]): ConfigFault[] {
  const found = new Map(faults.map((each) => [`${each.path.join("\0")}\0${each.message}`, each]));
  return [...found.values()];
}

function readSection(node: ConfigNode, { appId = "", registries }: ReadMeshOptions): MeshConfig {
  const zone = node.text("zone");
  const listeners = node.children("listeners").map(readListener);
  const routerNodes = [...node.children("routers"), ...listeners.flatMap((each) => each.routers)];
  const routers = routerNodes.map(readRouter);
  const manager = node.child("cluster_manager");
  if (manager?.has("clusters_configs") === true) {
    manager.fault("clusters_configs", "is not supported: put the clusters into the file");
  }
  const clusterNodes = [...(manager?.children("clusters") ?? []), ...node.children("clusters")];
  const around = {
    zone,
    registries,
    hashed: hashedClusters(routers),
    outliers: outliersOf(listeners, routers),
    sharedTls: manager?.child("tls_context"),
  };
  const clusters = clusterNodes.map((each) => readCluster(each, around));
  const xds = readXds(node.child("xds"), appId, zone);
  const names: CheckedNames = { listeners, routers, routerNodes, clusters, clusterNodes };
  checkReferences(node, names, xds !== undefined);
  return {
    listeners: listeners.map(({ listener }) => listener),
    routers,
    clusters,
    registrations: node.children("registrations").map((each) => readRegistration(each, registries)),
    xds,
  };
}

function hashedClusters(routers: readonly RouterConfig[]): ReadonlySet<string> {
  const hashed = new Set<string>();
  for (const [name, action] of targetsOf(routers)) if (action.hash.length > 0) hashed.add(name);
  return hashed;
}

/** Ejection by the filter `fault_tolerance` of a listener holds for the clusters that its router leads to. */
function outliersOf(
  listeners: readonly ReadListener[],
  routers: readonly RouterConfig[],
): ReadonlyMap<string, OutlierConfig> {
  const found = new Map<string, OutlierConfig>();
  for (const { listener, filters } of listeners) {
    const { outlier } = filters;
    const router = routers.find(({ name }) => name === listener.router);
    if (outlier === undefined || router === undefined) continue;
    for (const [name] of targetsOf([router])) found.set(name, outlier);
  }
  return found;
}

/** Every cluster that a route forwards to, with the action. */
function* targetsOf(routers: readonly RouterConfig[]) {
  for (const { action } of routers.flatMap(routesOf)) {
    if (action.type !== "forward") continue;
    if (action.cluster !== undefined) yield [action.cluster, action] as const;
    for (const { name } of action.weighted ?? []) yield [name, action] as const;
  }
}

function routesOf({ virtualHosts }: RouterConfig) {
  return virtualHosts.flatMap(({ routes }) => routes);
}
