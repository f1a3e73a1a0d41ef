import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, skipWithout, startRedis } from "@layotto/sidecar-kit/testing";
import { runtime } from "./harness/calls.ts";
import { embedded, hellos, onRedis, stateSections } from "./harness/configs.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { Scope, scopeOf } from "./harness/scope.ts";

/** Layotto's shape of one indicator. */
interface Entry {
  status: "UP" | "DOWN" | "INIT";
  details?: { reason: string };
}
interface Health {
  components: Record<string, Entry>;
  upstreams?: Record<string, Entry>;
  status: string;
}

async function health(layotto: Layotto, probe: string): Promise<{ code: number; body: Health }> {
  const answer = await fetch(`${layotto.actuator}/actuator/health/${probe}`);
  assert.equal(answer.headers.get("content-type"), "application/json");
  return { code: answer.status, body: (await answer.json()) as Health };
}

describe("actuator of a whole runtime", () => {
  const scope = new Scope();
  let layotto: Layotto;
  before(async () => {
    const config = { ...embedded(), lock: stateSections("in-memory").lock };
    layotto = scope.use(await startLayotto({ config }));
    await eventually("readiness", async () => (await health(layotto, "readiness")).code === 200);
  });
  after(() => scope.close());

  it("liveness is UP with runtime_startup", async () => {
    const { code, body } = await health(layotto, "liveness");
    assert.equal(code, 200);
    assert.deepEqual(body, {
      components: { runtime_startup: { status: "UP", details: { reason: "" } } },
      status: "UP",
    });
  });

  it("readiness lists runtime_startup, indicators of configured types and upstreams", async () => {
    const { body } = await health(layotto, "readiness");
    assert.equal(body.status, "UP");
    assert.deepEqual(body.components["runtime_startup"], { status: "UP", details: { reason: "" } });
    assert.equal(body.components["lock-memory"]?.status, "UP");
    assert.deepEqual(Object.keys(body.upstreams ?? {}).sort(), ["hello", "state"]);
  });

  it("info has Layotto's app and what runs", async () => {
    const answer = await fetch(`${layotto.actuator}/actuator/info`);
    assert.equal(answer.status, 200);
    const body = (await answer.json()) as {
      app: Record<string, string>;
      components: { section: string; name: string; type: string }[];
      upstreams: Record<string, unknown>;
    };
    assert.equal(body.app["name"], "Layotto");
    assert.match(body.app["version"] ?? "", /^\d+\.\d+\.\d+/);
    assert.ok(Date.parse(body.app["compiled"] ?? "") > 0);
    const named = body.components.map(({ section, name, type }) => `${section}/${name}: ${type}`);
    assert.deepEqual(named.sort(), [
      "hellos/helloworld: helloworld",
      "lock/lock_demo: in-memory",
      "sequencer/sequencer_demo: embedded",
      "state/state_demo: embedded",
    ]);
    assert.deepEqual(Object.keys(body.upstreams).sort(), ["hello", "state"]);
  });

  it("metrics count calls by method and code in Prometheus form", async () => {
    const api = runtime(layotto.client());
    await api.sayHello({ serviceName: "helloworld" });
    await api.sayHello({ serviceName: "nobody" }).catch(() => undefined);
    const answer = await fetch(`${layotto.actuator}/actuator/metrics`);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    const hello = text.split("\n").filter((line) => line.includes("SayHello"));
    assert.ok(
      hello.some((line) => /code="(OK|0)"/.test(line) && line.endsWith(" 1")),
      text,
    );
    assert.ok(
      hello.some((line) => /code="(INVALID_ARGUMENT|3)"/.test(line) && line.endsWith(" 1")),
    );
    assert.match(text, /^# TYPE \w+ histogram$/m);
    for (const name of ["gateway", "hello", "state"]) assert.match(text, new RegExp(`"${name}"`));
  });

  it("logger changes levels, also of what nobody knows, and refuses what is no JSON", async () => {
    const post = (body: string) =>
      fetch(`${layotto.actuator}/actuator/logger`, { method: "POST", body });
    const answer = await post(JSON.stringify({ component: "configstore/apollo", level: "DEBUG" }));
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {});
    assert.ok((await post("{")).status >= 400);
  });

  it("answers 404 for everything else", async () => {
    for (const path of ["/", "/actuator", "/actuator/nothing", "/metrics"])
      assert.equal((await fetch(`${layotto.actuator}${path}`)).status, 404, path);
  });
});

it("readiness is 503 while a sidecar is gone, and liveness stays 200", async (t) => {
  const layotto = scopeOf(t).use(await startLayotto({ config: { hellos } }));
  await eventually("readiness", async () => (await health(layotto, "readiness")).code === 200);
  const pid = await layotto.pidOf("hello");
  process.kill(pid, "SIGSTOP");
  process.kill(pid, "SIGKILL");
  const { body } = await eventually("503", async () => {
    const found = await health(layotto, "readiness");
    return found.code === 503 ? found : undefined;
  });
  assert.equal(body.status, "DOWN");
  assert.equal(body.upstreams?.["hello"]?.status, "DOWN");
  assert.equal((await health(layotto, "liveness")).code, 200);
  await eventually("recovery", async () => (await health(layotto, "readiness")).code === 200);
});

const noRedis = skipWithout("redis-server");
it(
  "a back end that is not there is INIT with the reason, and comes up by itself",
  { skip: noRedis },
  async (t) => {
    const scope = scopeOf(t);
    const redis = await startRedis(scope.folder());
    scope.defer(() => redis.stop());
    await redis.kill();
    const layotto = scope.use(await startLayotto({ config: onRedis(redis.address) }));
    const { body } = await eventually("INIT", async () => {
      const found = await health(layotto, "readiness");
      // Before the gateway has reached the sidecar there is another reason.
      return found.body.components["lock-redis-standalone"] === undefined ? undefined : found;
    });
    assert.equal(body.status, "INIT");
    const entries = [body.upstreams?.["state"], body.components["lock-redis-standalone"]];
    for (const entry of entries) {
      assert.equal(entry?.status, "INIT");
      assert.match(entry?.details?.reason ?? "", new RegExp(`ECONNREFUSED.*${redis.port}`));
    }
    assert.equal((await layotto.process("state")).health, "INIT");
    await redis.restart();
    await eventually("UP", async () => (await health(layotto, "readiness")).code === 200, 30_000);
    const api = runtime(layotto.client());
    const id = await api.getNextId({ storeName: "sequencer_demo", key: "k" });
    assert.equal(BigInt(id.nextId), 1n);
  },
);
