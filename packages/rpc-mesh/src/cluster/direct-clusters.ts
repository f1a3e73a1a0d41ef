import { defaultCluster } from "../config/defaults.ts";
import type { Protocol } from "../model/host.ts";
import { Cluster, type ClusterOptions } from "./cluster.ts";

/** Addresses that are kept with their connections; the one not used for longest goes first. */
const MAX_DIRECT = 256;

/** Clusters of single addresses that calls name themselves. */
export class DirectClusters {
  readonly #options: ClusterOptions;
  readonly #onGone: (cluster: Cluster) => void;
  /** In the order of their last use. */
  readonly #clusters = new Map<string, Cluster>();

  /** @param onGone told of clusters that are given up */
  constructor(options: ClusterOptions, onGone: (cluster: Cluster) => void) {
    this.#options = options;
    this.#onGone = onGone;
  }

  /** The cluster of an address. @param maxConnections to it; 0: no limit */
  get(address: string, protocol: Protocol, maxConnections: number): Cluster {
    const key = `${protocol}://${address}${maxConnections > 0 ? ` (${maxConnections})` : ""}`;
    let cluster = this.#clusters.get(key);
    if (cluster === undefined) {
      cluster = this.#create(key, address, protocol, maxConnections);
      this.#makeRoom();
    } else if (this.#clusters.size > 1) this.#clusters.delete(key);
    else return cluster;
    this.#clusters.set(key, cluster);
    return cluster;
  }

  all(): Iterable<Cluster> {
    return this.#clusters.values();
  }

  close(): void {
    for (const cluster of this.#clusters.values()) cluster.close();
  }

  #create(name: string, address: string, protocol: Protocol, maxConnections: number): Cluster {
    const hosts = [{ address }];
    const limits = { ...defaultCluster.limits, maxConnections };
    const source = { type: "static", hosts } as const;
    const config = { ...defaultCluster, name, source, protocol, limits, outlier: undefined };
    const cluster = new Cluster(config, this.#options);
    cluster.setHosts(hosts);
    return cluster;
  }

  #makeRoom(): void {
    if (this.#clusters.size < MAX_DIRECT) return;
    for (const [key, cluster] of this.#clusters) {
      this.#clusters.delete(key);
      cluster.drain();
      return this.#onGone(cluster);
    }
  }
}
