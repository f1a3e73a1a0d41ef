// The schema of clusters.
import { z } from "zod";
import { balancerNames, protocolNames } from "./names.ts";
import {
  breaker,
  duration,
  metadata,
  oneOrMore,
  percent,
  refused,
  tlsContext,
  unserved,
} from "./schema-fields.ts";

const count = z.int().min(0);

const host = z.strictObject({
  address: z.string().min(1).meta({ description: "host:port" }),
  hostname: z.string().optional().meta({ description: "Name for TLS and the Host header" }),
  weight: z.int().min(0).max(10_000).optional().meta({ description: "Default 100" }),
  zone: z.string().optional(),
  priority: z.int().min(0).max(128).optional().meta({ description: "0 is used first" }),
  metadata: metadata.optional(),
  tls_disable: unserved,
});

const limits = z
  .strictObject({
    max_connections: count.optional().meta({ description: "Per host" }),
    max_pending_requests: count.optional().meta({ description: "Calls that wait; default 1024" }),
    max_requests: count.optional().meta({ description: "Calls at once in the cluster" }),
    max_retries: count.optional().meta({ description: "Retries at once, beside the budget" }),
  })
  .meta({ description: "0 = no limit" });

const range = z.strictObject({ start: z.int(), end: z.int().optional() });

const httpCheck = z.strictObject({
  port: z.int().min(1).max(65_535).optional(),
  timeout: duration.optional(),
  path: z.string().optional(),
  method: z.string().optional(),
  scheme: unserved,
  domain: z.string().optional().meta({ description: "Host header" }),
  codes: z.array(range).optional().meta({ description: "Default 200 alone" }),
});

const healthCheck = z.strictObject({
  protocol: z
    .enum(["tcp", "http", "grpc", "Http1", "Http2", "SofaRpc", "X", "bolt", "dubbo"])
    .optional()
    .meta({ description: "Default tcp" }),
  timeout: duration.optional().meta({ description: "Default 1s" }),
  interval: duration.optional().meta({ description: "Default 15s" }),
  interval_jitter: unserved,
  healthy_threshold: z.int().min(1).optional(),
  unhealthy_threshold: z.int().min(1).optional(),
  service_name: unserved,
  grpc_service: z.string().optional().meta({ description: "Name asked for in grpc.health.v1" }),
  check_config: z
    .union([z.strictObject({ http_check_config: httpCheck.optional() }), httpCheck])
    .optional(),
  path: z.string().optional(),
  method: z.string().optional(),
  domain: z.string().optional(),
  port: z.int().min(1).max(65_535).optional(),
  codes: z.array(range).optional(),
  common_callbacks: unserved,
  event_log_path: unserved,
});

const outlier = z.strictObject({
  consecutive_5xx: count.optional().meta({ description: "Failures in a row; default 5, 0 off" }),
  consecutive_gateway_failure: count.optional().meta({ description: "Default 5, 0 off" }),
  interval: duration.optional().meta({ description: "Default 10s" }),
  base_ejection_time: duration.optional().meta({ description: "Default 30s, times the ejections" }),
  max_ejection_time: duration.optional().meta({ description: "Default 300s" }),
  max_ejection_percent: percent.optional().meta({ description: "Default 10; one may always be" }),
  success_rate_stdev_factor: z.number().min(0).optional().meta({ description: "Default 1.9" }),
  failure_percentage_threshold: percent.optional().meta({ description: "Default 85, 0 off" }),
  rate_multiple: z.number().min(0).optional().meta({ description: "Times the average; default 0" }),
  success_rate_minimum_hosts: count.optional().meta({ description: "Default 5" }),
  success_rate_request_volume: count.optional().meta({ description: "Default 50" }),
});

const adaptive = z.strictObject({
  min_limit: z.int().min(1).optional(),
  max_limit: z.int().min(1).optional(),
  initial_limit: z.int().min(1).optional(),
  sample: duration.optional(),
  percentile: z.number().min(0).max(1).optional(),
  min_rtt_interval: duration.optional(),
  buffer_percent: z.number().min(0).optional(),
});

const balancing = z.strictObject({
  choice_count: z.int().min(2).max(100).optional().meta({ description: "Default 2" }),
  active_request_bias: z.number().min(0).optional(),
  decay: duration.optional().meta({ description: "Of peak_ewma; default 10s" }),
  default_rtt: duration.optional(),
  minimum_ring_size: z.int().min(1).optional(),
  maximum_ring_size: z.int().min(1).optional(),
  table_size: z.int().min(3).optional().meta({ description: "Of maglev, a prime number" }),
  client_error_bias: unserved,
  server_error_bias: unserved,
});

