import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { create } from "@bufbuild/protobuf";
import {
  ComponentSchema,
  HealthStatus,
  MetricFamilySchema,
  MetricType,
  type Component,
} from "@layotto/proto/sidecar/v1/sidecar";
import { createLogger, Metrics } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { description, FakeConnection } from "../testing/fakes.ts";
import { Upstream } from "../upstream/upstream.ts";
import { probeApp } from "./app-reachability.ts";
import { liveness, readiness, type RuntimePhase } from "./health.ts";
import { infoBody } from "./info.ts";
import { setLogLevel } from "./log-level.ts";
import { allMetrics } from "./metrics.ts";
import { createActuator, type ActuatorOptions, type ActuatorSource } from "./server.ts";

const running: RuntimePhase = { status: "UP", reason: "" };

interface Fixture {
  upstream: Upstream;
  connection: FakeConnection;
}

function openUpstream(t: TestContext, name: string): Fixture {
  const connection = new FakeConnection();
  const upstream = new Upstream({
    name,
    addresses: [`unix:/${name}.sock`],
    connect: () => connection,
  });
  upstream.start();
  t.after(() => upstream.close());
  return { upstream, connection };
}

function component(indicator: string, status: HealthStatus, reason = ""): Component {
  const health = { status, reason };
  return create(ComponentSchema, { section: "lock", name: "l", type: "redis", indicator, health });
}

describe("readiness", () => {
  test("is INIT while a sidecar has never been described", (t) => {
    const { upstream } = openUpstream(t, "state");
    const body = readiness(running, [upstream]);
    assert.equal(body.status, "INIT");
    assert.deepEqual(body.components, {
      runtime_startup: { status: "UP", details: { reason: "" } },
    });
    assert.match(
      body.upstreams?.["state"]?.details?.reason ?? "",
      /no connection to unix:\/state\.sock/,
    );
  });

  test("lists components by Layotto's indicator names, the worst of equal ones", async (t) => {
    const { upstream, connection } = openUpstream(t, "state");
    const components = [
      component("lock-redis-standalone", HealthStatus.UP),
      component("lock-redis-standalone", HealthStatus.DOWN, "refused"),
      component("", HealthStatus.DOWN, "not listed"),
    ];
    await connection.describe(description({ components }));
    const body = readiness(running, [upstream]);
    assert.equal(body.status, "DOWN");
    const down = { status: "DOWN", details: { reason: "refused" } };
    assert.deepEqual(body.components["lock-redis-standalone"], down);
    assert.equal(Object.keys(body.components).length, 2);
    assert.deepEqual(body.upstreams, { state: { status: "UP" } });
  });

  test("is DOWN when a sidecar is lost, and its components with it", async (t) => {
    const { upstream, connection } = openUpstream(t, "state");
    await connection.describe(description({ components: [component("x", HealthStatus.UP)] }));
    assert.equal(readiness(running, [upstream]).status, "UP");
    await connection.fail("connection refused");
    const body = readiness(running, [upstream]);
    const down = { status: "DOWN", details: { reason: "connection refused" } };
    assert.deepEqual([body.status, body.components["x"]], ["DOWN", down]);
  });

  test("shows a clash at the upstream whose claim is refused without being unready", async (t) => {
    const { upstream, connection } = openUpstream(t, "state");
    await connection.describe(description());
    const clash = { path: "/a/b", kept: "other", refused: "state", message: "both serve it" };
    const body = readiness(running, [upstream], [clash]);
    assert.deepEqual(body.upstreams, {
      state: { status: "UP", details: { reason: "both serve it" } },
    });
    assert.equal(body.status, "UP");
  });
});

test("liveness tells of this process alone", () => {
  const body = liveness({ status: "DOWN", reason: "shutdown" });
  const components = { runtime_startup: { status: "DOWN", details: { reason: "shutdown" } } };
  assert.deepEqual(body, { components, status: "DOWN" });
});

