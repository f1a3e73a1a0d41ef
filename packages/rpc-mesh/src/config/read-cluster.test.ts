import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clusterOf, host, meshOf } from "../testing/mesh-config.ts";
import { defaultBalancer, defaultOutlier } from "./defaults.ts";

describe("readMesh: clusters", () => {
  it("reads where hosts come from", () => {
    const cases = [
      [{ hosts: ["a:1", "b:2"] }, { type: "static", hosts: [{ address: "a:1" }, { address: "b:2" }] }],
      [{ hosts: undefined, type: "EDS" }, { type: "eds", service: "c" }],
      [{ hosts: [{ address: "svc:80" }], type: "STRICT_DNS", dns_refresh_rate: "5s" }, { type: "dns", name: "svc", port: 80, record: "A", refreshMs: 5000 }],
      [{ hosts: [{ address: "svc:80" }], type: "STRICT_DNS", respect_dns_ttl: true, dns_refresh_rate: "5s", dns_lookup_family: "V6_ONLY" }, { type: "dns", name: "svc", port: 80, record: "AAAA", refreshMs: undefined }],
      [{ hosts: undefined, discovery: { type: "dns", name: "_x._tcp.svc", record: "SRV" } }, { type: "dns", name: "_x._tcp.svc", port: undefined, record: "SRV", refreshMs: undefined }],
      [{ hosts: [{ address: "svc:80" }], type: "LOGICAL_DNS", dns_resolvers: { servers: ["10.0.0.2", "::1", "10.0.0.3:5353"], port: "8600" } }, { type: "dns", name: "svc", port: 80, record: "A", refreshMs: undefined, servers: ["10.0.0.2:8600", "[::1]:8600", "10.0.0.3:5353"] }],
      [{ hosts: undefined, discovery: { type: "dns", name: "svc", port: 80, servers: ["10.0.0.2"] } }, { type: "dns", name: "svc", port: 80, record: "A", refreshMs: undefined, servers: ["10.0.0.2"] }],
      [{ hosts: undefined, discovery: { type: "file", path: "hosts.json" } }, { type: "file", path: "hosts.json" }],
      [{ hosts: undefined, discovery: { type: "registry", registry: "zk", service: "com.X", parameters: { version: "1.0" } } }, { type: "registry", registry: "zk", service: "com.X", parameters: { version: "1.0" } }],
      [{ hosts: undefined, discovery: { type: "eds", service: "s" } }, { type: "eds", service: "s" }],
    ] as const; // prettier-ignore
    for (const [part, source] of cases) assert.deepEqual(clusterOf(part).source, source);
  });

  it("reads balancing", () => {
    const part = {
      lb_type: "LB_LEAST_REQUEST",
      lb_config: { choice_count: 3, active_request_bias: 2 },
      slow_start: { mode: "duration", slow_start_duration: "30s", min_weight_percent: 0.2 },
      locality: { zone: "a", failover: ["b"] },
      panic_threshold: 0,
      lb_subset_config: { fall_back_policy: 2, default_subset: { v: "1" }, subset_selectors: [["v"], ["v", "z"]] }, // prettier-ignore
    };
    const { balancer, subsets } = clusterOf(part);
    assert.deepEqual(balancer, {
      ...defaultBalancer,
      choices: 3,
      activeRequestBias: 2,
      slowStart: { windowMs: 30_000, aggression: 1, minWeightPercent: 20 },
      locality: { zone: "a", failover: ["b"], spillPercent: 70 },
      panicThreshold: 0,
    });
    assert.deepEqual(subsets, { fallback: "default", default: { v: "1" }, selectors: [["v"], ["v", "z"]] }); // prettier-ignore
  });

  it("reads resilience", () => {
    const cluster = clusterOf({
      circuit_breakers: [{ max_connections: 4, max_requests: 100 }],
      breaker: { strategy: 0, threshold: 0.2, statIntervalMs: 1000, minRequestAmount: 3, maxAllowedRtMs: 50, retryTimeoutMs: 3000, probeNum: 2 },
      outlier_detection: { consecutive_5xx: 2, success_rate_stdev_factor: 1900, base_ejection_time: "10s" },
      adaptive_concurrency: { max_limit: 10, sample: "50ms" },
      retry_budget: { budget_percent: 50 },
      health_check: { protocol: "Http1", interval: "5s", check_config: { http_check_config: { path: "/ok", domain: "h", codes: [{ start: 200, end: 299 }] } } },
      connect_timeout: 500,
    }); // prettier-ignore
    assert.deepEqual(cluster.limits, { maxConnections: 4, maxPending: 1024, maxRequests: 100, maxRetries: 0 }); // prettier-ignore
    assert.deepEqual(cluster.breaker, { strategy: "slow_ratio", threshold: 0.2, windowMs: 1000, minRequests: 3, slowMs: 50, openMs: 3000, probes: 2 }); // prettier-ignore
    assert.deepEqual(cluster.outlier, { ...defaultOutlier, consecutiveErrors: 2, baseEjectionMs: 10_000 }); // prettier-ignore
    assert.deepEqual([cluster.adaptiveConcurrency?.maxLimit, cluster.adaptiveConcurrency?.initialLimit], [10, 10]); // prettier-ignore
    assert.equal(cluster.retryBudget.ratio, 0.5);
    const { type, intervalMs, path, host: name, codes } = cluster.healthCheck ?? {};
    assert.deepEqual(
      [type, intervalMs, path, name, codes],
      ["http", 5000, "/ok", "h", [[200, 299]]],
    );
    assert.equal(cluster.connectTimeoutMs, 500);
    assert.equal(clusterOf({ outlier_detection: false }).outlier, undefined);
    assert.equal(clusterOf({ health_check: {} }).healthCheck, undefined);
  });

  it("uses the mesh's zone, and maglev where a route hashes and nothing is named", () => {
    const route = {
      cluster_name: "c",
      hash_policy: [{ header: { key: "X-User" } }, { source_ip: {} }],
    };
    const { clusters, routers } = meshOf({
      zone: "z",
      routers: [{ name: "r", virtual_hosts: [{ domains: ["*"], routers: [{ route }] }] }],
      clusters: [{ name: "c", hosts: [host] }, { name: "d", hosts: [host], locality: false }],
    }); // prettier-ignore
    assert.deepEqual(clusters.map(({ balancer }) => [balancer.policy, balancer.locality?.zone]), [["maglev", "z"], ["least_request", undefined]]); // prettier-ignore
    const action = routers[0]?.virtualHosts[0]?.routes[0]?.action;
    assert.deepEqual(action?.type === "forward" && action.hash, [{ type: "header", name: "x-user" }, { type: "source_ip" }]); // prettier-ignore
  });
});
