/** The state of the mesh as `layotto mesh --json` prints it; every entry names its process. */
export interface MeshReport {
  listeners: readonly ListenerReport[];
  routes: readonly RouteReport[];
  /** Calls that matched no route. */
  noRoutes: readonly NoRouteReport[];
  clusters: readonly ClusterReport[];
  hosts: readonly HostReport[];
  registrations: readonly RegistrationReport[];
  xds: readonly XdsReport[];
}

/** What was counted of calls. */
export interface CallsReport {
  total: number;
  active: number;
  success: number;
  /** Answers that say that a host failed. */
  errors: number;
  /** Answers of the mesh's own, by flag. */
  failures: Readonly<Record<string, number>>;
  cancelled: number;
  retries: number;
  p50Ms: number;
  p99Ms: number;
}

export interface BreakerReport {
  state: string;
  /** Times it opened. */
  opened: number;
  /** Time until a probe may pass, in milliseconds; null unless it is open. */
  probeInMs: number | null;
}

export interface ListenerReport {
  process: string;
  name: string;
  type: string;
  /** Empty: only InvokeService comes in. */
  address: string;
  protocol: string;
  router: string;
  tls: boolean;
  connections: number;
  refused: number;
  malformed: number;
}

export interface RouteReport {
  process: string;
  router: string;
  virtualHost: string;
  route: string;
  to: string;
  calls: CallsReport;
  /** Null when the route has none. */
  breaker: BreakerReport | null;
}

export interface NoRouteReport {
  process: string;
  router: string;
  calls: number;
}

export interface ClusterReport {
  process: string;
  name: string;
  source: string;
  balancer: string;
  ready: boolean;
  calls: CallsReport;
  attempts: number;
  retriesDenied: number;
  hedges: number;
  mirrored: number;
  retryBudget: number;
  retrying: number;
  /** Null when it has no adaptive limit. */
  concurrencyLimit: number | null;
  hosts: number;
  healthyHosts: number;
}

export interface HostReport {
  process: string;
  cluster: string;
  address: string;
  weight: number;
  zone: string;
  healthy: boolean;
  /** Why it gets no calls; empty when it does. */
  why: string;
  active: number;
  connections: number;
  attempts: number;
  failures: number;
  ejections: number;
  /** Time until an ejected host comes back, in milliseconds; null when it is not ejected. */
  backInMs: number | null;
  /** Null when it has none. */
  breaker: BreakerReport | null;
}

export interface RegistrationReport {
  process: string;
  service: string;
  registry: string;
  address: string;
  state: string;
  reason: string;
}

export interface XdsReport {
  process: string;
  connected: boolean;
  server: string;
  problem: string;
}
