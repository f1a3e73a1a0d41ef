import type { ClusterState } from "../call/cluster-state.ts";
import type { CallCounters } from "../call/counters.ts";
import type { Host } from "../cluster/host.ts";
import type { Listeners } from "../listener/listeners.ts";
import type { ListenerConfig } from "../model/listener.ts";
import type { Mesh } from "../mesh.ts";
import type { Breaker } from "../resilience/breaker.ts";
import type { Route } from "../routing/router.ts";
import type { Observed } from "./observed.ts";
import type {
  BreakerEntry,
  CallFigures,
  ClusterEntry,
  HostEntry,
  ListenerEntry,
  MeshPage,
  RouteEntry,
} from "./page-model.ts";

/** The state of the mesh as it is now. */
export function meshPage({ mesh, listeners, registrations, xds }: Observed): MeshPage {
  return {
    listeners: listeners.configs.map((config) => listenerEntry(config, listeners)),
    routes: [...mesh.routers.all()].flatMap(({ routes }) =>
      routes.map((route) => routeEntry(mesh, route)),
    ),
    noRoutes: Object.fromEntries(mesh.noRoutes),
    clusters: [...mesh.clusterStates()].map((state) => clusterEntry(mesh, state)),
    registrations: registrations.map(({ config, state, reason }) => {
      const { service, registry, address } = config;
      return { service, registry, address, state, reason };
    }),
    xds,
  };
}

function listenerEntry(config: ListenerConfig, listeners: Listeners): ListenerEntry {
  const { name, type, address, protocol, router, tls } = config;
  const open = listeners.all.find(({ scope }) => scope.config.name === name);
  return {
    name,
    type,
    address,
    protocol,
    router,
    tls: tls !== undefined,
    connections: open?.connections ?? 0,
    refused: open?.refused ?? 0,
    malformed: open?.scope.malformed ?? 0,
  };
}

function routeEntry(mesh: Mesh, route: Route): RouteEntry {
  const { counters, breaker } = mesh.routeState(route);
  return {
    router: route.router,
    virtualHost: route.virtualHost,
    route: route.name,
    to: targetOf(route),
    calls: figures(counters),
    breaker: breakerEntry(breaker),
  };
}

function targetOf({ action }: Route): string {
  if (action.type === "redirect") return `redirect ${action.status}`;
  if (action.type === "direct") return `answer ${action.status}`;
  if (action.cluster !== undefined) return action.cluster;
  if (action.clusterHeader !== undefined) return `cluster in header ${action.clusterHeader}`;
  return (action.weighted ?? []).map(({ name, weight }) => `${name} ${weight}`).join(", ");
}

function clusterEntry(mesh: Mesh, state: ClusterState): ClusterEntry {
  const { cluster, counters, budget, adaptive } = state;
  const { attempts, retriesDenied, hedges, mirrored } = counters;
  return {
    name: cluster.name,
    source: cluster.config.source.type,
    balancer: cluster.config.balancer.policy,
    ready: cluster.ready,
    calls: figures(counters),
    attempts,
    retriesDenied,
    hedges,
    mirrored,
    retryBudget: Math.floor(budget.balance),
    retrying: state.retrying,
    concurrencyLimit: adaptive && Math.floor(adaptive.limit),
    hosts: cluster.hosts.map((host) => hostEntry(mesh, state, host)),
  };
}

function hostEntry(mesh: Mesh, { cluster, outlier }: ClusterState, host: Host): HostEntry {
  const { totals } = host;
  const ejection = outlier?.state(host);
  const reasons = [cluster.why(host), ejection?.reason ?? ""];
  return {
    address: host.address,
    weight: host.weight,
    zone: host.config.zone,
    healthy: host.unfit === 0,
    why: reasons.filter((each) => each !== "").join(": "),
    active: host.active,
    connections: host.connections,
    attempts: totals.requests,
    failures: totals.failed + totals.timeouts + totals.serverError,
    ewmaMs: host.ewmaMs < 0 ? undefined : round(host.ewmaMs),
    ejections: host.ejections,
    backInMs: ejection && Math.max(0, Math.ceil(ejection.untilMs - mesh.clock.now())),
    breaker: breakerEntry(host.breaker),
  };
}

function breakerEntry(breaker: Breaker | undefined): BreakerEntry | undefined {
  if (breaker === undefined) return undefined;
  const { state, opened, probeInMs } = breaker;
  return { state, opened, probeInMs: state === "open" ? Math.ceil(probeInMs) : undefined };
}

function figures(counters: CallCounters): CallFigures {
  const [success = 0, clientError = 0, ...errors] = counters.answers;
  return {
    total: counters.calls,
    active: counters.active,
    success: success + clientError + counters.direct,
    errors: errors.reduce((sum, each) => sum + each, 0),
    failures: Object.fromEntries(counters.failures),
    cancelled: counters.cancelled,
    retries: counters.retries,
    p50Ms: round(counters.latency.quantileMs(0.5)),
    p99Ms: round(counters.latency.quantileMs(0.99)),
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
