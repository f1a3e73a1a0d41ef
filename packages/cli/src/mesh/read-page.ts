import { Fields } from "./fields.ts";
import type {
  BreakerReport,
  CallsReport,
  ClusterReport,
  HostReport,
  ListenerReport,
  MeshReport,
  RegistrationReport,
  RouteReport,
  XdsReport,
} from "./report.ts";

/** What one process shows on its page `mesh`, flattened. */
export function meshReport(process: string, page: unknown): MeshReport {
  const fields = new Fields(page);
  const xds = fields.child("xds");
  const clusters = fields.list("clusters");
  return {
    listeners: fields.list("listeners").map((each) => listener(process, each)),
    routes: fields.list("routes").map((each) => route(process, each)),
    noRoutes: Object.entries(fields.child("noRoutes").numbers()).map(([router, count]) => ({
      process,
      router,
      calls: count,
    })),
    clusters: clusters.map((each) => cluster(process, each)),
    hosts: clusters.flatMap((each) =>
      each.list("hosts").map((host) => hostReport(process, each.text("name"), host)),
    ),
    registrations: fields.list("registrations").map((each) => registration(process, each)),
    xds: fields.has("xds") ? [xdsReport(process, xds)] : [],
  };
}

/** The reports of several processes as one. */
export function joinReports(reports: readonly MeshReport[]): MeshReport {
  return {
    listeners: reports.flatMap((each) => each.listeners),
    routes: reports.flatMap((each) => each.routes),
    noRoutes: reports.flatMap((each) => each.noRoutes),
    clusters: reports.flatMap((each) => each.clusters),
    hosts: reports.flatMap((each) => each.hosts),
    registrations: reports.flatMap((each) => each.registrations),
    xds: reports.flatMap((each) => each.xds),
  };
}

function listener(process: string, fields: Fields): ListenerReport {
  return {
    process,
    name: fields.text("name"),
    type: fields.text("type"),
    address: fields.text("address"),
    protocol: fields.text("protocol"),
    router: fields.text("router"),
    tls: fields.flag("tls"),
    connections: fields.number("connections"),
    refused: fields.number("refused"),
    malformed: fields.number("malformed"),
  };
}

function route(process: string, fields: Fields): RouteReport {
  return {
    process,
    router: fields.text("router"),
    virtualHost: fields.text("virtualHost"),
    route: fields.text("route"),
    to: fields.text("to"),
    calls: calls(fields.child("calls")),
    breaker: breaker(fields),
  };
}

function cluster(process: string, fields: Fields): ClusterReport {
  const hosts = fields.list("hosts");
  return {
    process,
    name: fields.text("name"),
    source: fields.text("source"),
    balancer: fields.text("balancer"),
    ready: fields.flag("ready"),
    calls: calls(fields.child("calls")),
    attempts: fields.number("attempts"),
    retriesDenied: fields.number("retriesDenied"),
    hedges: fields.number("hedges"),
    mirrored: fields.number("mirrored"),
    retryBudget: fields.number("retryBudget"),
    retrying: fields.number("retrying"),
    concurrencyLimit: fields.optional("concurrencyLimit"),
    hosts: hosts.length,
    healthyHosts: hosts.filter((host) => host.flag("healthy")).length,
  };
}

function hostReport(process: string, clusterName: string, fields: Fields): HostReport {
  return {
    process,
    cluster: clusterName,
    address: fields.text("address"),
    weight: fields.number("weight"),
    zone: fields.text("zone"),
    healthy: fields.flag("healthy"),
    why: fields.text("why"),
    active: fields.number("active"),
    connections: fields.number("connections"),
    attempts: fields.number("attempts"),
    failures: fields.number("failures"),
    ejections: fields.number("ejections"),
    backInMs: fields.optional("backInMs"),
    breaker: breaker(fields),
  };
}

function breaker(fields: Fields): BreakerReport | null {
  if (!fields.has("breaker")) return null;
  const own = fields.child("breaker");
  const probeInMs = own.optional("probeInMs");
  return { state: own.text("state"), opened: own.number("opened"), probeInMs };
}

function calls(fields: Fields): CallsReport {
  return {
    total: fields.number("total"),
    active: fields.number("active"),
    success: fields.number("success"),
    errors: fields.number("errors"),
    failures: fields.child("failures").numbers(),
    cancelled: fields.number("cancelled"),
    retries: fields.number("retries"),
    p50Ms: fields.number("p50Ms"),
    p99Ms: fields.number("p99Ms"),
  };
}

function registration(process: string, fields: Fields): RegistrationReport {
  return {
    process,
    service: fields.text("service"),
    registry: fields.text("registry"),
    address: fields.text("address"),
    state: fields.text("state"),
    reason: fields.text("reason"),
  };
}

function xdsReport(process: string, fields: Fields): XdsReport {
  return {
    process,
    connected: fields.flag("connected"),
    server: fields.text("server"),
    problem: fields.text("problem"),
  };
}
