import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { requestOf } from "../testing/routing.ts";
import { clusterOf, host, meshOf } from "../testing/mesh-config.ts";
import { Router } from "../routing/router.ts";
import { defaultBalancer, defaultCluster, defaultOutlier, defaultRetry } from "./defaults.ts";

/** A section as MOSN's files of InvokeService over HTTP have it. */
const mosnHttp = {
  routers: [
    {
      router_config_name: "http_router",
      virtual_hosts: [
        {
          name: "http_host",
          domains: ["*"],
          routers: [
            { match: { headers: [{ name: "id", value: "HelloService:1.0" }] }, route: { cluster_name: "http_server" } }, // prettier-ignore
          ],
        },
      ],
    },
    { router_config_name: "not_needed" },
  ],
  listeners: [
    {
      name: "egress_runtime_http",
      type: "egress",
      address: "0.0.0.0:12221",
      bind_port: true,
      network: "tcp",
      filter_chains: [
        {
          tls_context: {},
          filters: [
            { type: "proxy", config: { downstream_protocol: "Http1", name: "proxy_config", router_config_name: "http_router", upstream_protocol: "Http1" } }, // prettier-ignore
          ],
        },
      ],
    },
  ],
  cluster_manager: {
    tls_context: {},
    clusters: [
      {
        name: "http_server",
        type: "SIMPLE",
        lb_type: "LB_RANDOM",
        max_request_per_conn: 1024,
        hosts: [{ address: "127.0.0.1:8889", hostname: "downstream_machine1", weight: 1 }],
      },
    ],
  },
};

