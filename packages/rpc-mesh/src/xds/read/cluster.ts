import {
  type Cluster,
  type CircuitBreakers_Thresholds,
  ClusterSchema,
} from "@layotto/proto/envoy/config/cluster/v3/cluster";
import { RoutingPriority } from "@layotto/proto/envoy/config/core/v3/core";
import { defaultCluster, defaultLimits, defaultRetryBudget } from "../../config/defaults.ts";
import type { CircuitLimits, ClusterConfig, SubsetConfig } from "../../model/cluster.ts";
import { type ReadContext, ResourceFault } from "../resource.ts";
import { splitMessage } from "../split-message.ts";
import { readBalancer } from "./balancer.ts";
import { decode } from "./extension.ts";
import { readHealthCheck } from "./health-check.ts";
import { readHttpOptions } from "./http-options.ts";
import { readOutlier } from "./outlier.ts";
import { readSource } from "./source.ts";
import { readClientTls } from "./tls.ts";
import { labelsOf, millis } from "./values.ts";

/** `load_assignment`: may be large, and has a reader of its own. */
const loadAssignmentField = 33;
const defaultConnectTimeoutMs = 5000;
/** Managers write "no limit" as a number that nobody reaches. */
const unlimited = 1_000_000;

/** Reads a `Cluster`. @throws ResourceFault */
export async function readCluster(bytes: Uint8Array, context: ReadContext): Promise<ClusterConfig> {
  const { parts, rest } = splitMessage(bytes, loadAssignmentField);
  const cluster = decode(ClusterSchema, rest);
  if (cluster.name === "") throw new ResourceFault("name must not be empty");
  const http = readHttpOptions(cluster);
  const thresholds = cluster.circuitBreakers?.thresholds.find(
    ({ priority }) => priority === RoutingPriority.DEFAULT,
  );
  return {
    ...defaultCluster,
    name: cluster.name,
    protocol: http.protocol,
    source: await readSource(cluster, parts, context),
    balancer: readBalancer(cluster, context),
    subsets: readSubsets(cluster),
    limits: readLimits(thresholds, http.protocol === "http2"),
    connectTimeoutMs: millis(cluster.connectTimeout) ?? defaultConnectTimeoutMs,
    idleTimeoutMs: http.idleTimeoutMs ?? defaultCluster.idleTimeoutMs,
    maxRequestsPerConnection: http.maxRequestsPerConnection,
    // Unlike in a file: who manages ejection says so.
    outlier: readOutlier(cluster.outlierDetection),
    healthCheck: readHealthCheck(cluster, context),
    retryBudget: readBudget(thresholds),
    tls: readClientTls(cluster),
    // An empty assignment is what the manager means.
    keepOnEmpty: false,
  };
}

function readLimits(
  thresholds: CircuitBreakers_Thresholds | undefined,
  multiplexed: boolean,
): CircuitLimits {
  const limit = (value: number | undefined, standard: number) =>
    value !== undefined && value >= unlimited ? 0 : (value ?? standard);
  return {
    // There it is a ceiling; to multiplexed protocols here it would say how many to open.
    maxConnections: multiplexed
      ? 0
      : limit(thresholds?.maxConnections, defaultLimits.maxConnections),
    maxPending: limit(thresholds?.maxPendingRequests, defaultLimits.maxPending),
    maxRequests: limit(thresholds?.maxRequests, defaultLimits.maxRequests),
    maxRetries: limit(thresholds?.maxRetries, defaultLimits.maxRetries),
  };
}

function readBudget(thresholds: CircuitBreakers_Thresholds | undefined) {
  const budget = thresholds?.retryBudget;
  if (budget === undefined) return defaultRetryBudget;
  return {
    ratio: (budget.budgetPercent?.value ?? 20) / 100,
    minRetriesPerSecond: budget.minRetryConcurrency ?? 3,
  };
}

const fallbacks = ["none", "any", "default"] as const;

function readSubsets({ lbSubsetConfig: subsets }: Cluster): SubsetConfig | undefined {
  if (subsets === undefined || subsets.subsetSelectors.length === 0) return undefined;
  return {
    fallback: fallbacks[subsets.fallbackPolicy] ?? "none",
    default: labelsOf(subsets.defaultSubset) ?? {},
    selectors: subsets.subsetSelectors.map(({ keys }) => keys),
  };
}
