import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { SetRequest } from "../state/component.ts";
import type { RedisState } from "../state/components/redis/redis.ts";
import { testCall } from "../testing/call.ts";
import { openRedisState, redisServer, withoutRedis, type RedisServer } from "../testing/redis.ts";
import { TcpProxy } from "../testing/tcp-proxy.ts";
import { realWait } from "../testing/temporary.ts";

const UNAVAILABLE = { reason: "BACKEND_UNAVAILABLE" };
const TIMEOUT = { reason: "BACKEND_TIMEOUT" };

describe("RedisConnection in trouble", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let store: RedisState;
  beforeEach(async () => {
    server = await redisServer();
    proxy = await TcpProxy.start(server.port);
    store = await openRedisState(proxy.address, { readTimeout: "1s" });
    await store.set(write("k", "v"), testCall());
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
    await server.end();
  });

  it("server killed: calls fail at once with UNAVAILABLE; restarted: they work again by themselves", async () => {
    await server.kill();
    await fails(UNAVAILABLE, 500);
    await fails(UNAVAILABLE, 500);
    await server.restart();
    await recovers();
    await store.set(write("k", "again"), testCall());
    assert.equal((await store.get("k", testCall()))?.etag, "1");
  });

  it("connection cut while a call is under way: UNAVAILABLE, then it recovers", async () => {
    proxy.stall();
    const call = store.set(write("k", "w"), testCall());
    await realWait(20);
    proxy.cut();
    await assert.rejects(call, UNAVAILABLE);
    proxy.resume();
    await recovers();
  });

  it("stalled peer: the call ends by its deadline", async () => {
    proxy.stall();
    await fails(TIMEOUT, 250, Date.now() + 100);
    proxy.resume();
    await recovers();
  });

  it("stalled peer and no deadline: the call ends by the component's timeout, and a dead connection is replaced", async () => {
    proxy.stall();
    await fails(TIMEOUT, 1300);
    await realWait(1700);
    proxy.resume();
    await recovers();
  });

  it("slow server: calls end by their deadline and what was late does no harm", async () => {
    server.process.kill("SIGSTOP");
    await Promise.all([1, 2, 3].map(() => fails(TIMEOUT, 350, Date.now() + 150)));
    const late = store.set(write("k", "late"), testCall(Date.now() + 100));
    await assert.rejects(late, TIMEOUT);
    server.process.kill("SIGCONT");
    await recovers();
    await store.set(write("k", "w"), testCall());
    assert.equal(Buffer.from((await store.get("k", testCall()))?.data ?? "").toString(), "w");
  });

  it("nothing there at start: open rejects with UNAVAILABLE", async () => {
    await server.kill();
    await assert.rejects(openRedisState(server.address), UNAVAILABLE);
    await server.restart();
    const late = await openRedisState(server.address);
    assert.equal(await late.get("k", testCall()), undefined);
    await late.close();
  });

  /** A call fails in this way within so many milliseconds. */
  async function fails(
    how: { reason: string },
    withinMs: number,
    deadlineMs?: number,
  ): Promise<void> {
    const startedAt = performance.now();
    await assert.rejects(store.get("k", testCall(deadlineMs)), how);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs <= withinMs, `took ${tookMs} ms`);
  }

  /** Calls work again within 3 s. */
  async function recovers(): Promise<void> {
    const until = Date.now() + 3000;
    for (;;) {
      try {
        await store.get("k", testCall(Date.now() + 500));
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
        await realWait(20);
      }
    }
  }
});

function write(key: string, value: string): SetRequest {
  const plain = { etag: undefined, concurrency: "", consistency: "", metadata: {} } as const;
  return { key, value: Buffer.from(value), ...plain };
}
