import type {
  AdaptiveConcurrencyConfig,
  BreakerConfig,
  CircuitLimits,
  HealthCheckConfig,
  OutlierConfig,
  RetryBudgetConfig,
} from "../model/cluster.ts";
import type { ConfigNode } from "./config-node.ts";
import {
  defaultAdaptive,
  defaultBreaker,
  defaultHealthCheck,
  defaultLimits,
  defaultOutlier,
  defaultRetryBudget,
} from "./defaults.ts";

/** Reads `circuit_breakers`: limits. Of several thresholds the first holds, as with MOSN. */
export function readLimits(node: ConfigNode): CircuitLimits {
  const [first, second] = node.children("circuit_breakers");
  second?.warn(undefined, "is ignored: only the first thresholds are used");
  const base = defaultLimits;
  if (first === undefined) return base;
  return {
    maxConnections: first.integer("max_connections") ?? base.maxConnections,
    maxPending: first.integer("max_pending_requests") ?? base.maxPending,
    maxRequests: first.integer("max_requests") ?? base.maxRequests,
    maxRetries: first.integer("max_retries") ?? base.maxRetries,
  };
}

/** Reads `retry_budget`. */
export function readRetryBudget(node: ConfigNode | undefined): RetryBudgetConfig {
  if (node === undefined) return defaultRetryBudget;
  const percent = node.number("budget_percent", { max: 100 });
  const ratio = node.number("ratio", { max: 1 });
  return {
    ratio: ratio ?? (percent === undefined ? defaultRetryBudget.ratio : percent / 100),
    minRetriesPerSecond:
      node.number("min_retries_per_second") ?? defaultRetryBudget.minRetriesPerSecond,
  };
}

const strategies = {
  slow_ratio: "slow_ratio", error_ratio: "error_ratio", error_count: "error_count", consecutive: "consecutive",
  // Sentinel's numbers
  0: "slow_ratio", 1: "error_ratio", 2: "error_count",
} as const; // prettier-ignore

/** Reads a `breaker`: plain keys, or those of Sentinel's circuit breaker rules. */
export function readBreaker(node: ConfigNode | undefined): BreakerConfig | undefined {
  if (node === undefined) return undefined;
  node.unserved(["resource", "statSlidingWindowBucketCount"]);
  const base = defaultBreaker;
  const strategy = node.meaning<BreakerConfig["strategy"]>("strategy", strategies) ?? base.strategy;
  const isRatio = strategy === "error_ratio" || strategy === "slow_ratio";
  const bounds = isRatio ? { max: 1 } : { min: 1 };
  return {
    strategy,
    threshold: node.number("threshold", bounds) ?? (isRatio ? base.threshold : 5),
    windowMs: node.duration("window") ?? node.duration("statIntervalMs") ?? base.windowMs,
    minRequests:
      node.integer("min_requests") ?? node.integer("minRequestAmount") ?? base.minRequests,
    slowMs: node.duration("slow") ?? node.duration("maxAllowedRtMs") ?? base.slowMs,
    openMs: node.duration("open") ?? node.duration("retryTimeoutMs") ?? base.openMs,
    probes: node.integer("probes", { min: 1 }) ?? node.integer("probeNum") ?? base.probes,
  };
}

/** Reads `outlier_detection`; `false` switches it off, nothing is the default. */
export function readOutlier(node: ConfigNode): OutlierConfig | undefined {
  if (node.raw("outlier_detection") === false) return undefined;
  const own = node.child("outlier_detection");
  const base = defaultOutlier;
  if (own === undefined) return base;
  const factor = own.number("success_rate_stdev_factor");
  return {
    consecutiveErrors: own.integer("consecutive_5xx") ?? base.consecutiveErrors,
    consecutiveGatewayErrors:
      own.integer("consecutive_gateway_failure") ?? base.consecutiveGatewayErrors,
    intervalMs: own.duration("interval") ?? base.intervalMs,
    baseEjectionMs: own.duration("base_ejection_time") ?? base.baseEjectionMs,
    maxEjectionMs: own.duration("max_ejection_time") ?? base.maxEjectionMs,
    maxEjectionPercent: own.number("max_ejection_percent", { max: 100 }) ?? base.maxEjectionPercent,
    successRateFactor: perThousand(factor) ?? base.successRateFactor,
    failurePercent: own.number("failure_percentage_threshold", { max: 100 }) ?? base.failurePercent,
    rateMultiple: own.number("rate_multiple") ?? base.rateMultiple,
    minHosts: own.integer("success_rate_minimum_hosts") ?? base.minHosts,
    minRequests: own.integer("success_rate_request_volume") ?? base.minRequests,
  };
}