describe("infoBody", () => {
  test("has Layotto's app beside components, upstreams, routes and layers", async (t) => {
    const { upstream, connection } = openUpstream(t, "state");
    await connection.describe(description({ components: [component("", HealthStatus.UP)] }));
    const routes = { epoch: 3, paths: ["/t.S/A"], clashes: [] };
    const body = infoBody({
      version: "1.2.3",
      compiled: "2026-01-01T00:00:00.000Z",
      upstreams: [upstream],
      routes,
      layers: ["metrics"],
      filters: {},
      callback: undefined,
    });
    assert.deepEqual(body["app"], {
      name: "Layotto",
      version: "1.2.3",
      compiled: "2026-01-01T00:00:00.000Z",
    });
    const only = { section: "lock", name: "l", type: "redis", upstream: "state", status: "UP" };
    assert.deepEqual(body["components"], [only]);
    assert.deepEqual(body["routes"], { epoch: 3, methods: 1, clashes: [] });
    assert.match(JSON.stringify(body["upstreams"]), /"state":"ready".*"generation":"1-1"/);
  });
});

describe("probeApp", () => {
  test("says whether the callback port is open", async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // listens on TCP
    const found = await eventually("an answer in time, on a machine that may be busy", async () => {
      const each = await probeApp("127.0.0.1", port);
      return each.reachable && each;
    });
    assert.deepEqual(found, { address: `127.0.0.1:${port}`, reachable: true });
    server.close();
    await once(server, "close");
    t.diagnostic(`port ${port}`);
    assert.equal((await probeApp("127.0.0.1", port)).reachable, false);
  });
});

describe("setLogLevel", () => {
  const logger = () => createLogger({ name: "t", write: () => {} });

  test("reaches the gateway and every sidecar", async (t) => {
    const { upstream, connection } = openUpstream(t, "state");
    await connection.describe(description());
    const root = logger();
    const answer = await setLogLevel('{"component":"lock/redis","level":"DEBUG"}', root, [
      upstream,
    ]);
    assert.deepEqual(answer, { status: 200, json: {} });
    assert.deepEqual(connection.levels, [["lock/redis", "debug"]]);
    assert.equal(root.child("lock/redis").isEnabled("debug"), true);
  });

  test("names the sidecars that it did not reach", async (t) => {
    const { upstream } = openUpstream(t, "state");
    const answer = await setLogLevel('{"component":"","level":"ERROR"}', logger(), [upstream]);
    assert.equal(answer.status, 503);
    assert.match(JSON.stringify(answer.json), /unix:\/state\.sock/);
  });

  test("refuses what is no JSON, no request, no level", async () => {
    for (const text of ["{", "[]", '{"component":"a"}', '{"component":"a","level":"LOUD"}']) {
      assert.equal((await setLogLevel(text, logger(), [])).status, 400, text);
    }
  });
});

