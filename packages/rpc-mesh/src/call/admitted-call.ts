import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import type { DirectAction, ForwardAction, HeaderChanges, RedirectAction } from "../model/route.ts";
import { decideFault } from "../resilience/fault.ts";
import { chooseCluster, hashOf, type ClusterChoice, type Route } from "../routing/router.ts";
import { CallBooks } from "./call-books.ts";
import type { HostHooks, RouteDecision } from "./call-hooks.ts";
import type { CallOptions } from "./call-options.ts";
import { CallTiming } from "./call-timing.ts";
import { Reason, type MeshFailure } from "./failure.ts";
import { ChangedRequest, changesBetween } from "./changed-request.ts";
import { noClusterText, noRouteText, toldNowhereText } from "./failure-texts.ts";
import type { MeshRuntime } from "./runtime.ts";
import { meshFailure } from "./statuses.ts";

/** Hosts that a function is told of, at most. */
const MAX_TOLD_HOSTS = 1000;

/** What a function said of the way of a call. */
interface Told {
  readonly cluster: string | undefined;
  readonly changes: HeaderChanges | undefined;
}

const noHosts: readonly Host[] = [];
const noChanges: readonly HeaderChanges[] = [];

/**
 * The first half of a governed call, from its caller to the cluster: who may call, the route, flow rules, faults, the
 * limits of route and cluster. What passes is dispatched; what does not is finished with the reason.
 */
export abstract class AdmittedCall implements PickContext {
  readonly mesh: MeshRuntime;
  options: CallOptions;
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

  /** Sends the call to a host of {@link cluster}. @param first chosen already, and let pass by its breaker */
  protected abstract dispatch(first: Host | undefined): void;
  /** Ends the call with an answer of the mesh's own. */
  protected abstract finish(failure: MeshFailure): void;
  /** Ends the call with an answer by configuration. */
  protected abstract finishDirect(action: DirectAction | RedirectAction): void;
  /** The time of the whole call, `ms`, is over. */
  protected abstract timedOut(ms: number): void;

  /** Routes the call and sends it. */
  begin(): void {
    const { request, allows, hooks } = this.options;
    this.timing.startedAt = this.mesh.clock.monotonic();
    if (allows !== undefined && !allows(request)) {
      return this.refuse(Reason.DENIED, "this caller's address is not allowed");
    }
    if (hooks !== undefined) return this.beforeRoute();
    this.match(undefined);
  }

  /** Functions take part in what follows. */
  protected beforeRoute(): void {
    const hooks = this.options.hooks?.route;
    if (hooks === undefined) return this.match(undefined);
    const { request } = this.options;
    const decided = (decision: RouteDecision): void => {
      if (!this.over) this.follow(decision);
    };
    this.timing.hold(hooks.ask(request, this.timing.leftMs, decided));
  }

  /** A function has changed the headers of the request. Returns what is left to be changed when it is sent. */
  protected changeHeaders(headers: readonly string[]): HeaderChanges | undefined {
    const { request } = this.options;
    const changed = new ChangedRequest(request, headers);
    this.options = { ...this.options, request: changed };
    return changesBetween(request.flat(), changed.flat());
  }

  private follow({ failure, headers, cluster }: RouteDecision): void {
    if (failure !== undefined) return this.finish(failure);
    const changes = headers === undefined ? undefined : this.changeHeaders(headers);
    if (!this.over) this.match({ cluster, changes });
  }

  private match(told: Told | undefined): void {
    const { router, cluster, request } = this.options;
    if (router === undefined) return this.enter(cluster, undefined);
    const route = router.match(request, this.mesh.random);
    if (route === undefined) {
      if (told?.cluster !== undefined) return this.enterTold(told, told.cluster);
      this.mesh.noRoute(router);
      return this.refuse(Reason.NO_ROUTE, noRouteText(this.options));
    }
    this.route = route;
    this.books.enterRoute(this.mesh.routeState(route));
    this.checkFlow(route, told);
  }

  /** There is no route, and none is needed: a function says where the call goes. */
  private enterTold({ changes }: Told, name: string): void {
    if (changes !== undefined) this.changes = [changes];
    const cluster = this.mesh.clusters.get(name);
    if (cluster === undefined) return this.refuse(Reason.NO_CLUSTER, toldNowhereText(name));
    this.enter(cluster, undefined);
  }