/** Envoy writes 1900 for 1.9. */
function perThousand(factor: number | undefined): number | undefined {
  return factor !== undefined && factor >= 100 ? factor / 1000 : factor;
}

/** Reads MOSN's stream filter `fault_tolerance`; undefined when it is not enabled. */
export function readFaultTolerance(node: ConfigNode): OutlierConfig | undefined {
  if (node.flag("enabled") !== true) return undefined;
  node.unserved(["exceptionTypes", "taskSize"]);
  const recoverMs = node.duration("recoverTime") ?? 900_000;
  // maxIpRatio was never read, so MOSN's samples may carry anything there.
  return {
    ...defaultOutlier,
    intervalMs: node.duration("timeWindow") ?? 10_000,
    minRequests: node.integer("leastWindowCount") ?? 10,
    rateMultiple: node.number("exceptionRateMultiple", { min: 1 }) ?? 5,
    baseEjectionMs: recoverMs,
    maxEjectionMs: recoverMs,
    minHosts: 2,
  };
}

/** Reads `adaptive_concurrency`; `true` takes the defaults. */
export function readAdaptive(node: ConfigNode): AdaptiveConcurrencyConfig | undefined {
  const value = node.raw("adaptive_concurrency");
  if (value === undefined || value === false) return undefined;
  if (value === true) return defaultAdaptive;
  const own = node.child("adaptive_concurrency");
  const base = defaultAdaptive;
  if (own === undefined) return undefined;
  const minLimit = own.integer("min_limit", { min: 1 }) ?? base.minLimit;
  const maxLimit = own.integer("max_limit", { min: 1 }) ?? base.maxLimit;
  if (minLimit > maxLimit) own.fault("min_limit", `must be at most ${maxLimit}, the max_limit`);
  return {
    minLimit,
    maxLimit,
    initialLimit: own.integer("initial_limit", { min: 1 }) ?? Math.min(base.initialLimit, maxLimit),
    sampleMs: own.duration("sample") ?? base.sampleMs,
    percentile: own.number("percentile", { max: 1 }) ?? base.percentile,
    minRttIntervalMs: own.duration("min_rtt_interval") ?? base.minRttIntervalMs,
    bufferPercent: own.number("buffer_percent") ?? base.bufferPercent,
  };
}

const checkTypes = {
  tcp: "tcp", http: "http", grpc: "grpc", Http1: "http", Http2: "grpc", SofaRpc: "tcp", X: "tcp", bolt: "tcp", dubbo: "tcp",
} as const; // prettier-ignore

/** Reads `health_check`; an empty one, which MOSN's samples carry, is none. */
export function readHealthCheck(node: ConfigNode | undefined): HealthCheckConfig | undefined {
  if (node === undefined || node.keys().length === 0) return undefined;
  const base = defaultHealthCheck;
  const checks = node.child("check_config");
  const http = checks?.child("http_check_config") ?? checks ?? node;
  node.unserved(["common_callbacks", "event_log_path", "interval_jitter", "service_name"]);
  http.unserved(["scheme"]);
  return {
    type: node.meaning<HealthCheckConfig["type"]>("protocol", checkTypes) ?? base.type,
    intervalMs: node.duration("interval") ?? base.intervalMs,
    timeoutMs: node.duration("timeout") ?? http.duration("timeout") ?? base.timeoutMs,
    healthyThreshold: node.integer("healthy_threshold", { min: 1 }) ?? base.healthyThreshold,
    unhealthyThreshold: node.integer("unhealthy_threshold", { min: 1 }) ?? base.unhealthyThreshold,
    path: http.text("path") ?? base.path,
    method: http.text("method") ?? base.method,
    host: http.text("domain"),
    codes: readCodes(http),
    port: http.integer("port", { min: 1, max: 65_535 }),
    service: node.text("grpc_service") ?? base.service,
  };
}

function readCodes(node: ConfigNode): HealthCheckConfig["codes"] {
  const ranges = node.children("codes").map((each) => {
    const from = each.integer("start", { min: 100, max: 599 }) ?? 200;
    return [from, each.integer("end", { min: from, max: 599 }) ?? from] as const;
  });
  return ranges.length === 0 ? defaultHealthCheck.codes : ranges;
}
