import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { eventually, skipWithout } from "@layotto/sidecar-kit/testing";
import { defaultCluster, defaultListenerLimits, defaultRetry } from "../config/defaults.ts";
import { clusterKind, endpointKind } from "./kinds.ts";
import {
  buildGoControlPlane,
  type GoControlPlane,
  startGoControlPlane,
} from "./testing/go-control-plane.ts";
import { type Session, startSession } from "./testing/session.ts";

const skip = skipWithout("go");
/** Modules come from a proxy, which may be out of reach. */
const timeout = 240_000;

async function start(t: TestContext): Promise<(Session & { go: GoControlPlane }) | undefined> {
  let program: string;
  try {
    program = buildGoControlPlane(t);
  } catch (error) {
    t.skip(`the control plane cannot be built: ${String(error).slice(0, 500)}`);
    return undefined;
  }
  const go = await startGoControlPlane(t, program);
  return { go, ...(await startSession(t, { servers: [go.address] })) };
}

const two = [
  { name: "orders", hosts: ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"] },
  { name: "canary", hosts: ["10.1.0.1:80", "10.1.0.2:80"] },
];
const fault = {
  delay: { percent: 50, ms: 250 },
  abort: { percent: 1, status: 418 },
  headers: [],
  cluster: undefined,
};

test("what go-control-plane sends is read field by field", { skip, timeout }, async (t) => {
  const place = await start(t);
  if (place === undefined) return;
  const { go, applied, client } = place;
  go.serve({ version: "1", clusters: two, routeTo: "orders" });
  await eventually("all that was served", () => {
    const { types } = client.state();
    const accepted = types.filter(({ version }) => version === "1").length;
    return accepted === 4 && applied.listeners.length > 0 && applied.routers.length > 0;
  });
  await eventually("what the server heard", () => go.heard.length > 0); // it tells by a pipe

  assert.deepEqual(applied.clusters.find(({ name }) => name === "orders"), {
    ...defaultCluster,
    name: "orders",
    protocol: "http2",
    source: { type: "eds", service: "orders" },
    balancer: { ...defaultCluster.balancer, policy: "ring_hash", minRingSize: 512, maxRingSize: 4096, panicThreshold: 25, locality: undefined },
    subsets: { fallback: "default", default: { version: "v1" }, selectors: [["version", "canary"]] },
    limits: { maxConnections: 0, maxPending: 8, maxRequests: 9, maxRetries: 10 },
    connectTimeoutMs: 1500,
    outlier: {
      consecutiveErrors: 6, consecutiveGatewayErrors: 3, intervalMs: 2000, baseEjectionMs: 3000, maxEjectionMs: 90_000,
      maxEjectionPercent: 40, successRateFactor: 0, failurePercent: 0, rateMultiple: 0, minHosts: 5, minRequests: 100,
    },
    healthCheck: {
      type: "http", intervalMs: 4000, timeoutMs: 500, healthyThreshold: 2, unhealthyThreshold: 3, path: "/health", method: "HEAD",
      host: "health.example", codes: [[200, 299]], port: 9999, service: "",
    },
    retryBudget: { ratio: 0.35, minRetriesPerSecond: 4 },
    tls: {
      ca: "/c/ca.pem", cert: "/c/cert.pem", key: "/c/key.pem", serverName: "orders.example", identities: ["spiffe://td/orders"],
      insecureSkipVerify: undefined,
    },
    keepOnEmpty: false,
  }); // prettier-ignore

  const metadata = { version: "v1", canary: "true", shard: "7" };
  assert.deepEqual(applied.hosts.get("orders"), [
    { address: "10.0.0.1:80", hostname: "h0", weight: 5000, zone: "z1", priority: undefined, metadata, healthy: undefined },
    { address: "10.0.0.2:80", hostname: "h1", weight: 10_000, zone: "z1", priority: undefined, metadata, healthy: undefined },
    { address: "10.0.0.3:80", hostname: "h2", weight: 10_000, zone: "r2", priority: 1, metadata, healthy: false },
  ]); // prettier-ignore

  const [router] = applied.routers;
  const [host] = router?.virtualHosts ?? [];
  assert.deepEqual(host?.domains, ["shop.example", "*.shop.example"]);
  const [api, old, gone, rest] = host?.routes ?? [];
  assert.deepEqual(api, {
    name: "api",
    match: {
      pathSeparatedPrefix: "/api", ignoreCase: true, methods: ["GET"], percent: 60,
      headers: [{ name: "x-tenant", invert: true, prefix: "Gold", ignoreCase: true }, { name: "x-size", range: [-5, 10] }],
      query: [{ name: "debug", present: true }],
    },
    action: {
      type: "forward", cluster: "orders", metadataMatch: { version: "v1" }, timeoutMs: 7000,
      retry: { ...defaultRetry, on: ["5xx"], statusCodes: [425, 409], retries: 4, backoffMs: 20, maxBackoffMs: 120 },
      perTryTimeoutMs: 900, hedge: undefined, prefixRewrite: undefined,
      regexRewrite: { pattern: /^\/api\/(.*)/g, substitution: "/v2/$1" }, autoHostRewrite: true,
      hash: [{ type: "header", name: "x-user" }, { type: "source_ip" }],
      mirrors: [{ cluster: "orders", percent: 25, amplification: 1 }],
    },
    headers: { requestAdd: [["x-mesh", "100%"]], requestRemove: ["x-mesh"], responseAdd: [], responseRemove: ["server"] },
    fault,
    limits: {},
  }); // prettier-ignore
  assert.deepEqual(old?.action, {
    type: "redirect", status: 308, scheme: "https", host: "new.example:8443", path: undefined, prefixRewrite: "/new", stripQuery: true,
  }); // prettier-ignore
  assert.deepEqual(gone?.action, { type: "direct", status: 410, body: "gone" });
  assert.equal(rest?.name, "shop/3");
  assert.deepEqual(rest?.action.type === "forward" ? rest.action.weighted : undefined, [
    { name: "orders", weight: 90, metadataMatch: undefined, headers: undefined },
    { name: "canary", weight: 10, metadataMatch: { canary: "true" }, headers: undefined },
  ]);

  assert.deepEqual(applied.listeners, [
    {
      name: "in", type: "ingress", address: "127.0.0.1:15001", protocol: "http2", router: "main", tls: undefined,
      limits: defaultListenerLimits, fault, timeoutMs: 15_000,
    },
  ]); // prettier-ignore
  assert.equal(go.heard[0]?.node, "mesh-1");
  assert.deepEqual(client.state().types.map(({ version, nacks }) => `${version}/${nacks}`), ["1/0", "1/0", "1/0", "1/0"]); // prettier-ignore
});

test(
  "go-control-plane pushes changes, hears refusals, and is not driven round in circles by them",
  { skip, timeout },
  async (t) => {
    const place = await start(t);
    if (place === undefined) return;
    const { go, applied, client } = place;
    const state = (i: number) => client.state().types[i];
    go.serve({ version: "1", clusters: two, routeTo: "orders" });
    await eventually("the first version", () => state(3)?.version === "1");

    const third = { name: "third", hosts: ["10.2.0.1:80", "10.2.0.2:80"] };
    go.serve({ version: "2", clusters: [...two, third], routeTo: "third" });
    await eventually("hosts of the new cluster", () => applied.hosts.get("third")?.length === 2);
    const target = () => {
      const action = applied.routers[0]?.virtualHosts[0]?.routes[0]?.action;
      return action?.type === "forward" ? action.cluster : undefined;
    };
    await eventually("the switch", () => target() === "third");
    await eventually("all accepted", () => [0, 1, 2, 3].every((i) => state(i)?.version === "2"));

    const broken = { name: "broken", hosts: [], bad: true };
    const fourth = { name: "fourth", hosts: ["10.3.0.1:80", "10.3.0.2:80"] };
    go.serve({ version: "3", clusters: [...two, third, broken, fourth], routeTo: "third" });
    await eventually("hosts of the good one", () => applied.hosts.get("fourth")?.length === 2);
    const refusals = () => go.heard.filter(({ typeUrl, error }) => typeUrl === clusterKind.typeUrl && error !== ""); // prettier-ignore
    await eventually("the refusal", () => refusals().length > 0);
    assert.match(refusals()[0]?.error ?? "", /^cluster "broken": cluster_type "aggregate" is not/);
    assert.equal(refusals()[0]?.version, "2");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(refusals().length <= 2, `${refusals().length} refusals of one version`);

    go.serve({ version: "4", clusters: [third], routeTo: "third" });
    await eventually("recovery", async () => {
      await place.clock.advance(30_000);
      return state(0)?.version === "4";
    });
    // Routes lead to the canary still, so it may stay for 15 s.
    await eventually("removal", async () => {
      await place.clock.advance(1000);
      return applied.clusters.map(({ name }) => name).join() === "third";
    });
    await eventually("all accepted", () => [1, 2, 3].every((i) => state(i)?.version === "4"));
    const asked = () => go.heard.filter(({ typeUrl }) => typeUrl === endpointKind.typeUrl).at(-1);
    await eventually("the last request", () => asked()?.names?.join() === "third");

    go.kill();
    await eventually("the loss", () => !client.state().connected);
    assert.equal(applied.hosts.get("third")?.length, 2);
  },
);
