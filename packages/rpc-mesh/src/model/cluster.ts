import type { HostConfig, Protocol } from "./host.ts";

/** Where the hosts of a cluster come from. */
export type HostSource =
  | { readonly type: "static"; readonly hosts: readonly HostConfig[] }
  | { readonly type: "dns"; readonly name: string; readonly port?: number | undefined; readonly record: "A" | "AAAA" | "SRV"; /** Overrides the TTL. */ readonly refreshMs?: number | undefined; /** `ip` or `ip:port` of DNS servers; default: those of the system. */ readonly servers?: readonly string[] | undefined }
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "registry"; /** Name in the section `registries`. */ readonly registry: string; /** What to look for, in the registry's own words. */ readonly service: string; readonly parameters: Readonly<Record<string, string>> }
  | { readonly type: "eds"; readonly service: string }; // prettier-ignore

/** Algorithms that choose a host. */
export type BalancerPolicy =
  | "round_robin"
  | "random"
  | "weighted_round_robin"
  | "least_request"
  | "least_connection"
  | "peak_ewma"
  | "ring_hash"
  | "maglev"
  | "request_round_robin";

/** How hosts are chosen. */
export interface BalancerConfig {
  /** @default "least_request" */
  readonly policy: BalancerPolicy;
  /** Hosts that are compared by least_request, least_connection and peak_ewma. @default 2 */
  readonly choices: number;
  /** Exponent of the active requests where weights differ. @default 1 */
  readonly activeRequestBias: number;
  /** Time constant of peak EWMA, ms. @default 10000 */
  readonly decayMs: number;
  /** Latency that peak EWMA assumes of a host it knows nothing of, ms. @default 30 */
  readonly defaultRttMs: number;
  /** Points on the ring at least. @default 1024 */
  readonly minRingSize: number;
  /** @default 8388608 */
  readonly maxRingSize: number;
  /** Prime size of the maglev table. @default 65537 */
  readonly tableSize: number;
  /** New hosts get their full share only after this time. */
  readonly slowStart?: SlowStartConfig | undefined;
  /** Prefer hosts of the own zone. */
  readonly locality?: LocalityConfig | undefined;
  /** Below this share of healthy hosts, percent, health is ignored. 0: never. @default 50 */
  readonly panicThreshold: number;
}

/** Ramp of a new host: factor = max(age / window, min weight)^(1 / aggression). */
export interface SlowStartConfig {
  readonly windowMs: number;
  /** @default 1 */
  readonly aggression: number;
  /** Percent. @default 10 */
  readonly minWeightPercent: number;
}

/** Locality of the mesh itself and when it spills over. */
export interface LocalityConfig {
  /** The mesh's own zone. */
  readonly zone: string;
  /** Zones in the order in which they take over; others come last, all alike. */
  readonly failover: readonly string[];
  /** Share of healthy hosts of a zone, percent, below which a part of the load goes on to the next. @default 70 */
  readonly spillPercent: number;
}

/** Limits of a cluster; what is beyond gets OVERFLOW at once. 0: no limit. */
export interface CircuitLimits {
  /** Per host; HTTP/1.1: connections, multiplexed protocols: parallel connections. */
  readonly maxConnections: number;
  /** Calls that wait for a connection. @default 1024 */
  readonly maxPending: number;
  /** Calls under way in the cluster. */
  readonly maxRequests: number;
  /** Retries under way in the cluster, beside the budget. */
  readonly maxRetries: number;
}

/** Breaker per host and per route: closed → open → half open. Shapes of Sentinel's circuit breaker. */
export interface BreakerConfig {
  readonly strategy: "error_ratio" | "error_count" | "slow_ratio" | "consecutive";
  /** Ratio 0 to 1, or a count. */
  readonly threshold: number;
  /** Statistics window, ms. @default 10000 */
  readonly windowMs: number;
  /** Calls in the window before anything trips. @default 10 */
  readonly minRequests: number;
  /** A slow call takes longer, ms. @default 1000 */
  readonly slowMs: number;
  /** Time open before a probe, ms; doubles with each failed probe up to 10 times. @default 5000 */
  readonly openMs: number;
  /** Probes that must all succeed. @default 1 */
  readonly probes: number;
}