  /** Ends the call with the usual status of a reason. */
  protected refuse(reason: Reason, message: string): void {
    this.finish(meshFailure(reason, message));
  }

  private checkFlow(route: Route, told: Told | undefined): void {
    const { flow, request } = this.options;
    if (flow === undefined) return this.checkFault(route, told);
    const { generation } = flow;
    const ms = flow.check(request);
    if (ms < 0) return this.finish(flow.failure());
    this.books.passedFlow(generation);
    if (ms > 0) return this.delay(route, ms, () => this.checkFault(route, told));
    this.checkFault(route, told);
  }

  private checkFault(route: Route, told: Told | undefined): void {
    const { request, fault: ofListener } = this.options;
    // Chosen once: all attempts go to the same share of a weighted route.
    const chosen =
      told?.cluster === undefined
        ? chooseCluster(route, request, this.mesh.random)
        : { name: told.cluster };
    const fault = route.config.fault ?? ofListener;
    if (fault === undefined) return this.act(route, chosen, told);
    const decided = decideFault(fault, request, chosen?.name ?? "", this.mesh.random);
    if (decided === undefined) return this.act(route, chosen, told);
    const then = (): void => {
      if (decided.abort === 0) return this.act(route, chosen, told);
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

  private act(route: Route, chosen: ClusterChoice | undefined, told: Told | undefined): void {
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
    this.forward(route, action, chosen, told);
  }

  private forward(
    route: Route,
    action: ForwardAction,
    chosen: ClusterChoice | undefined,
    told: Told | undefined,
  ): void {
    if (chosen === undefined) return this.refuse(Reason.NO_CLUSTER, noClusterText(route.name, ""));
    this.metadataMatch = chosen.metadataMatch;
    this.changes =
      chosen.headers === undefined ? route.headers : [chosen.headers, ...route.headers];
    if (told?.changes !== undefined) this.changes = [told.changes, ...this.changes];
    if (action.hash.length > 0) this.hash = hashOf(action.hash, this.options.request);
    const cluster = this.mesh.clusters.get(chosen.name);
    if (cluster === undefined) {
      const isTold = told?.cluster !== undefined;
      const text = isTold ? toldNowhereText(chosen.name) : noClusterText(route.name, chosen.name);
      return this.refuse(Reason.NO_CLUSTER, text);
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
    const hooks = this.options.hooks?.host;
    if (hooks === undefined) return this.dispatch(undefined);
    this.askForHost(hooks, cluster);
  }

  private askForHost(hooks: HostHooks, cluster: Cluster): void {
    const hosts = eligible(cluster, this.metadataMatch);
    const { request } = this.options;
    const question = { request, route: this.route?.name ?? "", cluster, hosts, leftMs: this.timing.leftMs }; // prettier-ignore
    const wait = hooks.ask(question, ({ failure, host }) => {
      if (this.over) return;
      if (failure !== undefined) return this.finish(failure);
      // It may have become unfit meanwhile.
      const found = hosts.find(({ address, unfit, removed }) => address === host && unfit === 0 && !removed); // prettier-ignore
      this.dispatch(this.passing(found, cluster));
    });
    this.timing.hold(wait);
  }

  /** A host whose breaker refuses is chosen anew. */
  private passing(host: Host | undefined, cluster: Cluster): Host | undefined {
    if (host === undefined || cluster.config.breaker === undefined) return host;
    return this.books.cluster?.breakerOf(host)?.tryPass() === true ? host : undefined;
  }

  private startTotal(action: ForwardAction | undefined): void {
    this.timing.startTotal(action?.timeoutMs, (ms) => this.timedOut(ms));
  }
}

/** The hosts that may get a call. With a subset those that are in it, if there are any. */
function eligible(
  { hosts, config }: Cluster,
  match: Readonly<Record<string, string>> | undefined,
): Host[] {
  const fit = hosts.filter(({ unfit, weight }) => unfit === 0 && weight > 0);
  const wanted = config.subsets === undefined ? [] : Object.entries(match ?? {});
  const within = fit.filter(({ config: { metadata } }) =>
    wanted.every(([key, value]) => metadata?.[key] === value),
  );
  return (within.length > 0 ? within : fit).slice(0, MAX_TOLD_HOSTS);
}
