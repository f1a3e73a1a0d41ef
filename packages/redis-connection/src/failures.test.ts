import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { freeze, realWait, TcpProxy, testCall } from "@layotto/sidecar-kit/testing";
import { z } from "zod";
import { RedisConnection } from "./connection.ts";
import { redisShape } from "./metadata.ts";
import { redisTarget } from "./target.ts";
import { redisContext, redisServer, withoutRedis, type RedisServer } from "./testing/index.ts";

const UNAVAILABLE = { reason: "BACKEND_UNAVAILABLE" };
const TIMEOUT = { reason: "BACKEND_TIMEOUT" };
const PATIENT_MS = 10_000;

describe("RedisConnection in trouble", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let connection: RedisConnection;
  beforeEach(async () => {
    server = await redisServer();
    proxy = await TcpProxy.start(server.port);
    connection = await open(proxy.address, { readTimeout: "1s" });
    await set("v");
  });
  afterEach(async () => {
    await connection.close();
    await proxy.close();
    await server.end();
  });

  it("server killed: calls fail at once with UNAVAILABLE; restarted: they work again by themselves", async () => {
    await bePatient();
    await server.kill();
    await fails(UNAVAILABLE, PATIENT_MS / 2);
    await fails(UNAVAILABLE, PATIENT_MS / 2);
    await server.restart();
    await recovers();
    await set("again");
    assert.equal(await get(), "again");
  });

  it("connection cut while a call is under way: UNAVAILABLE, then it recovers", async () => {
    proxy.stall();
    const call = set("w");
    await realWait(20);
    proxy.cut();
    await assert.rejects(call, UNAVAILABLE);
    proxy.resume();
    await recovers();
  });

  it("stalled peer: the call ends by its deadline", async () => {
    await bePatient();
    proxy.stall();
    await fails(TIMEOUT, PATIENT_MS / 2, Date.now() + 100);
    proxy.resume();
    await recovers();
  });

  it("stalled peer and no deadline: the call ends by the component's timeout, and a dead connection is replaced", async () => {
    proxy.stall();
    await fails(TIMEOUT, PATIENT_MS / 2);
    await realWait(1700);
    proxy.resume();
    await recovers();
  });

  it("slow server: calls end by their deadline and what was late does no harm", async () => {
    await bePatient();
    await freeze(server.process.pid ?? assert.fail("no process"));
    await Promise.all([1, 2, 3].map(() => fails(TIMEOUT, PATIENT_MS / 2, Date.now() + 150)));
    const late = set("late", Date.now() + 100);
    await assert.rejects(late, TIMEOUT);
    server.process.kill("SIGCONT");
    await recovers();
    await set("w");
    assert.equal(await get(), "w");
  });

  it("nothing there at start: open rejects with UNAVAILABLE", async () => {
    await server.kill();
    await assert.rejects(open(server.address), UNAVAILABLE);
    await server.restart();
    const late = await open(server.address);
    assert.equal(await late.call(testCall(), (client) => client.get("k")), null);
    await late.close();
  });

  function get(deadlineMs?: number): Promise<string | null> {
    return connection.call(testCall(deadlineMs), (client) => client.get("k"));
  }

  function set(value: string, deadlineMs?: number): Promise<string> {
    return connection.call(testCall(deadlineMs), (client) => client.set("k", value));
  }

  /** From now on a call without a deadline lasts far longer than one that fails on a slow machine. */
  async function bePatient(): Promise<void> {
    await connection.close();
    connection = await open(proxy.address, { readTimeout: `${PATIENT_MS}ms` });
    await set("v");
  }

  /** A call fails in this way within so many milliseconds. */
  async function fails(
    how: { reason: string },
    withinMs: number,
    deadlineMs?: number,
  ): Promise<void> {
    const startedAt = performance.now();
    await assert.rejects(get(deadlineMs), how);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs <= withinMs, `took ${tookMs} ms`);
  }

  /** Calls work again, soon where the machine is not busy. */
  async function recovers(): Promise<void> {
    const until = Date.now() + 15_000;
    for (;;) {
      try {
        await get(Date.now() + 500);
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
        await realWait(20);
      }
    }
  }
});

function open(redisHost: string, more: object = {}): Promise<RedisConnection> {
  const metadata = z.strictObject(redisShape).parse({ redisHost, ...more });
  return RedisConnection.open(redisTarget(metadata), {}, redisContext);
}
