import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { redisCluster, redisSentinel, withoutRedis } from "@layotto/redis-connection/testing";
import { eventually, testCall } from "@layotto/sidecar-kit/testing";
import { openRedisState } from "../../../testing/redis.ts";
import type { SetRequest, StateStore } from "../../component.ts";

describe("RedisState in a cluster", { skip: withoutRedis }, () => {
  it("finds each key's node; a transaction needs keys of one slot", async (t) => {
    const cluster = await redisCluster();
    t.after(() => cluster.end());
    const store = await openRedisState(cluster.address, { redisType: "cluster" });
    t.after(() => store.close());
    for (let i = 0; i < 50; i++) await store.set(write(`k${i}`, `${i}`), testCall());
    for (let i = 0; i < 50; i++) assert.equal(await read(store, `k${i}`), `${i}`);
    await store.set(write("k1", "next", { etag: "1", consistency: "strong" }), testCall());
    await assert.rejects(store.delete(write("k1", "", { etag: "1" }), testCall()), {
      reason: "ETAG_MISMATCH",
    });
    const upsert = (key: string) => ({ type: "upsert", request: write(key, "t") }) as const;
    await store.transact([upsert("{a}1"), upsert("{a}2")], testCall());
    assert.equal(await read(store, "{a}2"), "t");
    await assert.rejects(store.transact([upsert("a"), upsert("b")], testCall()), {
      reason: "BACKEND_REFUSED",
    });
  });
});

describe("RedisState by sentinel", { skip: withoutRedis }, () => {
  it("finds the master, and the new one after a failover", async (t) => {
    const sentinel = await redisSentinel();
    t.after(() => sentinel.end());
    const metadata = { failover: "true", sentinelMasterName: "m", readTimeout: "1s" };
    const store = await openRedisState(sentinel.address, metadata);
    t.after(() => store.close());
    await store.set(write("k", "1", { consistency: "strong" }), testCall());
    await sentinel.master.kill();
    await eventually(
      "the new master",
      async () => {
        try {
          await store.set(write("k", "2"), testCall(Date.now() + 500));
          return true;
        } catch {
          return false;
        }
      },
      15_000,
    );
    assert.equal(await read(store, "k"), "2");
  });
});

async function read(store: StateStore, key: string): Promise<string | undefined> {
  const found = await store.get(key, testCall());
  return found && Buffer.from(found.data).toString();
}

function write(key: string, value: string, more: Partial<SetRequest> = {}): SetRequest {
  const plain = { etag: undefined, concurrency: "", consistency: "", metadata: {} } as const;
  return { key, value: Buffer.from(value), ...plain, ...more };
}
