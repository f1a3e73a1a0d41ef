import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import type { DirectAction, ForwardAction, HeaderChanges, RedirectAction } from "../model/route.ts";
import { decideFault } from "../resilience/fault.ts";
import { chooseCluster, hashOf, type ClusterChoice, type Route } from "../routing/router.ts";
import { CallBooks } from "./call-books.ts";
import type { CallOptions } from "./call-options.ts";
import { CallTiming } from "./call-timing.ts";
import { Reason, type MeshFailure } from "./failure.ts";
import { noClusterText, noRouteText } from "./failure-texts.ts";
import type { MeshRuntime } from "./runtime.ts";
import { meshFailure } from "./statuses.ts";

const noHosts: readonly Host[] = [];
const noChanges: readonly HeaderChanges[] = [];

/**
 * The first half of a governed call, from its caller to the cluster: who may call, the route, flow rules, faults, the
 * limits of route and cluster. What passes is dispatched; what does not is finished with the reason.
 */
export abstract class AdmittedCall implements PickContext {
  readonly mesh: MeshRuntime;
  readonly options: CallOptions;
  /** The route taken; undefined before {@link begin} and for calls without a router. */
  route: Route | undefined;
  /** Header changes of the share, the route, its virtual host and its router. */
  changes: readonly HeaderChanges[] = noChanges;
  /** Nothing more will happen. */
  over = false;

  /** @see PickContext */
  hash: number | undefined;
  tried: readonly Host[] = noHosts;
  metadataMatch: Readonly<Record<string, string>> | undefined;

  protected readonly books: CallBooks;
  protected readonly timing: CallTiming;
  protected cluster: Cluster | undefined;

  constructor(mesh: MeshRuntime, options: CallOptions) {
    this.mesh = mesh;
    this.options = options;
    this.books = new CallBooks(mesh.clock);
    this.timing = new CallTiming(mesh.clock, options);
  }

  /** Sends the call to a host of {@link cluster}. */
  protected abstract dispatch(): void;
  /** Ends the call with an answer of the mesh's own. */
  protected abstract finish(failure: MeshFailure): void;
  /** Ends the call with an answer by configuration. */
  protected abstract finishDirect(action: DirectAction | RedirectAction): void;
  /** The time of the whole call, `ms`, is over. */
  protected abstract timedOut(ms: number): void;

  /** Routes the call and sends it. */
  begin(): void {
    const { router, cluster, request, allows } = this.options;
    this.timing.startedAt = this.mesh.clock.monotonic();
    if (allows !== undefined && !allows(request)) {
      return this.refuse(Reason.DENIED, "this caller's address is not allowed");
    }
    if (router === undefined) return this.enter(cluster, undefined);
    const route = router.match(request, this.mesh.random);
    if (route === undefined) {
      this.mesh.noRoute(router);
      return this.refuse(Reason.NO_ROUTE, noRouteText(this.options));
    }
    this.route = route;
    this.books.enterRoute(this.mesh.routeState(route));
    this.checkFlow(route);
  }

  /** Ends the call with the usual status of a reason. */
  protected refuse(reason: Reason, message: string): void {
    this.finish(meshFailure(reason, message));
  }

  private checkFlow(route: Route): void {
    const { flow, request } = this.options;
    if (flow === undefined) return this.checkFault(route);
    const { generation } = flow;
    const ms = flow.check(request);
    if (ms < 0) return this.finish(flow.failure());
    this.books.passedFlow(generation);
    if (ms > 0) return this.delay(route, ms, () => this.checkFault(route));
    this.checkFault(route);
  }

  private checkFault(route: Route): void {
    const { request, fault: ofListener } = this.options;
    // Chosen once: all attempts go to the same share of a weighted route.
    const chosen = chooseCluster(route, request, this.mesh.random);
    const fault = route.config.fault ?? ofListener;
    if (fault === undefined) return this.act(route, chosen);
    const decided = decideFault(fault, request, chosen?.name ?? "", this.mesh.random);
    if (decided === undefined) return this.act(route, chosen);
    const then = (): void => {
      if (decided.abort === 0) return this.act(route, chosen);
      const message = `fault injected by route "${route.name}"`;
      this.finish({ reason: Reason.FAULT, message, status: decided.abort });
    };
    if (decided.delayMs > 0) return this.delay(route, decided.delayMs, then);
    then();
  }

  /** A pause before the call is sent: it is a part of the call's whole time. */
  private delay({ action }: Route, ms: number, then: () => void): void {
    this.startTotal(action.type === "forward" ? action : undefined);
    this.timing.pause(ms, () => {
      if (!this.over) then();
    });
  }

  private act(route: Route, chosen: ClusterChoice | undefined): void {
    const { action } = route;
    if (action.type !== "forward") return this.finishDirect(action);
    const { maxConcurrent } = route.config.limits;
    const active = this.books.route?.counters.active ?? 0;
    if (maxConcurrent !== undefined && active > maxConcurrent) {
      const text = `route "${route.name}" has ${maxConcurrent} calls under way: its limit`;
      return this.refuse(Reason.CONCURRENCY, text);
    }
    if (!this.books.passBreaker()) {
      return this.refuse(Reason.BREAKER_OPEN, `circuit breaker of route "${route.name}" is open`);
    }
    this.forward(route, action, chosen);
  }

  private forward(route: Route, action: ForwardAction, chosen: ClusterChoice | undefined): void {
    if (chosen === undefined) return this.refuse(Reason.NO_CLUSTER, noClusterText(route.name, ""));
    this.metadataMatch = chosen.metadataMatch;
    this.changes =
      chosen.headers === undefined ? route.headers : [chosen.headers, ...route.headers];
    if (action.hash.length > 0) this.hash = hashOf(action.hash, this.options.request);
    const cluster = this.mesh.clusters.get(chosen.name);
    if (cluster === undefined) {
      return this.refuse(Reason.NO_CLUSTER, noClusterText(route.name, chosen.name));
    }
    this.enter(cluster, action);
  }

  /** The cluster is known: its limits, then the first attempt. */
  private enter(cluster: Cluster | undefined, action: ForwardAction | undefined): void {
    if (cluster === undefined) return this.refuse(Reason.NO_CLUSTER, noClusterText("", ""));
    const state = this.mesh.stateOf(cluster);
    this.cluster = cluster;
    this.books.enterCluster(state);
    const { maxRequests } = cluster.config.limits;
    if (maxRequests > 0 && state.counters.active > maxRequests) {
      const text = `cluster "${cluster.name}" has ${maxRequests} calls under way: its limit`;
      return this.refuse(Reason.OVERFLOW, text);
    }
    if (!this.books.takePlace()) {
      const limit = Math.floor(state.adaptive?.limit ?? 0);
      const text = `cluster "${cluster.name}" is at its adaptive limit of ${limit} calls`;
      return this.refuse(Reason.CONCURRENCY, text);
    }
    const left = this.timing.leftMs;
    if (left !== undefined && (left <= 0 || !state.floor.enough(left))) {
      const text = `${Math.max(0, Math.ceil(left))} ms are left, too few for cluster "${cluster.name}"`;
      return this.refuse(left <= 0 ? Reason.TIMEOUT : Reason.SHED, text);
    }
    this.startTotal(action);
    state.budget.call();
    this.dispatch();
  }

  private startTotal(action: ForwardAction | undefined): void {
    this.timing.startTotal(action?.timeoutMs, (ms) => this.timedOut(ms));
  }
}
