import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meshOf, report } from "../testing/mesh-config.ts";
import { readMesh } from "./read-mesh.ts";

describe("readMesh: reports", () => {
  it("names every fault by its path", () => {
    const route = (part: object) => ({ route: { cluster_name: "c" }, ...part });
    assert.deepEqual(
      report(
        {
          listeners: [
            { name: "a", router: "none", address: "nowhere", protocol: "htp1" },
            { name: "a", address: "127.0.0.1:1", tls_context: { cert_chain: "-----BEGIN X" } },
          ],
          routers: [
            {
              name: "r",
              virtual_hosts: [
                {
                  domains: ["*", "a*b"],
                  routers: [
                    route({ match: { regex: "(" } }),
                    route({ match: { path: "/a", prefix: "/b" } }),
                    route({ route: { cluster_name: "cc" } }),
                    route({ route: { weighted_clusters: [{ name: "c", weight: 0 }] } }),
                    route({ route: { cluster_name: "c", retry_policy: { retry_on: ["5xy"] }, timeout: "soon" } }),
                    route({ request_headers_to_add: { Host: "x" } }),
                    { match: { variables: [] } },
                  ],
                },
                { domains: ["*"] },
              ],
            },
          ],
          clusters: [
            { name: "c", lb_type: "LB_RANDM", hosts: [{ address: "a" }, { weight: 20_000 }] },
            { name: "c", hosts: ["a:0"], circuit_breakers: { max_requests: -1 } },
            { name: "d", discovery: { type: "registry", registry: "zk", service: "s" } },
            { name: "e", lb_type: "LB_MAGLEV", lb_config: { table_size: 100 }, tls_context: { cert_chain: "c" } },
          ],
          registrations: [{ registry: "zk", service: "s", address: "me" }],
          xds: 1,
        },
        { registries: ["etcd"] },
      ), // prettier-ignore
      [
        "✖ mesh.listeners[0].protocol: must be one of http1, http2, grpc, bolt, boltv2, dubbo, Http1, Http2, SofaRpc, auto, Auto; did you mean \"http1\"?",
        "✖ mesh.listeners[0].address: must be host:port or unix:/path",
        "✖ mesh.listeners[1].router: is missing",
        "✖ mesh.listeners[1].tls_context.cert_chain: must be the path of a PEM file, not its content",
        "✖ mesh.listeners[1].tls_context.private_key: is missing",
        "✖ mesh.routers[0].virtual_hosts[0].domains: \"a*b\" must be a name like shop, shop:80, shop:*, *.example.com or *",
        "✖ mesh.routers[0].virtual_hosts[0].routers[0].match.regex: is no regular expression: /(/: Unterminated group",
        "✖ mesh.routers[0].virtual_hosts[0].routers[1].match: must not have more than one of path, prefix, path_separated_prefix and regex",
        "✖ mesh.routers[0].virtual_hosts[0].routers[3].route.weighted_clusters: must have a weight above 0",
        "✖ mesh.routers[0].virtual_hosts[0].routers[4].route.timeout: must be a duration, e.g. \"2s\", \"500ms\" or \"1m30s\"",
        "✖ mesh.routers[0].virtual_hosts[0].routers[4].route.retry_policy.retry_on: \"5xy\" is no condition: there are 5xx, gateway-error, reset, connect-failure, refused-stream, retriable-4xx, rate-limited, envoy-ratelimited, timeout, cancelled, deadline-exceeded, internal, resource-exhausted, unavailable",
        "✖ mesh.routers[0].virtual_hosts[0].routers[5].request_headers_to_add.Host: \"Host\" must not be changed: it is the business of the connection",
        "✖ mesh.routers[0].virtual_hosts[0].routers[6].match.variables: is not supported: match by path, headers or query instead",
        "✖ mesh.routers[0].virtual_hosts[0].routers[6]: must have route, redirect or direct_response",
        "✖ mesh.routers[0].virtual_hosts[1].domains: \"*\" belongs to virtual_hosts[0] already",
        "✖ mesh.clusters[0].hosts[0].address: must be host:port, e.g. \"10.0.0.1:8080\"",
        "✖ mesh.clusters[0].hosts[1].address: is missing",
        "✖ mesh.clusters[0].hosts[1].weight: must be at most 10000",
        "✖ mesh.clusters[0].lb_type: must be one of LB_ROUNDROBIN, LB_RANDOM, LB_WEIGHTED_ROUNDROBIN, LB_LEAST_REQUEST, LB_LEAST_CONNECTION, LB_PEAK_EWMA, LB_MAGLEV, LB_RING_HASH, LB_REQUEST_ROUNDROBIN, round_robin, random, weighted_round_robin, least_request, least_connection, peak_ewma, maglev, ring_hash, request_round_robin; did you mean \"LB_RANDOM\"?",
        "✖ mesh.clusters[1].hosts[0]: must be host:port, e.g. \"10.0.0.1:8080\"",
        "✖ mesh.clusters[1].circuit_breakers.max_requests: must be at least 0",
        "✖ mesh.clusters[2].discovery.registry: \"zk\" is not configured in the section registries: there are etcd",
        "✖ mesh.clusters[3].lb_config.table_size: must be a prime number",
        "✖ mesh.clusters[3].tls_context.private_key: is missing: both or neither",
        "✖ mesh.xds: must be a map",
        "✖ mesh.clusters[1].name: \"c\" is there twice",
        "✖ mesh.listeners[1].name: \"a\" is there twice",
        "✖ mesh.listeners[0]: router \"none\" is not configured",
        "✖ mesh.routers[0].virtual_hosts[0].routers[2]: cluster \"cc\" is not configured; did you mean \"c\"?",
        "✖ mesh.registrations[0].address: must be the host:port at which others reach the service",
        "✖ mesh.registrations[0].registry: \"zk\" is not configured in the section registries: there are etcd",
      ],
    ); // prettier-ignore
  });

  it("refuses clusters that nothing could come of, and identities that nobody bears", () => {
    const hosts = ["a:1"];
    const tls = { cert_chain: "c", private_key: "k", ca_cert: "a", identities: ["*.example.org", "a.*.org", "**"] }; // prettier-ignore
    assert.deepEqual(
      report({
        listeners: [{ name: "l", router: "r", tls_context: tls }],
        routers: [{ name: "r" }],
        clusters: [
          { name: "a", type: "ORIGINAL_DST" },
          { name: "b", hosts, lb_type: "LB_MAGLEV", tls_context: { ca_cert: "a", identities: ["spiffe://*/x"] } },
          { name: "c", discovery: { type: "original_dst" } },
          { name: "d", type: "STRICT_DNS", hosts: ["d:80"], dns_resolvers: { servers: ["dns.test", "10.0.0.1:0"] } },
        ],
      }),
      [
        '✖ mesh.listeners[0].tls_context.identities: "a.*.org" must have no * but one at its beginning, e.g. *.example.org',
        '✖ mesh.listeners[0].tls_context.identities: "**" must have no * but one at its beginning, e.g. *.example.org',
        "✖ mesh.clusters[0].type: ORIGINAL_DST is not supported, as traffic is not intercepted: name hosts or discovery",
        '✖ mesh.clusters[1].tls_context.identities: "spiffe://*/x" must have no * but one at its beginning, e.g. *.example.org',
        "✖ mesh.clusters[2].discovery.type: must be one of dns, file, registry, eds",
        '✖ mesh.clusters[3].dns_resolvers.servers: "dns.test" must be an address, or address:port',
        '✖ mesh.clusters[3].dns_resolvers.servers: "10.0.0.1:0" must be an address, or address:port',
      ],
    ); // prettier-ignore
  });

  it("warns about keys of MOSN that are accepted without effect", () => {
    const none = "is not supported: it has no effect";
    const proxy = { type: "proxy", config: { router_config_name: "r" }, go_plugin_config: { so_path: "x" } }; // prettier-ignore
    const mirror = { cluster: "c", trace_sampled: true };
    const http_check_config = { path: "/", scheme: "https" };
    assert.deepEqual(
      report({
        listeners: [{ name: "l", default_read_buffer_size: 1, log_path: "x", log_level: "INFO", filter_chains: [{ match: "x", filters: [proxy] }] }],
        routers: [{ name: "r", virtual_hosts: [{ domains: ["*"], routers: [{ route: { cluster_name: "c", request_mirror_policies: mirror, hash_policy: { cookie: { name: "n", ttl: "1s" } } }, metadata: { a: "b" }, breaker: { resource: "x" } }] }] }],
        clusters: [
          { name: "c", protocol: "http2", hosts: ["a:1"], max_request_per_conn: 5, conn_buffer_limit_bytes: 1, cluster_pool_enable: true, dns_resolvers: { servers: ["10.0.0.1"] } },
          { name: "d", hosts: ["a:1"], health_check: { interval_jitter: "1s", service_name: "x", check_config: { http_check_config } } },
          { name: "e", type: "STRICT_DNS", hosts: ["e:80"], dns_resolver_file: "/etc/x", dns_resolvers: { servers: ["::1"], search: ["a"] } },
          { name: "f", discovery: { type: "file", path: "x" }, dns_refresh_rate: "5s" },
        ],
      }),
      [
        `⚠ mesh.listeners[0].default_read_buffer_size: ${none}`,
        `⚠ mesh.listeners[0].log_path: ${none}`,
        `⚠ mesh.listeners[0].log_level: ${none}`,
        `⚠ mesh.listeners[0].filter_chains[0].match: ${none}`,
        `⚠ mesh.listeners[0].filter_chains[0].filters[0].go_plugin_config: ${none}`,
        `⚠ mesh.routers[0].virtual_hosts[0].routers[0].metadata: ${none}`,
        `⚠ mesh.routers[0].virtual_hosts[0].routers[0].route.hash_policy.cookie.ttl: ${none}`,
        `⚠ mesh.routers[0].virtual_hosts[0].routers[0].route.request_mirror_policies.trace_sampled: ${none}`,
        `⚠ mesh.routers[0].virtual_hosts[0].routers[0].breaker.resource: ${none}`,
        `⚠ mesh.clusters[0].conn_buffer_limit_bytes: ${none}`,
        `⚠ mesh.clusters[0].cluster_pool_enable: ${none}`,
        "⚠ mesh.clusters[0].max_request_per_conn: is not supported over HTTP/2: it has no effect",
        "⚠ mesh.clusters[0].dns_resolvers: has no effect: only STRICT_DNS and LOGICAL_DNS use it",
        `⚠ mesh.clusters[1].health_check.interval_jitter: ${none}`,
        `⚠ mesh.clusters[1].health_check.service_name: ${none}`,
        `⚠ mesh.clusters[1].health_check.check_config.http_check_config.scheme: ${none}`,
        "⚠ mesh.clusters[2].dns_resolver_file: is not supported: name the servers in dns_resolvers",
        `⚠ mesh.clusters[2].dns_resolvers.search: ${none}`,
        "⚠ mesh.clusters[3].dns_refresh_rate: has no effect beside discovery: set name, record, refresh and servers there",
      ],
    ); // prettier-ignore
  });

  it("warns about what has no effect", () => {
    assert.deepEqual(
      report({
        listeners: [
          {
            name: "l",
            router: "r",
            use_original_dst: true,
            filter_chains: [{ filters: [{ type: "tcp_proxy" }] }],
            stream_filters: [{ type: "gzip", config: {} }, { type: "mirror", config: { amplification: 2 } }],
          },
        ],
        routers: [{ name: "r", virtual_hosts: [{ domains: ["*"], routers: [{ match: { regex: "(a+)+" }, direct_response: {}, route: { cluster_name: "c", upstream_protocol: "Http1" }, per_filter_config: { x: 1 } }] }] }],
        clusters: [{ name: "c", hosts: ["a:1", "a:1"], circuit_breakers: [{}, {}], tls_context: { ca_cert: "a", min_version: "TLSv1_2" } }],
      }),
      [
        "⚠ mesh.listeners[0].use_original_dst: is not supported: it has no effect",
        "⚠ mesh.listeners[0].filter_chains[0].filters[0].type: network filter \"tcp_proxy\" is not supported: it has no effect",
        "⚠ mesh.listeners[0].stream_filters[0].type: stream filter \"gzip\" is not supported: it has no effect",
        "⚠ mesh.listeners[0].stream_filters[1].config.amplification: has no effect here: set it in request_mirror_policies of the routes",
        "⚠ mesh.routers[0].virtual_hosts[0].routers[0].per_filter_config.x: is not supported for a route: it has no effect",
        "⚠ mesh.routers[0].virtual_hosts[0].routers[0].match.regex: may take very long on some texts: a repeated group ends in a repetition",
        "⚠ mesh.routers[0].virtual_hosts[0].routers[0].route.upstream_protocol: has no effect here: set protocol of the cluster",
        "⚠ mesh.clusters[0].hosts[1]: \"a:1\" is there twice",
        "⚠ mesh.clusters[0].circuit_breakers[1]: is ignored: only the first thresholds are used",
        "⚠ mesh.clusters[0].tls_context.min_version: is not supported: it has no effect",
      ],
    ); // prettier-ignore
  });

  it("only warns of what a management server may still bring", () => {
    const section = {
      listeners: [{ name: "l", router: "later" }],
      routers: [{ name: "r", virtual_hosts: [{ domains: ["*"], routers: [{ route: { cluster_name: "x" } }] }] }],
      xds: { servers: "127.0.0.1:15010" },
    }; // prettier-ignore
    assert.deepEqual(report(section), [
      '⚠ mesh.listeners[0]: router "later" is not configured; it may come by xDS',
      '⚠ mesh.routers[0].virtual_hosts[0].routers[0]: cluster "x" is not configured; it may come by xDS',
    ]);
    const { config } = readMesh(section, { appId: "shop" });
    assert.deepEqual(config?.xds?.node, {
      id: "shop",
      cluster: "shop",
      zone: undefined,
      metadata: {},
    });
  });

  it("takes nothing at all as an empty mesh", () => {
    assert.deepEqual(meshOf(undefined).listeners, []);
    assert.deepEqual(report([]), ["✖ mesh: must be a map"]);
    assert.deepEqual(report({ listeners: 5, clusters: [1] }), [
      "✖ mesh.listeners: must be a list of maps",
      "✖ mesh.clusters: must be a list of maps",
    ]);
  });
});
