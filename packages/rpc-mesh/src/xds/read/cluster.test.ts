import assert from "node:assert/strict";
import { test } from "node:test";
import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import {
  type ClusterSchema,
  Cluster_DiscoveryType as Discovery,
  Cluster_LbPolicy as Policy,
  Cluster_LbSubsetConfig_LbSubsetFallbackPolicy as Fallback,
} from "@layotto/proto/envoy/config/cluster/v3/cluster";
import { LeastRequestSchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/least_request/v3/least_request";
import { MaglevSchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/maglev/v3/maglev";
import { WrrLocalitySchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality";
import { UpstreamTlsContextSchema } from "@layotto/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import { Slices } from "../slices.ts";
import { cluster, endpoint } from "../testing/resources.ts";
import { readCluster } from "./cluster.ts";

type Init = MessageInitShape<typeof ClusterSchema>;

const warnings: string[] = [];
const context = {
  slices: new Slices(),
  zone: "z1",
  warn: (text: string) => void warnings.push(text),
};
const read = (init: Init) => readCluster(cluster("a", init).value, context);
const type = (value: Discovery) => ({ clusterDiscoveryType: { case: "type", value } as const });
const duration = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });
const assignment = (...hosts: ReturnType<typeof endpoint>[]) => ({
  clusterName: "",
  endpoints: [{ lbEndpoints: hosts }],
});

test("readCluster knows where hosts come from", async () => {
  const sourceOf = async (init: Init) => (await read(init)).source;
  const name = endpoint("db.example", 5432);
  assert.deepEqual(await sourceOf({}), { type: "eds", service: "a" });
  assert.deepEqual(await sourceOf({ edsClusterConfig: { serviceName: "b" } }), { type: "eds", service: "b" }); // prettier-ignore
  const dns = await sourceOf({
    ...type(Discovery.STRICT_DNS),
    loadAssignment: assignment(name),
    dnsRefreshRate: duration(7),
  });
  assert.deepEqual(dns, { type: "dns", name: "db.example", port: 5432, record: "A", refreshMs: 7000 }); // prettier-ignore
  const respecting = { dnsRefreshRate: duration(7), respectDnsTtl: true };
  const ttl = await sourceOf({ ...type(Discovery.STRICT_DNS), loadAssignment: assignment(name), ...respecting }); // prettier-ignore
  assert.equal(ttl.type === "dns" ? ttl.refreshMs : 0, undefined);
  const logical = await sourceOf({ ...type(Discovery.LOGICAL_DNS), loadAssignment: assignment(name) }); // prettier-ignore
  assert.equal(logical.type === "static" ? logical.hosts[0]?.address : "", "db.example:5432");
  const fixed = await sourceOf({ ...type(Discovery.STATIC), loadAssignment: assignment(endpoint("::1", 80)) }); // prettier-ignore
  assert.equal(fixed.type === "static" ? fixed.hosts[0]?.address : "", "[::1]:80");
  warnings.length = 0;
  const passed = { ...type(Discovery.ORIGINAL_DST), lbPolicy: Policy.CLUSTER_PROVIDED };
  assert.deepEqual(await sourceOf(passed), { type: "static", hosts: [] });
  assert.deepEqual(warnings, ["type ORIGINAL_DST is not supported: the cluster has no hosts"]);
});

test("readCluster maps every policy, and honours the newer field before the older", async () => {
  const balancerOf = async (init: Init) => (await read(init)).balancer;
  const policyOf = async (lbPolicy: Policy) => (await balancerOf({ lbPolicy })).policy;
  assert.equal(await policyOf(Policy.ROUND_ROBIN), "weighted_round_robin");
  assert.equal(await policyOf(Policy.LEAST_REQUEST), "least_request");
  assert.equal(await policyOf(Policy.RANDOM), "random");
  assert.equal(await policyOf(Policy.RING_HASH), "ring_hash");
  assert.equal(await policyOf(Policy.MAGLEV), "maglev");
  const slow = { slowStartWindow: duration(30), aggression: { defaultValue: 2 } };
  const least = await balancerOf({
    lbPolicy: Policy.LEAST_REQUEST,
    lbConfig: { case: "leastRequestLbConfig", value: { choiceCount: 5, slowStartConfig: slow } },
    commonLbConfig: {
      healthyPanicThreshold: { value: 0 },
      localityConfigSpecifier: { case: "zoneAwareLbConfig", value: {} },
    },
  });
  assert.equal(least.choices, 5);
  assert.deepEqual(least.slowStart, { windowMs: 30_000, aggression: 2, minWeightPercent: 10 });
  assert.equal(least.panicThreshold, 0);
  assert.deepEqual(least.locality, { zone: "z1", failover: [], spillPercent: 70 });

  const policy = (any: Any) => ({ typedExtensionConfig: { name: "x", typedConfig: any } }); // prettier-ignore
  const unknown = { ...anyPack(MaglevSchema, create(MaglevSchema)), typeUrl: "x/some.Unknown" };
  const inner = policy(anyPack(LeastRequestSchema, create(LeastRequestSchema, { choiceCount: 3 })));
  const outer = anyPack(
    WrrLocalitySchema,
    create(WrrLocalitySchema, { endpointPickingPolicy: { policies: [policy(unknown), inner] } }),
  );
  const newer = await balancerOf({
    lbPolicy: Policy.RANDOM,
    loadBalancingPolicy: { policies: [policy(unknown), policy(outer)] },
  });
  assert.deepEqual([newer.policy, newer.choices], ["least_request", 3]);
  await assert.rejects(
    balancerOf({ loadBalancingPolicy: { policies: [policy(unknown)] } }),
    /names no policy known here: some\.Unknown/,
  );
});

test("readCluster without limits, ejection, checks and subsets has the mesh's own, ejection off", async () => {
  const config = await read({});
  assert.deepEqual(config.limits, { maxConnections: 0, maxPending: 1024, maxRequests: 0, maxRetries: 0 }); // prettier-ignore
  assert.deepEqual([config.outlier, config.healthCheck, config.subsets, config.tls], [undefined, undefined, undefined, undefined]); // prettier-ignore
  assert.deepEqual([config.connectTimeoutMs, config.keepOnEmpty], [5000, false]);
});

test("readCluster takes huge limits for none and leaves out what a rule never enforces", async () => {
  const thresholds = [{ maxRequests: 4_294_967_295, maxConnections: 12 }];
  const config = await read({ circuitBreakers: { thresholds }, outlierDetection: {} });
  assert.deepEqual([config.limits.maxRequests, config.limits.maxConnections], [0, 12]);
  assert.equal(config.outlier?.consecutiveErrors, 5);
  assert.equal(config.outlier?.consecutiveGatewayErrors, 0);
  assert.equal(config.outlier?.successRateFactor, 1.9);
  assert.equal(config.outlier?.failurePercent, 0);
});

test("readCluster reads the three kinds of health checks", async () => {
  const times = { timeout: duration(1), interval: duration(2) };
  const check = async (healthChecker: NonNullable<NonNullable<Init["healthChecks"]>[number]["healthChecker"]>) =>
    (await read({ healthChecks: [{ ...times, healthChecker }] })).healthCheck; // prettier-ignore
  assert.equal((await check({ case: "tcpHealthCheck", value: {} }))?.type, "tcp");
  const grpc = await check({ case: "grpcHealthCheck", value: { serviceName: "s" } });
  assert.deepEqual([grpc?.type, grpc?.service], ["grpc", "s"]);
  const http = await check({ case: "httpHealthCheck", value: { path: "/up" } });
  assert.deepEqual([http?.path, http?.host, http?.codes], ["/up", "a", [[200, 200]]]);
  await assert.rejects(read({ healthChecks: [{ healthChecker: { case: "tcpHealthCheck", value: {} } }] }), /interval .* must be above 0/); // prettier-ignore
  warnings.length = 0;
  assert.equal((await read({ healthChecks: [times] })).healthCheck, undefined);
  assert.deepEqual(warnings, ["a health check of an unknown kind is left out"]);
});

test("readCluster reads subsets", async () => {
  const lbSubsetConfig = {
    fallbackPolicy: Fallback.ANY_ENDPOINT,
    subsetSelectors: [{ keys: ["stage"] }],
  };
  assert.deepEqual((await read({ lbSubsetConfig })).subsets, { fallback: "any", default: {}, selectors: [["stage"]] }); // prettier-ignore
});

function tls(init: MessageInitShape<typeof UpstreamTlsContextSchema>): Init {
  const value = anyPack(UpstreamTlsContextSchema, create(UpstreamTlsContextSchema, init));
  return { transportSocket: { name: "tls", configType: { case: "typedConfig", value } } };
}

const ca = { specifier: { case: "inlineString", value: "-----BEGIN X" } } as const;
const validated = (value: object) => ({
  commonTlsContext: {
    validationContextType: {
      case: "validationContext",
      value: { trustedCa: ca, ...value },
    } as const,
  },
});

test("readCluster trusts what it is told to trust and nobody else", async () => {
  const tlsOf = async (init: Init) => (await read(init)).tls;
  const plain = await tlsOf(tls({ sni: "a.example" }));
  assert.deepEqual([plain?.ca, plain?.serverName, plain?.identities], [undefined, "a.example", undefined]); // prettier-ignore
  assert.deepEqual((await tlsOf(tls(validated({}))))?.identities, ["*"]);
  const suffix = {
    matchSubjectAltNames: [{ matchPattern: { case: "suffix", value: ".example" } }],
  };
  assert.deepEqual((await tlsOf(tls(validated(suffix))))?.identities, ["*.example"]);
});

test("readCluster refuses what it cannot protect as asked, and never falls back to plain text", async () => {
  const refuses = (init: Init, why: RegExp) => assert.rejects(read(init), why);
  const sds = { commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: "default" }] } };
  await refuses(tls(sds), /SDS is not supported/);
  await refuses({ transportSocketMatches: [{ name: "x" }] }, /transport_socket_matches/);
  const value = { ...anyPack(LeastRequestSchema, create(LeastRequestSchema)), typeUrl: "x/other.Tls" }; // prettier-ignore
  const other = { name: "other", configType: { case: "typedConfig", value } as const };
  await refuses({ transportSocket: other }, /UpstreamTlsContext" must be there: there is "other\.Tls"/); // prettier-ignore
  await refuses({ transportSocket: { name: "tls" } }, /"tls" must have a typed_config/);
  const prefix = { matchSubjectAltNames: [{ matchPattern: { case: "prefix", value: "spiffe://" } }] }; // prettier-ignore
  await refuses(tls(validated(prefix)), /exact or suffix only/);
  await refuses(tls(validated({ verifyCertificateHash: ["00"] })), /verify_certificate_hash/);
});

test("readCluster says what is wrong", async () => {
  await assert.rejects(read({ name: "" }), /name must not be empty/);
  const bare = { ...type(Discovery.STRICT_DNS) };
  await assert.rejects(read(bare), /load_assignment must have an endpoint/);
  const size = { case: "maglevLbConfig", value: { tableSize: 100n } } as const;
  await assert.rejects(read({ lbPolicy: Policy.MAGLEV, lbConfig: size }), /prime .* it is 100/);
  await assert.rejects(readCluster(new Uint8Array([10, 200]), context), /no "envoy.*Cluster"|premature|index/); // prettier-ignore
});