const discovery = z
  .strictObject({
    type: z.enum(["dns", "file", "registry", "eds"]),
    name: z.string().optional().meta({ description: "dns: the name" }),
    port: z.int().min(1).max(65_535).optional().meta({ description: "dns: the port" }),
    record: z.enum(["A", "AAAA", "SRV"]).optional().meta({ description: "dns: default A" }),
    refresh: duration.optional().meta({ description: "dns: instead of the TTL" }),
    servers: z
      .array(z.string().min(1))
      .optional()
      .meta({ description: "dns: ip or ip:port of servers, instead of the system's" }),
    path: z.string().optional().meta({ description: "file: its path; it is watched" }),
    registry: z.string().optional().meta({ description: "registry: its name in registries" }),
    service: z.string().optional().meta({ description: "registry, eds: what is looked for" }),
    parameters: z.record(z.string(), z.string()).optional(),
  })
  .meta({ description: "Where the hosts come from, instead of hosts" });

const slowStart = z.strictObject({
  mode: z.string().optional(),
  slow_start_duration: duration.optional(),
  aggression: z.number().min(0).optional(),
  min_weight_percent: percent.optional(),
});

const locality = z.strictObject({
  zone: z.string().optional(),
  failover: z.array(z.string()).optional().meta({ description: "Zones that take over, in order" }),
  spill_percent: percent.optional().meta({ description: "Default 70" }),
});

/** One cluster. */
export const cluster = z.strictObject({
  name: z.string().min(1),
  type: z
    .enum([
      "SIMPLE",
      "STATIC",
      "DYNAMIC",
      "EDS",
      "ORIGINAL_DST",
      "STRICT_DNS",
      "LOGICAL_DNS",
      "static",
      "eds",
      "dns",
    ])
    .optional() // prettier-ignore
    .meta({ description: "ORIGINAL_DST is refused" }),
  lb_type: z
    .enum(Object.keys(balancerNames) as [string, ...string[]]) // it has names
    .optional()
    .meta({ description: "Default LB_LEAST_REQUEST; LB_MAGLEV when a route has a hash_policy" }),
  protocol: z
    .enum(Object.keys(protocolNames) as [string, ...string[]]) // it has names
    .optional()
    .meta({ description: "Towards the hosts; default: that of the caller" }),
  hosts: z.union([z.array(host), z.array(z.string().min(1))]).optional(),
  discovery: discovery.optional(),
  eds_cluster_config: z.looseObject({ service_name: z.string().optional() }).optional(),
  connect_timeout: duration.optional().meta({ description: "Default 3s" }),
  idle_timeout: duration.optional().meta({ description: "Of connections; default 90s" }),
  max_request_per_conn: count.optional().meta({ description: "Not over HTTP/2; 0 = no limit" }),
  circuit_breakers: oneOrMore(limits).optional(),
  breaker: breaker.optional(),
  outlier_detection: z
    .union([z.literal(false), outlier])
    .optional()
    .meta({ description: "On by default; false switches it off" }),
  adaptive_concurrency: z.union([z.boolean(), adaptive]).optional(),
  retry_budget: z
    .strictObject({
      ratio: z.number().min(0).max(1).optional(),
      budget_percent: percent.optional().meta({ description: "Default 20" }),
      min_retries_per_second: z.number().min(0).optional().meta({ description: "Default 10" }),
    })
    .optional(),
  health_check: healthCheck.optional(),
  tls_context: tlsContext.optional(),
  cluster_manager_tls: z.boolean().optional(),
  lb_subset_config: z
    .strictObject({
      fall_back_policy: z
        .union([z.literal([0, 1, 2]), z.enum(["none", "any", "default"])])
        .optional(),
      default_subset: z.record(z.string(), z.string()).optional(),
      subset_selectors: z.array(z.array(z.string()).min(1)).optional(),
    })
    .optional(),
  lb_config: balancing.optional(),
  lbconfig: balancing.optional(),
  slow_start: slowStart.optional(),
  locality: z.union([z.literal(false), locality]).optional(),
  panic_threshold: percent.optional().meta({ description: "Default 50; 0 = never" }),
  keep_on_empty: z
    .boolean()
    .optional()
    .meta({ description: "Keep the hosts when a registry reports none; default true" }),
  dns_refresh_rate: duration.optional(),
  respect_dns_ttl: z.boolean().optional(),
  dns_lookup_family: z.enum(["V4_ONLY", "V6_ONLY"]).optional(),
  dns_resolvers: z
    .strictObject({
      servers: z.array(z.string().min(1)).optional().meta({ description: "ip or ip:port" }),
      port: z.union([z.string(), z.int()]).optional().meta({ description: "Default 53" }),
      search: unserved,
      ndots: unserved,
      timeout: unserved,
      attempts: unserved,
    })
    .optional(),
  dns_resolver_file: unserved,
  dns_resolver_port: unserved,
  sub_type: unserved,
  spec: unserved,
  original_dst_lb_config: unserved,
  conn_buffer_limit_bytes: unserved,
  cluster_pool_enable: unserved,
  keepalive_interval: unserved,
  keepalive_timeout: unserved,
});

/** `cluster_manager`. */
export const clusterManager = z.strictObject({
  clusters: z.array(cluster).optional(),
  tls_context: tlsContext.optional(),
  clusters_configs: refused,
});
