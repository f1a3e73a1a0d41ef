/**
 * Layotto's demos as acceptance cases, call by call, on its own configuration files.
 *
 * Source: demo/state/common, demo/lock/common, demo/sequencer/common, demo/uds and the lifecycle quick start of
 * https://github.com/mosn/layotto
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { GrpcClient } from "@layotto/grpc-transport";
import { Lifecycle } from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import {
  StateOptions_StateConcurrency as Concurrency,
  StateOptions_StateConsistency as Consistency,
  UnlockResponse_Status as UnlockStatus,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { client } from "@layotto/sidecar-kit";
import { freePort, skipWithout, startRedis } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "./harness/calls.ts";
import { hellos } from "./harness/configs.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { Scope, scopeOf } from "./harness/scope.ts";
import { untilReady } from "./harness/wait.ts";

const configs = fileURLToPath(new URL("../../../config", import.meta.url));
const storeName = "state_demo";

type Api = ReturnType<typeof runtime>;

/** Starts a file of config/ with free ports instead of Layotto's. */
async function startSample(scope: Scope, file: string, redis?: string): Promise<Layotto> {
  let sample = readFileSync(join(configs, file), "utf8");
  for (const port of ["34904", "34999"]) sample = sample.replaceAll(port, String(await freePort()));
  if (redis !== undefined) sample = sample.replaceAll(/(?:localhost|127\.0\.0\.1):6379/g, redis);
  return scope.use(await startLayotto({ text: sample }));
}

const samples = [
  { file: "config_standalone.json", redis: false },
  { file: "config_redis.json", redis: true },
];

for (const { file, redis } of samples) {
  describe(`demos on ${file}`, { skip: redis && skipWithout("redis-server") }, () => {
    const scope = new Scope();
    let layotto: Layotto;
    let api: Api;
    before(async () => {
      const server = redis ? await startRedis(scope.folder()) : undefined;
      if (server !== undefined) scope.defer(() => server.stop());
      layotto = await startSample(scope, file, server?.address);
      api = runtime(layotto.client());
    });
    after(() => scope.close());

    it("state: save, get, save bulk, get bulk, delete", () => stateDemo(api, redis));
    it("lock: two owners", () => lockDemo(api));
    it("sequencer: ten ids", () => sequencerDemo(api));
    it("hello", async () => {
      const { hello } = await api.sayHello({ serviceName: "helloworld", name: "eva" });
      assert.equal(hello, "greeting, eva");
    });
    it("lifecycle: the greeting changes while it runs", async () => {
      const lifecycle = client(Lifecycle, layotto.client());
      const metadata = { hello: "goodbye" };
      await lifecycle.applyConfiguration({
        componentConfig: { kind: "hellos", name: "helloworld", metadata },
      });
      const { hello } = await api.sayHello({ serviceName: "helloworld", name: "eva" });
      assert.equal(hello, "goodbye, eva");
    });
    it("actuator: liveness, readiness, info, logger", () => actuatorDemo(layotto.actuator));
  });
}

async function stateDemo(api: Api, isFresh: boolean): Promise<void> {
  await api.saveState({ storeName, states: [{ key: "key1", value: bytes("hello world") }] });
  const saved = await api.getState({ storeName, key: "key1" });
  assert.equal(text(saved.data), "hello world");
  if (isFresh) assert.equal(saved.etag, "1");

  const options = {
    concurrency: Concurrency.CONCURRENCY_LAST_WRITE,
    consistency: Consistency.CONSISTENCY_STRONG,
  };
  const item = (key: string, value: string) => ({
    key,
    value: bytes(value),
    etag: { value: "2" },
    options,
    metadata: { "some-key-for-component": "some-value" },
  });
  const states = [item("key1", "hello world"), item("key2", "hello world again")];
  await api.saveState({ storeName, states });

  const keys = ["key1", "key2", "key3", "key4", "key5"];
  const { items } = await api.getBulkState({ storeName, keys, parallelism: 3 });
  const found = new Map(items.map((each) => [each.key, each]));
  assert.deepEqual([...found.keys()].sort(), keys);
  assert.equal(text(found.get("key1")?.data ?? new Uint8Array()), "hello world");
  assert.equal(text(found.get("key2")?.data ?? new Uint8Array()), "hello world again");
  for (const key of ["key3", "key4", "key5"]) assert.equal(found.get(key)?.data.length, 0);
  if (isFresh) {
    assert.equal(found.get("key1")?.etag, "2");
    assert.equal(found.get("key2")?.etag, "1");
  }
  for (const key of ["key1", "key2"]) {
    const etag = { value: found.get(key)?.etag ?? "" };
    await api.deleteState({ storeName, key, etag });
    assert.equal((await api.getState({ storeName, key })).data.length, 0);
  }
}

async function lockDemo(api: Api): Promise<void> {
  const lock = { storeName: "lock_demo", resourceId: "resource_a" };
  const [owner1, owner2] = ["owner-1", "owner-2"];
  const tryLock = async (lockOwner: string): Promise<boolean> =>
    (await api.tryLock({ ...lock, lockOwner, expire: 1000 })).success;
  const unlock = async (lockOwner: string): Promise<UnlockStatus> =>
    (await api.unlock({ ...lock, lockOwner })).status;
  assert.equal(await tryLock(owner1), true);
  assert.equal(await tryLock(owner2), false);
  assert.equal(await unlock(owner1), UnlockStatus.SUCCESS);
  assert.equal(await tryLock(owner2), true);
  assert.equal(await unlock(owner2), UnlockStatus.SUCCESS);
}

async function sequencerDemo(api: Api): Promise<void> {
  const ids: bigint[] = [];
  for (let i = 0; i < 10; i += 1)
    ids.push(BigInt((await api.getNextId({ storeName: "sequencer_demo", key: "key666" })).nextId));
  assert.deepEqual(ids, [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]);
}

async function actuatorDemo(actuator: string): Promise<void> {
  await untilReady({ actuator });
  for (const path of ["health/liveness", "health/readiness", "info"]) {
    const answer = await fetch(`${actuator}/actuator/${path}`);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get("content-type"), "application/json");
  }
  const body = JSON.stringify({ component: "lock/redis", level: "DEBUG" });
  const answer = await fetch(`${actuator}/actuator/logger`, { method: "POST", body });
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), {});
}

it("uds demo: SayHello over a unix socket", async (t) => {
  const scope = scopeOf(t);
  const path = join(scope.folder(), "proxy.sock");
  const gateway = { listen: `unix:${path}` };
  scope.use(await startLayotto({ config: { hellos, gateway } }));
  assert.ok(existsSync(path));
  const grpc = scope.use(new GrpcClient({ path }));
  const { hello } = await runtime(grpc).sayHello({ serviceName: "helloworld", name: "eva" });
  assert.equal(hello, "greeting, eva");
});