describe("readMesh: MOSN's shape", () => {
  it("reads listeners, routers and clusters with all defaults", () => {
    const { listeners, routers, clusters, registrations, xds } = meshOf(mosnHttp);
    assert.deepEqual(JSON.parse(JSON.stringify(listeners)), [
      {
        name: "egress_runtime_http",
        type: "egress",
        address: "0.0.0.0:12221",
        protocol: "http1",
        upstreamProtocol: "http1",
        router: "http_router",
        limits: { maxBodyBytes: 0, maxConnections: 10_000, idleTimeoutMs: 90_000 },
        timeoutMs: 60_000,
      },
    ]);
    assert.deepEqual(clusters, [
      {
        ...defaultCluster,
        name: "http_server",
        protocol: undefined,
        source: {
          type: "static",
          hosts: [
            { address: "127.0.0.1:8889", hostname: "downstream_machine1", weight: 1, zone: undefined, priority: undefined, metadata: undefined }, // prettier-ignore
          ],
        },
        balancer: {
          ...defaultBalancer,
          policy: "random",
          slowStart: undefined,
          locality: undefined,
        },
        subsets: undefined,
        maxRequestsPerConnection: 1024,
        breaker: undefined,
        adaptiveConcurrency: undefined,
        healthCheck: undefined,
        tls: undefined,
      },
    ]);
    const [router] = routers;
    assert.ok(router);
    const route = new Router(router).match(requestOf({ headers: { id: "HelloService:1.0" } }), () => 0); // prettier-ignore
    assert.equal(route?.name, "http_host/0");
    assert.deepEqual(route?.action.type === "forward" && route.action.retry, defaultRetry);
    assert.equal(routers[1]?.virtualHosts.length, 0);
    assert.deepEqual([registrations, xds], [[], undefined]);
  });

  it("takes the protocol of X from its sub protocol, and routers from connection managers", () => {
    const proxy = (config: object) => ({ type: "proxy", config: { router_config_name: "r", ...config } }); // prettier-ignore
    const listener = (name: string, ...filters: object[]) => ({
      name,
      filter_chains: [{ filters }],
    });
    const manager = { type: "connection_manager", config: { router_config_name: "r" } };
    const x = { downstream_protocol: "X", upstream_protocol: "X" };
    const { listeners, routers } = meshOf({
      listeners: [
        listener("a", proxy({ ...x, extend_config: { sub_protocol: "dubbo" } }), manager),
        listener("b", proxy({ ...x, extend_config: { sub_protocol: "bolt,dubbo" } })),
        listener("c", proxy({ downstream_protocol: "SofaRpc", upstream_protocol: "SofaRpc" })),
        listener("d", proxy({ downstream_protocol: "Auto", upstream_protocol: "Auto" })),
        listener("e", proxy({ downstream_protocol: "Http2", upstream_protocol: "boltv2" })),
      ],
    });
    assert.deepEqual(
      listeners.map((each) => [each.protocol, each.upstreamProtocol]),
      [["dubbo", "dubbo"], ["auto", undefined], ["bolt", "bolt"], ["auto", undefined], ["http2", "boltv2"]], // prettier-ignore
    );
    assert.deepEqual(routers.map(({ name }) => name), ["r"]); // prettier-ignore
  });

  it("does not bind a listener with bind_port false", () => {
    const listener = { name: "l", router: "r", address: "127.0.0.1:1", bind_port: false };
    const { listeners } = meshOf({ listeners: [listener], routers: [{ name: "r" }] });
    assert.equal(listeners[0]?.address, undefined);
  });

  it("reads the stream filters of a listener", () => {
    const listener = {
      name: "l",
      router: "r",
      stream_filters: [
        { type: "fault", config: { delay: { percentage: 10, fixed_delay: "1s" }, abort: { percentage: 5, status: 500 }, headers: [{ name: "X", value: "1" }], upstream_cluster: "c" } },
        { type: "payload_limit", config: { max_entity_size: 1000 } },
        { type: "ip_access", config: { default_action: "deny", header: "X-IP", ips: [{ action: "allow", addrs: ["10.0.0.0/8", "::1"] }] } },
        { type: "flowControlFilter", config: { global_switch: true, rules: [{ resource: "/a" }] } },
        { type: "fault_tolerance", config: { enabled: true, timeWindow: 5000, exceptionRateMultiple: 3, recoverTime: 60_000 } },
        { type: "grpc_metric" },
      ],
    }; // prettier-ignore
    const { listeners, clusters } = meshOf({
      listeners: [listener],
      routers: [{ name: "r", virtual_hosts: [{ domains: "*", routes: [{ route: { cluster_name: "c" } }] }] }],
      clusters: [{ name: "c", hosts: [host] }, { name: "d", hosts: [host] }],
    }); // prettier-ignore
    const [read] = listeners;
    assert.deepEqual(read?.fault, {
      delay: { percent: 10, ms: 1000 },
      abort: { percent: 5, status: 500 },
      headers: [{ name: "x", exact: "1", invert: undefined, ignoreCase: undefined }],
      cluster: "c",
    });
    assert.equal(read?.limits.maxBodyBytes, 1000);
    assert.deepEqual(read?.ipAccess, { defaultAction: "deny", header: "x-ip", rules: [{ action: "allow", ranges: ["10.0.0.0/8", "::1"] }] }); // prettier-ignore
    assert.deepEqual(read?.flow, { global_switch: true, rules: [{ resource: "/a" }] });
    const outlier = { ...defaultOutlier, intervalMs: 5000, minRequests: 10, rateMultiple: 3, baseEjectionMs: 60_000, maxEjectionMs: 60_000, minHosts: 2 }; // prettier-ignore
    assert.deepEqual(clusters.map((each) => each.outlier), [outlier, defaultOutlier]); // prettier-ignore
  });

  it("reads TLS of listeners and clusters", () => {
    const files = { cert_chain: "c.pem", private_key: "k.pem", ca_cert: "ca.pem" };
    const { listeners } = meshOf({
      listeners: [
        { name: "l", router: "r", inspector: true, filter_chains: [{ tls_context: { status: true, ...files, verify_client: true } }] },
        { name: "m", router: "r", tls_context: [files, { cert_chain: "d.pem", private_key: "e.pem" }] },
        { name: "n", router: "r", tls_context: { status: false, ...files } },
      ],
      routers: [{ name: "r" }],
    }); // prettier-ignore
    assert.deepEqual(listeners.map(({ tls }) => tls), [
      { certificates: [{ cert: "c.pem", key: "k.pem" }], ca: "ca.pem", requireClientCert: true, identities: undefined, acceptPlaintext: true },
      { certificates: [{ cert: "c.pem", key: "k.pem" }, { cert: "d.pem", key: "e.pem" }], ca: "ca.pem", requireClientCert: false, identities: undefined, acceptPlaintext: false },
      undefined,
    ]); // prettier-ignore
    const tls = { status: true, ca_cert: "ca.pem", server_name: "s", identities: ["spiffe://a/b"] };
    assert.deepEqual(clusterOf({ tls_context: tls }).tls, {
      ca: "ca.pem",
      cert: undefined,
      key: undefined,
      serverName: "s",
      identities: ["spiffe://a/b"],
      insecureSkipVerify: undefined,
    });
  });
});