/** Outlier ejection (Envoy's outlier_detection, MOSN's fault_tolerance). */
export interface OutlierConfig {
  /** Server errors, resets, timeouts and failed connections in a row; 0 off. @default 5 */
  readonly consecutiveErrors: number;
  /** Gateway errors (502, 503, 504, connection failures) in a row; 0 off. @default 5 */
  readonly consecutiveGatewayErrors: number;
  /** Time between looks at rates, ms. @default 10000 */
  readonly intervalMs: number;
  /** First ejection, ms; the nth takes n times as long. @default 30000 */
  readonly baseEjectionMs: number;
  /** @default 300000 */
  readonly maxEjectionMs: number;
  /** Share of hosts that may be out, percent; one may always be. @default 10 */
  readonly maxEjectionPercent: number;
  /** Success-rate ejection: rate below mean − factor × deviation; 0 off. @default 1.9 */
  readonly successRateFactor: number;
  /** Failure rate, percent, that ejects; 0 off. @default 85 */
  readonly failurePercent: number;
  /** Rate above this many times the average of all hosts ejects (MOSN's fault_tolerance); 0 off. @default 0 */
  readonly rateMultiple: number;
  /** Hosts with enough calls before rates count. @default 5 */
  readonly minHosts: number;
  /** Calls of a host in an interval before its rate counts. @default 50 */
  readonly minRequests: number;
}

/** Adaptive concurrency: the gradient of the minimal over the sampled latency moves a limit (Envoy, Netflix). */
export interface AdaptiveConcurrencyConfig {
  readonly minLimit: number;
  readonly maxLimit: number;
  /** @default 20 */
  readonly initialLimit: number;
  /** Length of a sample, ms. @default 100 */
  readonly sampleMs: number;
  /** Percentile of a sample, 0 to 1. @default 0.9 */
  readonly percentile: number;
  /** Time between measurements of the minimal latency, ms. @default 60000 */
  readonly minRttIntervalMs: number;
  /** Slack on the minimal latency, percent. @default 25 */
  readonly bufferPercent: number;
}

/** Active health checks. */
export interface HealthCheckConfig {
  readonly type: "tcp" | "http" | "grpc";
  /** @default 15000 */
  readonly intervalMs: number;
  /** @default 1000 */
  readonly timeoutMs: number;
  /** Successes in a row until a host is healthy again. @default 1 */
  readonly healthyThreshold: number;
  /** Failures in a row until it is not. @default 1 */
  readonly unhealthyThreshold: number;
  /** HTTP. @default "/" */
  readonly path: string;
  /** HTTP. @default "GET" */
  readonly method: string;
  /** HTTP: Host header. */
  readonly host?: string | undefined;
  /** HTTP: [from, to] inclusive. @default [[200, 200]] */
  readonly codes: readonly (readonly [number, number])[];
  /** Another port than that of the calls. */
  readonly port?: number | undefined;
  /** gRPC: name of the service in grpc.health.v1. @default "" */
  readonly service: string;
}

/** Subsets of hosts by metadata (MOSN's lb_subset_config). */
export interface SubsetConfig {
  readonly fallback: "none" | "any" | "default";
  readonly default: Readonly<Record<string, string>>;
  /** Lists of keys that a request may select by. */
  readonly selectors: readonly (readonly string[])[];
}

/** TLS towards the hosts of a cluster. Paths, read again when the files change, or the PEM text itself. */
export interface ClientTlsConfig {
  /** PEM file of authorities; without it those of the system. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** SNI, and the name that is checked; default: the host's hostname. */
  readonly serverName?: string | undefined;
  /** Accepted identities (SAN: DNS name, URI such as a SPIFFE id, or a pattern with one leading *; "*": whoever the authorities vouch for); default: the server name. */
  readonly identities?: readonly string[] | undefined;
  /** Only for tests and migrations: any certificate will do. */
  readonly insecureSkipVerify?: boolean | undefined;
}

/** Budget of retries: at most `ratio` of the calls under way plus what `minRetriesPerSecond` allows. */
export interface RetryBudgetConfig {
  /** @default 0.2 */
  readonly ratio: number;
  /** @default 10 */
  readonly minRetriesPerSecond: number;
}

/** A cluster: hosts that serve the same, and how they are used. All defaults are filled in. */
export interface ClusterConfig {
  readonly name: string;
  /** Protocol to the hosts; undefined: that of the caller. */
  readonly protocol?: Protocol | undefined;
  readonly source: HostSource;
  readonly balancer: BalancerConfig;
  readonly subsets?: SubsetConfig | undefined;
  readonly limits: CircuitLimits;
  /** @default 3000 */
  readonly connectTimeoutMs: number;
  /** A connection without calls is closed after, ms; 0: never. @default 90000 */
  readonly idleTimeoutMs: number;
  /** Calls on one connection; 0: no limit. @default 0 */
  readonly maxRequestsPerConnection: number;
  readonly breaker?: BreakerConfig | undefined;
  /** Ejection is on unless it is switched off. */
  readonly outlier?: OutlierConfig | undefined;
  readonly adaptiveConcurrency?: AdaptiveConcurrencyConfig | undefined;
  readonly healthCheck?: HealthCheckConfig | undefined;
  readonly retryBudget: RetryBudgetConfig;
  readonly tls?: ClientTlsConfig | undefined;
  /** Keep the hosts when a registry reports none. @default true */
  readonly keepOnEmpty: boolean;
}
