import type { Mesh } from "./mesh.ts";
import type { ClusterConfig } from "./model/cluster.ts";
import type { RouterConfig } from "./model/route.ts";

/** Clusters and routes of one origin. */
interface Parts {
  clusters: readonly ClusterConfig[];
  routers: readonly RouterConfig[];
}

/** Puts together what the file says and what a management server says; the file wins where both name the same. */
export class MeshSources {
  private readonly mesh: Mesh;
  private file: Parts = { clusters: [], routers: [] };
  private readonly remote: Parts = { clusters: [], routers: [] };

  constructor(mesh: Mesh) {
    this.mesh = mesh;
  }

  /** Takes over what the configuration file says now. */
  setFile(clusters: readonly ClusterConfig[], routers: readonly RouterConfig[]): Promise<void> {
    this.file = { clusters, routers };
    return this.apply();
  }

  setRemoteClusters(clusters: readonly ClusterConfig[]): Promise<void> {
    this.remote.clusters = clusters;
    return this.apply();
  }

  setRemoteRouters(routers: readonly RouterConfig[]): Promise<void> {
    this.remote.routers = routers;
    return this.apply();
  }

  private apply(): Promise<void> {
    const { file, remote } = this;
    return this.mesh.apply(
      firstOfEachName([...file.clusters, ...remote.clusters]),
      firstOfEachName([...file.routers, ...remote.routers]),
    );
  }
}

function firstOfEachName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const each of all) if (!byName.has(each.name)) byName.set(each.name, each);
  return [...byName.values()];
}
