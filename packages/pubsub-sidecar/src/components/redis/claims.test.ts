import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  rawClient,
  redisServer,
  withoutRedis,
  type RawClient,
  type RedisServer,
} from "@layotto/redis-connection/testing";
import { eventually, firstLine, realWait, startScript } from "@layotto/sidecar-kit/testing";
import { Recorder } from "../../testing/recorder.ts";
import { subscribeRequest } from "../../testing/requests.ts";
import { releasedConsumer } from "./consumer-name.ts";
import type { RedisPubSub } from "./redis.ts";
import { openRedis } from "./testing/open.ts";

describe("RedisSubscription takes over", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let raw: RawClient;
  let pubsub: RedisPubSub;
  before(async () => {
    server = await redisServer();
    raw = rawClient(server);
    pubsub = await openRedis(server.address, { processingTimeout: 600, redeliverInterval: 200 });
  });
  after(async () => {
    raw.disconnect();
    await pubsub.close();
    await server.end();
  });

  it("what a killed process of this machine held, at once, and removes its consumer", async () => {
    const patient = await openRedis(server.address);
    await raw.xadd("dead", "*", "data", "1");
    const other = startScript(import.meta.url, "./testing/process", "hold", server.address, "dead");
    assert.equal(await firstLine(other), "1");
    const sub = await subscribe("dead", patient);
    await realWait(100);
    assert.equal(sub.recorder.received.length, 0);
    await other.kill();
    const [{ text, delivery } = assert.fail()] = await sub.recorder.take(1);
    assert.deepEqual([text, delivery.redelivered], ["1", 1]);
    await eventually("the consumer to go", async () => (await consumersOf("dead")).length === 1);
    await sub.close();
    await patient.close();
  });

  it("what somebody has held for the processing timeout, not earlier", async () => {
    await raw.xgroup("CREATE", "idle", "g", "0", "MKSTREAM");
    await raw.xadd("idle", "*", "data", "1");
    const startedAt = performance.now();
    await raw.xreadgroup("GROUP", "g", "g", "STREAMS", "idle", ">");
    const sub = await subscribe("idle");
    const [{ delivery } = assert.fail()] = await sub.recorder.take(1);
    assert.ok(performance.now() - startedAt >= 600);
    assert.equal(delivery.redelivered, 1);
    await sub.close();
  });

  it("more than fits at once of what was given back, piece by piece", async () => {
    await raw.xgroup("CREATE", "many", "g", "0", "MKSTREAM");
    for (let i = 0; i < 350; i++) await raw.xadd("many", "*", "data", `${i}`);
    await raw.xreadgroup("GROUP", "g", releasedConsumer("g"), "STREAMS", "many", ">");
    const sub = await subscribe("many", pubsub, 30);
    sub.recorder.ackAll();
    await sub.recorder.take(350);
    assert.deepEqual(sub.recorder.faults, []);
    await sub.close();
  });

  it("nothing that is being worked on, however long, and keeping it is no delivery", async (t) => {
    // Every third of the time says that work goes on: this process may stand still for a second.
    const times = { processingTimeout: 2000, redeliverInterval: 200 };
    const patient = await openRedis(server.address, times);
    t.after(() => patient.close());
    await raw.xadd("long", "*", "data", "1");
    const holder = await subscribe("long", patient);
    const [item = assert.fail()] = await holder.recorder.take(1);
    const other = await subscribe("long", patient);
    await realWait(4500);
    assert.equal(other.recorder.received.length, 0);
    const pending = (await raw.xpending("long", "g", "-", "+", 10)) as [
      string,
      string,
      ...number[],
    ][];
    assert.equal(pending[0]?.[3], 1);
    holder.recorder.ack(item);
    assert.deepEqual(holder.recorder.revoked, []);
    await holder.close();
    await other.close();
  });

  it("revokes what another consumer has taken meanwhile", async () => {
    const id = await raw.xadd("stolen", "*", "data", "1");
    const sub = await subscribe("stolen");
    await sub.recorder.take(1);
    await raw.xclaim("stolen", "g", "g", 0, String(id));
    await sub.recorder.until("a revocation", () => sub.recorder.revoked.length === 1);
    await sub.close();
    assert.deepEqual(sub.recorder.faults, []);
  });

  it("pause gives back what waits and what comes late; resume takes it again", async () => {
    const sub = await subscribe("paused");
    await raw.xadd("paused", "*", "data", "1");
    const [item = assert.fail()] = await sub.recorder.take(1);
    sub.subscription.pause();
    sub.recorder.release(item);
    await raw.xadd("paused", "*", "data", "2");
    await eventually("it to be given back", async () => {
      const rows = await consumersOf("paused");
      return rows.some(([, name, , pending]) => name === "g@released" && Number(pending) >= 1);
    });
    sub.subscription.resume();
    const texts = (await sub.recorder.take(2)).map(({ text }) => text);
    assert.deepEqual(texts.sort(), ["1", "2"]);
    await sub.close();
  });

  async function subscribe(topic: string, by = pubsub, prefetch = 100) {
    const recorder = new Recorder({ prefetch });
    const subscription = await by.subscribe(subscribeRequest(topic, "g", { prefetch }), recorder);
    return { recorder, subscription, close: () => subscription.close() };
  }

  async function consumersOf(topic: string): Promise<(string | number)[][]> {
    return (await raw.xinfo("CONSUMERS", topic, "g")) as (string | number)[][];
  }
});
