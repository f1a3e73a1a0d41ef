import type { Logger, Timer } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { ClusterConfig } from "../model/cluster.ts";
import type { ListenerConfig } from "../model/listener.ts";
import type { RouterConfig } from "../model/route.ts";
import { ColdClusters, type Warmth, warmingMs } from "./cold-clusters.ts";
import type { XdsListener } from "./read/listener.ts";
import { clustersOf } from "./read/route.ts";
import { isSame, mergeWanted, type Wanted } from "./wanted.ts";

/** Where accepted configuration goes. Each call brings everything of its kind that the management server has set. */
export interface XdsTarget {
  clusters(configs: readonly ClusterConfig[]): Promise<void> | void;
  routers(configs: readonly RouterConfig[]): Promise<void> | void;
  listeners?(configs: readonly ListenerConfig[]): Promise<void> | void;
  /** Whether a cluster without EDS has hosts. Default: it is taken for granted. */
  isReady?(cluster: string): boolean;
}

/** How often clusters without EDS are asked whether they are ready. */
const askMs = 100;

/** Options of {@link Rollout}. */
export interface RolloutOptions extends Pick<Warmth, "hostsOf"> {
  readonly target: XdsTarget;
  readonly clock: MeshClock;
  readonly logger: Logger;
}

/**
 * Puts configuration into effect, make before break: clusters first; routes once their new clusters have hosts; listeners
 * once their routes are there; removed clusters go when no route leads to them any more. No wait is longer than
 * {@link warmingMs}.
 */
export class Rollout {
  private readonly options: RolloutOptions;
  private clusters = new Map<string, Wanted<ClusterConfig>>();
  private routers = new Map<string, RouterConfig>();
  private listeners = new Map<string, Wanted<XdsListener>>();
  /** Clusters that the server has removed but routes still use. */
  private readonly leaving = new Map<string, Wanted<ClusterConfig>>();
  private inUse = {
    clusters: [] as readonly ClusterConfig[],
    routers: new Map<string, RouterConfig>(),
    listeners: new Map<string, XdsListener>(),
  };
  private last: Promise<void> = Promise.resolve();
  private timer: Timer | undefined;
  private closed = false;
  /** Routers and listeners that wait, for people. */
  waiting: readonly string[] = [];

  constructor(options: RolloutOptions) {
    this.options = options;
  }

  setClusters(entries: Iterable<readonly [string, ClusterConfig]>): void {
    const before = this.clusters;
    const since = this.options.clock.now();
    this.clusters = mergeWanted(before, entries, since, () => true);
    for (const [name, { value }] of before) {
      if (!this.clusters.has(name)) this.leaving.set(name, { value, since });
    }
    for (const name of this.clusters.keys()) this.leaving.delete(name);
  }

  setRouters(entries: Iterable<readonly [string, RouterConfig]>): void {
    this.routers = new Map(entries);
  }

  setListeners(entries: Iterable<readonly [string, XdsListener | undefined]>): void {
    const known = [...entries].flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const usesSame = (a: XdsListener, b: XdsListener) => a.config.router === b.config.router;
    this.listeners = mergeWanted(this.listeners, known, this.options.clock.now(), usesSame);
  }

  /** Brings into effect what can be now, and comes back by itself for the rest. Calls follow each other. */
  settle(): Promise<void> {
    const run = this.last.then(() => (this.closed ? undefined : this.run()));
    this.last = run.catch(() => {}); // told to whoever asked
    return run;
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private async run(): Promise<void> {
    const { target, hostsOf, clock } = this.options;
    this.timer?.cancel();
    await this.applyClusters();
    const isReady = target.isReady?.bind(target);
    const cold = new ColdClusters(this.clusters, { hostsOf, isReady }, clock.now());
    const held = new Set<string>();
    await this.applyRouters(cold, held);
    await this.applyListeners(held);
    await this.applyRouters(cold, held);
    this.release(held.size > 0);
    await this.applyClusters();
    this.waiting = [...held];
    this.schedule(cold, held.size > 0);
  }

  private async applyClusters(): Promise<void> {
    const next = [...this.clusters.values(), ...this.leaving.values()].map(({ value }) => value);
    if (isSame(this.inUse.clusters, next)) return;
    await this.options.target.clusters(next);
    this.inUse.clusters = next;
  }

  /** Routers of RDS that are there, and listeners' own. */
  private wantedRouters(): Map<string, RouterConfig> {
    const wanted = new Map(this.routers);
    for (const { value } of this.listeners.values()) {
      if (value.inline !== undefined) wanted.set(value.inline.name, value.inline);
    }
    return wanted;
  }

  private async applyRouters(cold: ColdClusters, held: Set<string>): Promise<void> {
    const before = this.inUse.routers;
    const next = new Map<string, RouterConfig>();
    for (const [name, router] of this.wantedRouters()) {
      const old = before.get(name);
      const waits = old !== router && cold.holdBack(router, old);
      if (waits) held.add(`route configuration "${name}"`);
      const use = waits ? old : router;
      if (use !== undefined) next.set(name, use);
    }
    // What listeners use now goes only when they do no longer.
    for (const { config } of this.inUse.listeners.values()) {
      const old = before.get(config.router);
      if (old !== undefined && !next.has(config.router)) next.set(config.router, old);
    }
    if (isSame([...before.values()], [...next.values()])) return;
    await this.options.target.routers([...next.values()]);
    this.inUse.routers = next;
  }

  private async applyListeners(held: Set<string>): Promise<void> {
    const before = this.inUse.listeners;
    const next = new Map<string, XdsListener>();
    for (const [name, { value, since }] of this.listeners) {
      const waits = !this.inUse.routers.has(value.config.router) && !this.isPast(since);
      if (waits) held.add(`listener "${name}"`);
      const use = waits ? before.get(name) : value;
      if (use !== undefined) next.set(name, use);
    }
    if (isSame([...before.values()], [...next.values()])) return;
    await this.options.target.listeners?.([...next.values()].map(({ config }) => config));
    this.inUse.listeners = next;
  }

  /** Lets removed clusters go that no route leads to, and all whose time is over. */
  private release(isWaiting: boolean): void {
    const used = new Set<string>();
    for (const router of this.inUse.routers.values()) {
      for (const name of clustersOf(router)) used.add(name);
    }
    for (const [name, { since }] of this.leaving) {
      if (!used.has(name) || (!isWaiting && this.isPast(since))) this.leaving.delete(name);
    }
  }

  private isPast(since: number): boolean {
    return this.options.clock.now() - since >= warmingMs;
  }

  private schedule(cold: ColdClusters, isWaiting: boolean): void {
    const waits = [
      ...[...cold.names()].map((name) => this.clusters.get(name)?.since),
      ...[...this.leaving.values()].map(({ since }) => since),
      ...(isWaiting ? [...this.listeners.values()].map(({ since }) => since) : []),
    ].flatMap((since) => (since === undefined || this.isPast(since) ? [] : [since]));
    if (waits.length === 0 || this.closed) return;
    const { clock, logger } = this.options;
    const leftMs = Math.min(...waits) + warmingMs - clock.now();
    const ms = isWaiting && cold.hasToBeAsked ? Math.min(askMs, leftMs) : leftMs;
    this.timer = clock.after(ms, () => {
      this.settle().catch((err: unknown) => logger.error({ err }, "cannot apply xDS"));
    });
  }
}
