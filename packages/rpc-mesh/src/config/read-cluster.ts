import type { ClusterConfig, OutlierConfig } from "../model/cluster.ts";
import type { ConfigNode } from "./config-node.ts";
import { defaultCluster } from "./defaults.ts";
import { protocolNames } from "./names.ts";
import { readBalancer, readSubsets } from "./read-balancer.ts";
import {
  readAdaptive,
  readBreaker,
  readHealthCheck,
  readLimits,
  readOutlier,
  readRetryBudget,
} from "./read-resilience.ts";
import { readSource } from "./read-source.ts";
import { readClientTls } from "./read-tls.ts";

/** What the rest of the configuration says about a cluster. */
export interface ClusterSurroundings {
  /** The mesh's own zone. */
  readonly zone: string | undefined;
  /** Names in the section `registries`; undefined when they are not known. */
  readonly registries: readonly string[] | undefined;
  /** Clusters that a route with a hash policy goes to. */
  readonly hashed: ReadonlySet<string>;
  /** Ejection for clusters that name none, by listener filters that lead to them. */
  readonly outliers: ReadonlyMap<string, OutlierConfig>;
  /** `cluster_manager.tls_context`, for clusters with `cluster_manager_tls`. */
  readonly sharedTls: ConfigNode | undefined;
}

const unserved = ["sub_type", "spec", "original_dst_lb_config", "conn_buffer_limit_bytes", "cluster_pool_enable", "keepalive_interval", "keepalive_timeout"] as const; // prettier-ignore

/** Reads one cluster. */
export function readCluster(node: ConfigNode, around: ClusterSurroundings): ClusterConfig {
  const name = node.need("name");
  node.unserved(unserved);
  const tls =
    node.flag("cluster_manager_tls") === true ? around.sharedTls : node.child("tls_context");
  const maxPerConnection = node.integer("max_request_per_conn") ?? 0;
  const given = node.has("outlier_detection") ? undefined : around.outliers.get(name);
  const protocol = node.meaning("protocol", protocolNames);
  if (protocol === "http2" && maxPerConnection > 0) {
    node.warn("max_request_per_conn", "is not supported over HTTP/2: it has no effect");
  }
  return {
    name,
    protocol,
    source: readSource(node, around.registries),
    balancer: readBalancer(node, around.zone, around.hashed.has(name)),
    subsets: readSubsets(node.child("lb_subset_config")),
    limits: readLimits(node),
    connectTimeoutMs: node.duration("connect_timeout") ?? defaultCluster.connectTimeoutMs,
    idleTimeoutMs: node.duration("idle_timeout") ?? defaultCluster.idleTimeoutMs,
    maxRequestsPerConnection: maxPerConnection,
    breaker: readBreaker(node.child("breaker")),
    outlier: given ?? readOutlier(node),
    adaptiveConcurrency: readAdaptive(node),
    healthCheck: readHealthCheck(node.child("health_check")),
    retryBudget: readRetryBudget(node.child("retry_budget")),
    tls: readClientTls(tls),
    keepOnEmpty: node.flag("keep_on_empty") ?? true,
  };
}
