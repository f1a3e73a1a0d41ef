import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  rawClient,
  redisServer,
  withoutRedis,
  type RawClient,
  type RedisServer,
} from "@layotto/redis-connection/testing";
import { eventually, freeze, realWait, testCall } from "@layotto/sidecar-kit/testing";
import { openRedisState } from "../../../testing/redis.ts";
import type { SetRequest } from "../../component.ts";
import { stateConformance } from "../../conformance.ts";
import type { RedisState } from "./redis.ts";

stateConformance(
  "redis",
  async () => {
    const server = await redisServer();
    return {
      open: () => openRedisState(server.address),
      advance: realWait,
      close: () => server.end(),
    };
  },
  { skip: withoutRedis },
);

describe("RedisState", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let store: RedisState;
  let raw: RawClient;
  before(async () => {
    server = await redisServer();
    store = await openRedisState(server.address);
    raw = rawClient(server);
  });
  after(async () => {
    raw.disconnect();
    await store.close();
    await server.end();
  });

  it("reads what Layotto wrote and goes on with its version", async () => {
    await raw.hset("theirs", { data: "hello", version: "7" });
    assert.deepEqual(await read("theirs"), ["hello", "7"]);
    await store.set(write("theirs", "next", { etag: "7" }), testCall());
    assert.deepEqual(await raw.hgetall("theirs"), { data: "next", version: "8" });
  });

  it("honours the first-write mark that Layotto set", async () => {
    await raw.hset("marked", { data: "1", version: "1", "first-write": "0" });
    const late = store.set(write("marked", "2"), testCall());
    await assert.rejects(late, { reason: "FIRST_WRITE_CONFLICT" });
  });

  it("writes a hash of data and version, and the first-write mark, as Layotto does", async () => {
    await store.set(write("ours", "v", { metadata: { ttlInSeconds: "100" } }), testCall());
    assert.deepEqual(await raw.hgetall("ours"), { data: "v", version: "1" });
    assert.ok((await raw.ttl("ours")) > 90);
    await store.set(write("ours", "w", { concurrency: "first-write" }), testCall());
    assert.deepEqual(await raw.hgetall("ours"), { data: "w", version: "2", "first-write": "0" });
  });

  it("Layotto's conditional write succeeds with our etag and fails with an older one", async () => {
    await store.set(write("both", "v1"), testCall());
    const etag = (await read("both"))?.[1] ?? "";
    assert.equal(await raw.eval(LAYOTTO_STYLE_SET, 1, "both", etag, "theirs"), 2);
    assert.equal(await raw.eval(LAYOTTO_STYLE_SET, 1, "both", etag, "theirs"), null);
    await assert.rejects(store.set(write("both", "x", { etag }), testCall()), {
      reason: "ETAG_MISMATCH",
    });
    assert.deepEqual(await read("both"), ["theirs", "2"]);
  });

  it("reads a plain string without an etag and replaces it on write, also in a transaction", async () => {
    await raw.set("book1", "100");
    assert.deepEqual(await read("book1"), ["100", ""]);
    await store.set(write("book1", "99"), testCall());
    assert.deepEqual(await raw.hgetall("book1"), { data: "99", version: "1" });
    await raw.set("book2", "100");
    await store.transact([{ type: "upsert", request: write("book2", "98") }], testCall());
    assert.deepEqual(await read("book2"), ["98", "1"]);
    await raw.set("book3", "100");
    await store.delete(write("book3", "", { etag: "5" }), testCall());
    assert.equal(await raw.exists("book3"), 0);
  });

  it("ttlInSeconds of the component holds where an item names none", async () => {
    const short = await openRedisState(server.address, { ttlInSeconds: "50" });
    await short.set(write("t1", "v"), testCall());
    await short.set(write("t2", "v", { metadata: { ttlInSeconds: "-1" } }), testCall());
    assert.ok((await raw.ttl("t1")) > 40);
    assert.equal(await raw.ttl("t2"), -1);
    await short.close();
  });

  it("does not send a call whose deadline has passed", async () => {
    const before = await commandsProcessed();
    const late = store.set(write("late", "v"), testCall(Date.now() - 1));
    await assert.rejects(late, { reason: "BACKEND_TIMEOUT" });
    assert.equal(await raw.exists("late"), 0);
    assert.ok((await commandsProcessed()) - before <= 2);
  });

  it("strong writes wait for a replica, and stall no other call while they do", async () => {
    // It begins to copy after 5 s: a master waits for further replicas.
    const replica = await redisServer("--replicaof", server.host, `${server.port}`);
    const isCopying = async () => (await raw.info("replication")).includes("state=online");
    await eventually("the replica", isCopying, 30_000);
    const paused = rawClient(replica);
    await store.set(write("s", "1", { consistency: "strong" }), testCall());
    assert.equal(await paused.hget("s", "data"), "1");
    await paused.config("SET", "busy-reply-threshold", "60000").catch(() => undefined);
    await freeze(replica.process.pid ?? assert.fail("no process"));
    const startedAt = performance.now();
    let isWaiting = true;
    const strong = store.set(write("s", "2", { consistency: "strong" }), testCall());
    const ended = Promise.resolve(strong).finally(() => (isWaiting = false));
    await store.set(write("other", "v"), testCall());
    assert.ok(isWaiting, "the other call waited for the strong one");
    await ended;
    const strongMs = performance.now() - startedAt;
    assert.ok(strongMs >= 900, `${strongMs} ms`);
    replica.process.kill("SIGCONT");
    paused.disconnect();
    await replica.end();
  });

  async function read(key: string): Promise<[string, string] | undefined> {
    const found = await store.get(key, testCall());
    return found && [Buffer.from(found.data).toString(), found.etag];
  }

  async function commandsProcessed(): Promise<number> {
    const info = await raw.info("stats");
    return Number(/total_commands_processed:(\d+)/.exec(info)?.[1]);
  }
});

/** A conditional write over the same layout, in other words than ours: what another runtime would send. */
const LAYOTTO_STYLE_SET = `
local found = redis.pcall("HGET", KEYS[1], "version")
if found and found ~= "" and found ~= ARGV[1] and not (ARGV[1] == "0" and not redis.call("HGET", KEYS[1], "first-write")) then
  return nil
end
redis.call("HSET", KEYS[1], "data", ARGV[2])
return redis.call("HINCRBY", KEYS[1], "version", 1)`;

function write(key: string, value: string, more: Partial<SetRequest> = {}): SetRequest {
  const plain = { etag: undefined, concurrency: "", consistency: "", metadata: {} } as const;
  return { key, value: Buffer.from(value), ...plain, ...more };
}
