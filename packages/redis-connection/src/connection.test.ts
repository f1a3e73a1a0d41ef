import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { eventually, testCall } from "@layotto/sidecar-kit/testing";
import { z } from "zod";
import { RedisConnection, type ConnectionOptions } from "./connection.ts";
import { redisShape } from "./metadata.ts";
import { redisTarget } from "./target.ts";
import { rawClient, redisContext, redisServer, withoutRedis } from "./testing/index.ts";
import type { RawClient, RedisServer } from "./testing/index.ts";

const UNAVAILABLE = { reason: "BACKEND_UNAVAILABLE" };
const TIMEOUT = { reason: "BACKEND_TIMEOUT" };
/** Shorter than what the tests block for, and enough for a call on a busy machine. */
const CALL_MS = 1000;

describe("RedisConnection", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let raw: RawClient;
  before(async () => {
    server = await redisServer();
    raw = rawClient(server);
  });
  after(async () => {
    raw.disconnect();
    await server.end();
  });

  it("with blockMs: a call lasts as long as its command blocks, whatever the target's timeout", async (t) => {
    // Beyond the call timeout and what is granted to a silent peer on top of it.
    const connection = await open(t, { blockMs: 3500 });
    assert.equal(await connection.call(testCall(), (client) => client.blpop("none", 3)), null);
    const pop = connection.call(testCall(), (client) => client.blpop("list", 0));
    await blocked();
    await raw.rpush("list", "v");
    assert.deepEqual(await pop, ["list", "v"]);
  });

  it("with blockMs: deadline and callTimeoutMs end a call all the same", async (t) => {
    const endless = await open(t, { blockMs: Infinity });
    const late = endless.call(testCall(Date.now() + 50), (client) => client.blpop("none", 0));
    await assert.rejects(late, TIMEOUT);
    const short = await open(t, { blockMs: Infinity, callTimeoutMs: 50 });
    await assert.rejects(
      short.call(testCall(), (client) => client.blpop("none", 0)),
      TIMEOUT,
    );
  });

  it("close ends a command that blocks, with UNAVAILABLE", async (t) => {
    const connection = await open(t, { blockMs: Infinity });
    const pop = connection.call(testCall(), (client) => client.blpop("none", 0));
    const ended = assert.rejects(pop, UNAVAILABLE);
    await blocked();
    await connection.close();
    await ended;
    await eventually("the server to notice", async () => (await countBlocked()) === 0);
  });

  it("a script answers with text, or with bytes under its name and Buffer", async (t) => {
    const target = redisTarget(z.strictObject(redisShape).parse({ redisHost: server.address }));
    const scripts = { echo: { lua: "return ARGV[1]", numberOfKeys: 0 } };
    const connection = await RedisConnection.open(target, scripts, redisContext);
    t.after(() => connection.close());
    const bytes = Buffer.from([0xff, 0x00]);
    const call = connection.call(testCall(), (client) => client.echoBuffer(bytes));
    assert.deepEqual(await call, bytes);
    assert.equal(await connection.call(testCall(), (client) => client.echo("é")), "é");
  });

  it("whenReady resolves at once, or when the connection has come back", async (t) => {
    const connection = await open(t);
    await connection.whenReady(testCall().signal);
    await server.kill();
    await eventually("the loss", () => connection.client.status !== "ready");
    const back = connection.whenReady(testCall().signal);
    await server.restart();
    await back;
    assert.equal(await connection.call(testCall(), (client) => client.ping()), "PONG");
  });

  it("whenReady rejects when its signal is aborted, and after close", async (t) => {
    const connection = await open(t);
    await server.kill();
    t.after(() => server.restart());
    await eventually("the loss", () => connection.client.status !== "ready");
    const stop = new AbortController();
    const stopped = connection.whenReady(stop.signal);
    stop.abort(new Error("enough"));
    await assert.rejects(stopped, /enough/);
    const closed = connection.whenReady(testCall().signal);
    const ended = assert.rejects(closed, UNAVAILABLE);
    await connection.close();
    await ended;
    await assert.rejects(connection.whenReady(testCall().signal), UNAVAILABLE);
  });

  async function open(t: TestContext, options?: ConnectionOptions): Promise<RedisConnection> {
    const metadata = { redisHost: server.address, readTimeout: `${CALL_MS}ms` };
    const target = redisTarget(z.strictObject(redisShape).parse(metadata));
    const connection = await RedisConnection.open(target, {}, redisContext, options);
    t.after(() => connection.close());
    return connection;
  }

  /** Until a client blocks. */
  async function blocked(): Promise<void> {
    await eventually("a blocked client", async () => (await countBlocked()) > 0);
  }

  async function countBlocked(): Promise<number> {
    return Number(/blocked_clients:(\d+)/.exec(await raw.info("clients"))?.[1]);
  }
});