describe("allMetrics", () => {
  test("merges families of all processes and leaves out those that do not answer", async (t) => {
    const state = openUpstream(t, "state");
    const hello = openUpstream(t, "hello");
    await state.connection.describe(description());
    const samples = [{ suffix: "", labels: [{ name: "method", value: "/a/b" }], value: 2 }];
    state.connection.families = [
      create(MetricFamilySchema, { name: "x_total", help: "x", type: MetricType.COUNTER, samples }),
    ];
    const own = new Metrics("layotto_grpc");
    own.counter("x_total", "x", { method: "/a/b" }).add(1);
    const text = await allMetrics(own, [state.upstream, hello.upstream], { waits: 3 });
    assert.equal(text.match(/# TYPE x_total counter/g)?.length, 1);
    assert.match(text, /x_total\{process="gateway",method="\/a\/b"\} 1\n/);
    assert.match(text, /x_total\{process="state",method="\/a\/b"\} 2\n/);
    assert.match(
      text,
      /layotto_upstream_up\{process="gateway",upstream="hello",address="unix:\/hello\.sock"\} 0/,
    );
    assert.match(text, /layotto_upstream_waits_total\{process="gateway",upstream="hello"\} 0/);
    assert.match(text, /layotto_route_waits_total\{process="gateway"\} 3/);
  });
});

describe("createActuator", () => {
  const source: ActuatorSource = {
    liveness: () => liveness(running),
    readiness: () => ({ components: {}, status: "INIT" }),
    info: () => Promise.resolve({ app: {} }),
    metrics: () => Promise.resolve("m 1\n"),
    setLogLevel: (body) => Promise.resolve({ status: 200, json: { body } }),
    hasPage: (name) => name === "mesh" || name === "info",
    page: (name) => Promise.resolve({ status: 200, json: { page: name } }),
  };

  async function serve(t: TestContext, options?: ActuatorOptions, from = source): Promise<string> {
    const server = createActuator(from, options).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
  }

  test("answers health with 200 or 503, and 404 for what it does not know", async (t) => {
    const base = await serve(t);
    const live = await fetch(`${base}/actuator/health/liveness`);
    assert.equal(live.status, 200);
    assert.equal(live.headers.get("content-type"), "application/json");
    assert.equal(((await live.json()) as { status: string }).status, "UP");
    assert.equal((await fetch(`${base}/actuator/health/readiness?probe=1`)).status, 503);
    for (const path of ["/", "/actuator", "/actuator/health", "/actuator/health/x", "/metrics"]) {
      const response = await fetch(base + path);
      assert.deepEqual([response.status, await response.text()], [404, ""], path);
    }
  });

  test("checks the method and the size of the body", async (t) => {
    const base = await serve(t);
    const wrong = await fetch(`${base}/actuator/logger`);
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
    assert.equal((await fetch(`${base}/actuator/info`, { method: "DELETE" })).status, 405);
    const body = "x".repeat(5_000);
    assert.equal((await fetch(`${base}/actuator/logger`, { method: "POST", body })).status, 413);
    const good = await fetch(`${base}/actuator/logger`, { method: "POST", body: "b" });
    assert.deepEqual(await good.json(), { body: "b" });
    assert.equal(await (await fetch(`${base}/actuator/info`, { method: "HEAD" })).text(), "");
  });

  test("shows the pages of sidecars, own endpoints first", async (t) => {
    const base = await serve(t, { token: "12345678" });
    const headers = { authorization: "Bearer 12345678" };
    assert.equal((await fetch(`${base}/actuator/mesh`)).status, 401);
    const page = await fetch(`${base}/actuator/mesh?x=1`, { headers });
    assert.equal(page.headers.get("content-type"), "application/json");
    assert.deepEqual(await page.json(), { page: "mesh" });
    assert.deepEqual(await (await fetch(`${base}/actuator/info`, { headers })).json(), { app: {} });
    const post = await fetch(`${base}/actuator/mesh`, { method: "POST", headers });
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
    assert.equal((await fetch(`${base}/actuator/other`, { headers })).status, 404);
  });

  test("wants the token for all but health", async (t) => {
    const base = await serve(t, { token: "12345678" });
    assert.equal((await fetch(`${base}/actuator/health/liveness`)).status, 200);
    const get = (headers: Record<string, string>) => fetch(`${base}/actuator/metrics`, { headers });
    assert.equal((await get({})).status, 401);
    assert.equal((await get({ authorization: "Bearer 12345679" })).status, 401);
    assert.equal((await get({ authorization: "Bearer 12345678" })).status, 200);
    assert.equal((await get({ "layotto-api-token": "12345678" })).status, 200);
  });

  test("answers 500 without details when an endpoint fails", async (t) => {
    const errors: unknown[] = [];
    const info = () => Promise.reject(new Error("secret"));
    const base = await serve(t, { onError: (error) => errors.push(error) }, { ...source, info });
    const response = await fetch(`${base}/actuator/info`);
    assert.deepEqual([response.status, await response.text(), errors.length], [500, "", 1]);
  });
});
