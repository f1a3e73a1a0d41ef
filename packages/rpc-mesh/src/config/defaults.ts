// What holds where a configuration says nothing, for files and for xDS alike.
import type {
  AdaptiveConcurrencyConfig,
  BalancerConfig,
  BreakerConfig,
  CircuitLimits,
  ClusterConfig,
  HealthCheckConfig,
  OutlierConfig,
  RetryBudgetConfig,
} from "../model/cluster.ts";
import type { ListenerLimits } from "../model/listener.ts";
import type { RetryPolicy } from "../model/route.ts";

export const defaultBalancer: BalancerConfig = {
  policy: "least_request",
  choices: 2,
  activeRequestBias: 1,
  decayMs: 10_000,
  defaultRttMs: 30,
  minRingSize: 1024,
  maxRingSize: 8_388_608,
  tableSize: 65_537,
  panicThreshold: 50,
};

export const defaultLimits: CircuitLimits = {
  maxConnections: 0,
  maxPending: 1024,
  maxRequests: 0,
  maxRetries: 0,
};

export const defaultOutlier: OutlierConfig = {
  consecutiveErrors: 5,
  consecutiveGatewayErrors: 5,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 10,
  successRateFactor: 1.9,
  failurePercent: 85,
  rateMultiple: 0,
  minHosts: 5,
  minRequests: 50,
};

export const defaultBreaker: BreakerConfig = {
  strategy: "error_ratio",
  threshold: 0.5,
  windowMs: 10_000,
  minRequests: 10,
  slowMs: 1000,
  openMs: 5000,
  probes: 1,
};

export const defaultAdaptive: AdaptiveConcurrencyConfig = {
  minLimit: 3,
  maxLimit: 1000,
  initialLimit: 20,
  sampleMs: 100,
  percentile: 0.9,
  minRttIntervalMs: 60_000,
  bufferPercent: 25,
};

export const defaultHealthCheck: HealthCheckConfig = {
  type: "tcp",
  intervalMs: 15_000,
  timeoutMs: 1000,
  healthyThreshold: 1,
  unhealthyThreshold: 1,
  path: "/",
  method: "GET",
  codes: [[200, 200]],
  service: "",
};

export const defaultRetryBudget: RetryBudgetConfig = { ratio: 0.2, minRetriesPerSecond: 10 };

/** Routes that say nothing of retries have this policy: what provably did not run, and idempotent calls, once more. */
export const defaultRetry: RetryPolicy = {
  on: ["connect-failure", "refused-stream", "gateway-error", "reset"],
  statusCodes: [],
  retries: 1,
  backoffMs: 25,
  maxBackoffMs: 250,
  nonIdempotent: false,
  avoidTriedHosts: true,
};

export const defaultListenerLimits: ListenerLimits = {
  maxBodyBytes: 0,
  maxConnections: 10_000,
  idleTimeoutMs: 90_000,
};

/** Everything of a cluster but its name and where its hosts come from. */
export const defaultCluster: Omit<ClusterConfig, "name" | "source"> = {
  balancer: defaultBalancer,
  limits: defaultLimits,
  connectTimeoutMs: 3000,
  idleTimeoutMs: 90_000,
  maxRequestsPerConnection: 0,
  outlier: defaultOutlier,
  retryBudget: defaultRetryBudget,
  keepOnEmpty: true,
};
