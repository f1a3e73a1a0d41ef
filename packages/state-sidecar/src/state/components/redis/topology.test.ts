import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  rawClient,
  redisServer,
  withoutRedis,
  type RedisServer,
} from "@layotto/redis-connection/testing";
import { realWait, startServer, temporaryDirectory, testCall } from "@layotto/sidecar-kit/testing";
import { openRedisState } from "../../../testing/redis.ts";
import type { SetRequest, StateStore } from "../../component.ts";

describe("RedisState in a cluster", { skip: withoutRedis }, () => {
  it("finds each key's node; a transaction needs keys of one slot", async (t) => {
    const nodes = [await clusterNode(), await clusterNode()] as const;
    t.after(() => Promise.all(nodes.map((node) => node.end())));
    await join2(nodes);
    const store = await openRedisState(nodes[0].address, { redisType: "cluster" });
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
    const master = await redisServer();
    const replica = await redisServer("--replicaof", master.host, `${master.port}`);
    const sentinel = await startSentinel(master);
    t.after(() => Promise.all([master.end(), replica.end(), sentinel.end()]));
    const raw = rawClient(sentinel);
    t.after(() => raw.disconnect());
    await until(async () => {
      const replicas = await raw.call("SENTINEL", "REPLICAS", "m");
      return Array.isArray(replicas) && replicas.length === 1;
    });
    const metadata = { failover: "true", sentinelMasterName: "m", readTimeout: "1s" };
    const store = await openRedisState(sentinel.address, metadata);
    t.after(() => store.close());
    await store.set(write("k", "1", { consistency: "strong" }), testCall());
    await master.kill();
    await until(async () => {
      try {
        await store.set(write("k", "2"), testCall(Date.now() + 500));
        return true;
      } catch {
        return false;
      }
    });
    assert.equal(await read(store, "k"), "2");
  });
});

function clusterNode(): Promise<RedisServer> {
  return redisServer("--cluster-enabled", "yes", "--cluster-node-timeout", "2000");
}

/** Makes a cluster of two nodes with half of the slots each. */
async function join2([a, b]: readonly [RedisServer, RedisServer]): Promise<void> {
  const [rawA, rawB] = [a, b].map((node) => rawClient(node));
  assert.ok(rawA !== undefined && rawB !== undefined);
  await rawA.call("CLUSTER", "ADDSLOTSRANGE", 0, 8191);
  await rawB.call("CLUSTER", "ADDSLOTSRANGE", 8192, 16383);
  await rawA.call("CLUSTER", "MEET", b.host, b.port);
  for (const raw of [rawA, rawB]) {
    await until(async () => {
      const info = String(await raw.call("CLUSTER", "INFO"));
      return info.includes("cluster_state:ok") && info.includes("cluster_slots_assigned:16384");
    });
    raw.disconnect();
  }
}

async function startSentinel(master: RedisServer) {
  const directory = temporaryDirectory();
  const file = join(directory.path, "sentinel.conf");
  const watch = [
    `sentinel monitor m ${master.host} ${master.port} 1`,
    "sentinel down-after-milliseconds m 500",
    "sentinel failover-timeout m 2000",
  ];
  writeFileSync(file, watch.join("\n"));
  const args = (port: number) => [file, "--sentinel", "--port", `${port}`, "--bind", "127.0.0.1"];
  const server = await startServer({ program: "redis-server", cwd: directory.path, args });
  const end = async (): Promise<void> => {
    await server.stop();
    directory.remove();
  };
  return { host: server.host, port: server.port, address: server.address, end };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await holds()) return;
    await realWait(50);
  }
  throw new Error("it never came true");
}

async function read(store: StateStore, key: string): Promise<string | undefined> {
  const found = await store.get(key, testCall());
  return found && Buffer.from(found.data).toString();
}

function write(key: string, value: string, more: Partial<SetRequest> = {}): SetRequest {
  const plain = { etag: undefined, concurrency: "", consistency: "", metadata: {} } as const;
  return { key, value: Buffer.from(value), ...plain, ...more };
}
