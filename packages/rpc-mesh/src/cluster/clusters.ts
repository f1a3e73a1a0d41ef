import { performance } from "node:perf_hooks";
import { isDeepStrictEqual } from "node:util";
import type { MeshClock, Random } from "../clock.ts";
import type { ClusterConfig } from "../model/cluster.ts";
import { Background, SLICE_MS } from "./background.ts";
import { Cluster } from "./cluster.ts";

/** What the clusters need from outside. */
export interface ClustersOptions {
  readonly clock: MeshClock;
  readonly random: Random;
  /** Starts discovery for the source of a cluster and sets its hosts; returns how to stop. */
  readonly feed: (cluster: Cluster) => () => void;
}

/** Hears of clusters that come and go. */
export type ClustersChanged = (added: Cluster | undefined, removed: Cluster | undefined) => void;

interface Entry {
  readonly cluster: Cluster;
  stop: () => void;
}

/** All clusters of the mesh by name. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #background = new Background();
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<ClustersChanged>();
  /** Gives up the call of {@link apply} that is still at work. */
  #overtake: (() => void) | undefined;
  #closed = false;

  constructor(options: ClustersOptions) {
    this.#options = options;
  }

  get(name: string): Cluster | undefined {
    return this.#entries.get(name)?.cluster;
  }

  *all(): Iterable<Cluster> {
    for (const entry of this.#entries.values()) yield entry.cluster;
  }

  /**
   * Makes these the clusters: adds and updates first, then removes the others. Works in slices, so that calls under way
   * do not feel it; what fits into the first slice is done on return. A later call overtakes an earlier one that is still
   * at work. Both promises then resolve when the later is done, its tables of ring hash and maglev included.
   *
   * @throws what `feed` threw, after the other clusters were applied
   */
  async apply(configs: readonly ClusterConfig[]): Promise<void> {
    if (this.#closed) return;
    this.#overtake?.();
    const faults: unknown[] = [];
    const steps = this.#steps(configs, faults);
    const endMs = performance.now() + SLICE_MS;
    let done = false;
    while (!done && performance.now() < endMs) done = steps.next().done === true;
    if (!done) this.#overtake = this.#background.add(steps);
    await this.#background.idle();
    if (faults.length > 0) throw faults[0];
  }

  /**
   * Calls back when a cluster joins or leaves. An update is neither.
   *
   * @returns how to stop
   */
  onChange(listener: ClustersChanged): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Closes all connections at once. */
  close(): void {
    this.#stop();
    for (const { cluster } of this.#entries.values()) cluster.close();
    for (const name of [...this.#entries.keys()]) this.#remove(name);
  }

  *#steps(configs: readonly ClusterConfig[], faults: unknown[]): Generator<void, void> {
    for (const config of configs) {
      try {
        this.#set(config);
      } catch (error) {
        faults.push(error);
      }
      yield;
    }
    const wanted = new Set(configs.map((config) => config.name));
    for (const name of [...this.#entries.keys()]) {
      if (wanted.has(name)) continue;
      this.#remove(name);
      yield;
    }
  }

  #set(config: ClusterConfig): void {
    const entry = this.#entries.get(config.name);
    if (entry === undefined) return this.#add(config);
    const old = entry.cluster.config;
    entry.cluster.update(config);
    if (isDeepStrictEqual(old.source, config.source)) return;
    entry.stop();
    entry.stop = this.#options.feed(entry.cluster);
  }

  #add(config: ClusterConfig): void {
    const { clock, random, feed } = this.#options;
    const cluster = new Cluster(config, { clock, random, background: this.#background });
    const entry: Entry = { cluster, stop: () => {} };
    this.#entries.set(config.name, entry);
    // Listeners first: they must hear of the hosts that the feed brings.
    this.#tell(cluster, undefined);
    entry.stop = feed(cluster);
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    entry.stop();
    entry.cluster.drain();
    this.#tell(undefined, entry.cluster);
  }

  /** No more discovery, no more changes. */
  #stop(): void {
    this.#closed = true;
    this.#overtake?.();
    for (const entry of this.#entries.values()) {
      entry.stop();
      entry.stop = () => {};
    }
  }

  #tell(added: Cluster | undefined, removed: Cluster | undefined): void {
    for (const listener of this.#listeners) listener(added, removed);
  }
}
