import type { Logger } from "@layotto/sidecar-kit";
import { ClusterState } from "./call/cluster-state.ts";
import { RouteState } from "./call/route-state.ts";
import type { MeshRuntime } from "./call/runtime.ts";
import type { MeshClock, Random } from "./clock.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { Clusters } from "./cluster/clusters.ts";
import { DirectClusters } from "./cluster/direct-clusters.ts";
import type { ClusterConfig } from "./model/cluster.ts";
import type { Protocol } from "./model/host.ts";
import type { RouterConfig } from "./model/route.ts";
import { forgetTls } from "./net/cluster-tls.ts";
import type { Route, Router } from "./routing/router.ts";
import { Routers } from "./routing/routers.ts";

/** What the mesh is made with. */
export interface MeshOptions {
  readonly clock: MeshClock;
  readonly random: Random;
  readonly logger: Logger;
  /** Starts discovery for a cluster; returns how to stop. */
  readonly feed: (cluster: Cluster) => () => void;
}

/** The clusters and routes of a process, and what is remembered of them between calls. */
export class Mesh implements MeshRuntime {
  readonly clusters: Clusters;
  readonly routers = new Routers();
  readonly clock: MeshClock;
  readonly random: Random;
  readonly logger: Logger;
  private readonly states = new Map<Cluster, ClusterState>();
  private readonly routeStates = new WeakMap<Route, RouteState>();
  /** By router, virtual host and route: what they count outlives a reload. */
  private readonly routesByName = new Map<string, RouteState>();
  /** Calls without a route, by router. */
  readonly noRoutes = new Map<string, number>();
  private readonly directs: DirectClusters;
  /** The last call of {@link apply}. */
  private applying: Promise<void> = Promise.resolve();
  private applied = 0;

  constructor({ clock, random, logger, feed }: MeshOptions) {
    this.clock = clock;
    this.random = random;
    this.logger = logger;
    this.clusters = new Clusters({ clock, random, feed });
    this.clusters.onChange((_added, removed) => {
      if (removed !== undefined) this.forget(removed);
    });
    this.directs = new DirectClusters({ clock, random }, (cluster) => this.forget(cluster));
  }

  /**
   * Replaces clusters and routes: new clusters first, so that no route leads nowhere meanwhile. A later call overtakes an
   * earlier one that is still at work; both promises then resolve with the later.
   */
  apply(clusters: readonly ClusterConfig[], routers: readonly RouterConfig[]): Promise<void> {
    this.applied++;
    this.applying = this.replace(clusters, routers, this.applied);
    return this.applying;
  }

  /** The cluster of a single address that a call or a channel names. */
  direct(address: string, protocol: Protocol, maxConnections = 0): Cluster {
    return this.directs.get(address, protocol, maxConnections);
  }

  stateOf(cluster: Cluster): ClusterState {
    let state = this.states.get(cluster);
    if (state === undefined) {
      state = new ClusterState(cluster, this);
      this.states.set(cluster, state);
    } else if (state.config !== cluster.config) state.adopt(cluster.config);
    return state;
  }

  routeState(route: Route): RouteState {
    let state = this.routeStates.get(route);
    if (state !== undefined) return state;
    const name = stateName(route);
    state = this.routesByName.get(name);
    if (state === undefined) state = new RouteState(route, this.clock);
    else state.adopt(route);
    this.routesByName.set(name, state);
    this.routeStates.set(route, state);
    return state;
  }

  noRoute({ name }: Router): void {
    this.noRoutes.set(name, (this.noRoutes.get(name) ?? 0) + 1);
  }

  /** States of all routes that were called, by `router/virtual host/route`. */
  namedRoutes(): Iterable<[name: string, state: RouteState]> {
    return this.routesByName;
  }

  /** All clusters with their states, those of single addresses included. */
  *clusterStates(): Iterable<ClusterState> {
    for (const cluster of this.clusters.all()) yield this.stateOf(cluster);
    for (const cluster of this.directs.all()) yield this.stateOf(cluster);
  }

  close(): void {
    this.clusters.close();
    this.directs.close();
    for (const cluster of [...this.states.keys()]) this.forget(cluster);
  }

  private async replace(
    clusters: readonly ClusterConfig[],
    routers: readonly RouterConfig[],
    turn: number,
  ): Promise<void> {
    const before = [...this.clusters.all()].map(({ config }) => config);
    const names = new Set(clusters.map(({ name }) => name));
    const leaving = before.filter(({ name }) => !names.has(name));
    await this.clusters.apply([...clusters, ...leaving]);
    if (turn !== this.applied) return this.applying;
    this.routers.apply(routers);
    this.forgetRoutes();
    if (leaving.length > 0) await this.clusters.apply(clusters);
    if (turn !== this.applied) return this.applying;
    this.adoptSettings();
  }

  /** Health checks begin before the first call, and what was changed or switched off is so before the next one. */
  private adoptSettings(): void {
    for (const cluster of this.clusters.all()) {
      if (cluster.config.healthCheck !== undefined || this.states.has(cluster))
        this.stateOf(cluster);
    }
  }

  private forget(cluster: Cluster): void {
    this.states.get(cluster)?.close();
    this.states.delete(cluster);
    forgetTls(cluster);
  }

  /** States of routes that are gone are not kept for ever. */
  private forgetRoutes(): void {
    const names = new Set<string>();
    for (const { routes } of this.routers.all()) {
      for (const route of routes) names.add(stateName(route));
    }
    for (const name of this.routesByName.keys()) {
      if (!names.has(name)) this.routesByName.delete(name);
    }
  }
}

/** A route of this name inherits what one before it has counted. */
function stateName({ router, virtualHost, name }: Route): string {
  return `${router}/${virtualHost}/${name}`;
}
