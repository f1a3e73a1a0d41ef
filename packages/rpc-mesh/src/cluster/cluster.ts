import { isDeepStrictEqual } from "node:util";
import { type BalancerTools, createBalancer } from "../balancing/create-balancer.ts";
import type { MeshClock, Random } from "../clock.ts";
import type { ClusterConfig } from "../model/cluster.ts";
import type { HostConfig } from "../model/host.ts";
import { Background } from "./background.ts";
import { Host, Unfit } from "./host.ts";
import { HostSet } from "./host-set.ts";
import type { PickContext } from "./pick.ts";
import { Subsets } from "./subsets.ts";
import { whyUnfit } from "./why.ts";

/** What a cluster needs from outside. */
export interface ClusterOptions {
  readonly clock: MeshClock;
  readonly random: Random;
  /** Shared by the clusters of a process, so that their tables are built one after the other. @default one of its own */
  readonly background?: Background;
}

/** Hears of hosts that come and go. */
export type HostsChanged = (added: readonly Host[], removed: readonly Host[]) => void;

/** The weights that the balancers can bear. */
const MAX_WEIGHT = 10_000;

/** A cluster at run time: its hosts, and the choice among them. */
export class Cluster {
  readonly name: string;
  readonly #tools: BalancerTools;
  readonly #health = { value: 0 };
  readonly #listeners = new Set<HostsChanged>();
  readonly #byAddress = new Map<string, Host>();
  #config: ClusterConfig;
  #hosts: readonly Host[] = [];
  #whole: HostSet;
  #subsets: Subsets | undefined;
  #ready = false;
  #drained = false;

  constructor(config: ClusterConfig, { clock, random, background }: ClusterOptions) {
    this.name = config.name;
    this.#config = config;
    this.#tools = { clock, random, background: background ?? new Background() };
    this.#whole = this.#createSet();
    this.#subsets = this.#createSubsets();
  }

  /** As of the last {@link update}. */
  get config(): ClusterConfig {
    return this.#config;
  }

  /** All hosts, also those that get no calls. */
  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  /** Whether hosts were set at least once. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Chooses the host for an attempt: subset, then priority and zone, then the balancer. Hosts that were tried are only
   * chosen again when no other is fit. Without `subsets` in the configuration the metadata of the request plays no part.
   *
   * @returns undefined: no host is fit
   */
  pick(context: PickContext): Host | undefined {
    if (this.#drained) return undefined;
    if (this.#subsets === undefined) return this.#whole.pick(context);
    return this.#subsets.select(context.metadataMatch)?.pick(context);
  }

  /**
   * Replaces the hosts. Known addresses keep their {@link Host} with all that is known of it, those that are no longer
   * named are drained. Of an address that is named twice the last counts.
   */
  setHosts(configs: readonly HostConfig[]): void {
    if (this.#drained) return;
    const wanted = new Map(configs.map((config) => [config.address, config]));
    const removed = this.#hosts.filter((host) => !wanted.has(host.address));
    for (const host of removed) this.#byAddress.delete(host.address);
    const added: Host[] = [];
    for (const config of wanted.values()) {
      const host = this.#byAddress.get(config.address);
      if (host === undefined) added.push(this.#join(config));
      else updateHost(host, config);
    }
    this.#hosts = Array.from(wanted.keys(), (address) => this.#byAddress.get(address)).filter(
      (host) => host !== undefined,
    );
    this.#ready = true;
    this.#rebuild();
    for (const host of removed) host.drain();
    if (added.length > 0 || removed.length > 0) this.#tell(added, removed);
  }

  /** Must be called after a change of `host.unfit`. Costs next to nothing; lists are rebuilt by the next pick. */
  fitChanged(_host: Host): void {
    this.#health.value += 1;
  }

  /** Takes a new configuration. The hosts stay; whoever owns the cluster sees to a new source. */
  update(config: ClusterConfig): void {
    const old = this.#config;
    this.#config = config;
    const same =
      isDeepStrictEqual(old.balancer, config.balancer) &&
      isDeepStrictEqual(old.subsets, config.subsets);
    if (!same) this.#renew();
  }

  /** Why a host gets no calls, for people; empty: it gets some. */
  why(host: Host): string {
    const weighted = this.#hosts.some((each) => each.weight > 0);
    return whyUnfit(host, weighted);
  }

  /**
   * Calls back when hosts join or leave.
   *
   * @returns how to stop
   */
  onHosts(listener: HostsChanged): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes no more calls; those under way end. */
  drain(): void {
    if (this.#drained) return;
    this.#drained = true;
    this.#whole.close();
    this.#subsets?.close();
    for (const host of this.#hosts) host.drain();
    this.#tell([], this.#hosts);
  }

  /** Closes all connections at once. */
  close(): void {
    const hosts = this.hosts;
    this.drain();
    for (const host of hosts) host.close();
  }

  #join(config: HostConfig): Host {
    const host = new Host(config, this.#tools.clock.monotonic());
    host.weight = shareOf(config);
    this.#byAddress.set(config.address, host);
    return host;
  }

  #createSet(): HostSet {
    const { balancer } = this.#config;
    return new HostSet({
      config: balancer,
      random: this.#tools.random,
      health: this.#health,
      createBalancer: () => createBalancer(balancer, this.#tools),
    });
  }

  #createSubsets(): Subsets | undefined {
    const { subsets } = this.#config;
    if (subsets === undefined) return undefined;
    return new Subsets(subsets, this.#whole, () => this.#createSet());
  }

  /** Another policy, or other subsets. */
  #renew(): void {
    this.#whole.close();
    this.#subsets?.close();
    this.#whole = this.#createSet();
    this.#subsets = this.#createSubsets();
    this.#rebuild();
  }

  #rebuild(): void {
    this.#health.value += 1;
    this.#whole.setHosts(this.#hosts);
    this.#subsets?.setHosts(this.#hosts);
    if (this.#subsets === undefined) this.#whole.prepare();
  }

  #tell(added: readonly Host[], removed: readonly Host[]): void {
    for (const listener of this.#listeners) listener(added, removed);
  }
}

function updateHost(host: Host, config: HostConfig): void {
  host.config = config;
  host.weight = shareOf(config);
  host.unfit =
    config.healthy === false ? host.unfit | Unfit.REGISTRY : host.unfit & ~Unfit.REGISTRY;
}

/** Registries say anything; a weight that is no number must not stop the others. */
function shareOf(config: HostConfig): number {
  const weight = config.weight ?? 100;
  return weight >= 0 ? Math.min(weight, MAX_WEIGHT) : 0;
}
