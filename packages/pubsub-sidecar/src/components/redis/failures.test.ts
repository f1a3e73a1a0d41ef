import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  rawClient,
  redisServer,
  withoutRedis,
  type RawClient,
  type RedisServer,
} from "@layotto/redis-connection/testing";
import { createLogger } from "@layotto/sidecar-kit";
import {
  eventually,
  realWait,
  TcpProxy,
  testCall,
  testComponentContext,
} from "@layotto/sidecar-kit/testing";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import { redisMetadata } from "./metadata.ts";
import { RedisPubSub } from "./redis.ts";
import type { RedisSubscription } from "./subscription.ts";

describe("RedisPubSub in trouble", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let raw: RawClient;
  let pubsub: RedisPubSub;
  let recorder: Recorder;
  let subscription: RedisSubscription;
  let lines: { level: string; msg: string }[];
  beforeEach(async () => {
    server = await redisServer("--appendonly", "yes", "--appendfsync", "always");
    proxy = await TcpProxy.start(server.port);
    raw = rawClient(server);
    raw.on("error", () => undefined);
    lines = [];
    const write = (text: string): void => {
      for (const line of text.trimEnd().split("\n"))
        lines.push(JSON.parse(line) as { level: string; msg: string });
    };
    const logger = createLogger({ name: "test", level: "info", write });
    const settings = redisMetadata.parse({ redisHost: proxy.address, readTimeout: "1s" });
    pubsub = await RedisPubSub.open(settings, testComponentContext({ logger }));
    recorder = new Recorder({ prefetch: 100 });
    subscription = await pubsub.subscribe(subscribeRequest("t", "g"), recorder);
    await publish("first");
    recorder.ack(...(await recorder.take(1)));
    await eventually("the acknowledgement", async () => (await pending()) === 0);
  });
  afterEach(async () => {
    await pubsub.close();
    raw.disconnect();
    await proxy.close();
    await server.end();
  });

  it("killed and started again under load: nothing acknowledged is lost, one warning and one end", async () => {
    recorder.ackAll();
    const accepted = new Set<string>();
    let isOver = false;
    const publishing = (async () => {
      for (let i = 0; !isOver; i++) {
        const texts = Array.from({ length: 20 }, (_, j) => `${i}-${j}`);
        const publishOne = (text: string) =>
          publish(text).then(
            () => accepted.add(text),
            () => realWait(5),
          );
        await Promise.all(texts.map(publishOne));
      }
    })();
    for (let kills = 0; kills < 2; kills++) {
      await realWait(200);
      await server.kill();
      await server.restart();
      const before = accepted.size;
      await eventually("it to work again", () => accepted.size > before + 100);
    }
    isOver = true;
    await publishing;
    const seen = (): Set<string> => new Set(recorder.received.map(({ text }) => text));
    await recorder.until("all", () => {
      const all = seen();
      return [...accepted].every((text) => all.has(text));
    });
    const ends = (): boolean => linesOf("warn").length === linesOf("info").length;
    await eventually("the end to be told", ends);
    assert.ok(linesOf("warn").length <= 2, JSON.stringify(lines));
  });

  it("cut connections: what was on its way comes at once, and what is held can be acknowledged", async () => {
    await publish("held");
    const [held = assert.fail()] = await recorder.take(1);
    await eventually("the next read", async () => {
      return (await raw.info("clients")).includes("blocked_clients:1");
    });
    proxy.stall();
    await raw.xadd("t", "*", "data", "swallowed");
    await eventually("it to be read", async () => (await pending()) === 2);
    proxy.resume();
    proxy.cut();
    const [swallowed = assert.fail()] = await recorder.take(1);
    assert.equal(swallowed.text, "swallowed");
    recorder.ack(held, swallowed);
    await eventually("the acknowledgements", async () => (await pending()) === 0);
    assert.deepEqual(recorder.faults, []);
  });

  it("stalled connections: publish ends in time, they are replaced within seconds, and all goes on", async () => {
    proxy.stall();
    const startedAt = performance.now();
    // Which of two that begin together ends first is the same on any machine.
    const ends: string[] = [];
    const ended = async (how: string, call: Promise<string>): Promise<void> => {
      await assert.rejects(call, { reason: "BACKEND_TIMEOUT" });
      ends.push(how);
    };
    const deadlineMs = Date.now() + 200;
    await Promise.all([
      ended("by readTimeout", publish("late")),
      ended("by deadline", publish("late", deadlineMs)),
    ]);
    assert.deepEqual(ends, ["by deadline", "by readTimeout"]);
    assert.ok(performance.now() - startedAt < 5000);
    // Longer than any of the connections waits for an answer: they are replaced.
    await realWait(4000);
    assert.equal(linesOf("warn").length, 1);
    proxy.resume();
    await raw.xadd("t", "*", "data", "after");
    await recorder.until("after", () => recorder.received.some(({ text }) => text === "after"));
  });

  it("acknowledgements made while Redis is away arrive later", async () => {
    await publish("held");
    const [held = assert.fail()] = await recorder.take(1);
    await server.kill();
    recorder.ack(held);
    await assert.rejects(publish("x"), { reason: "BACKEND_UNAVAILABLE" });
    await server.restart();
    await eventually("the acknowledgement", async () => {
      return (await pending().catch(() => -1)) === 0;
    });
    assert.deepEqual(recorder.rest, []);
  });

  it("the group or everything was deleted: the group is made anew, and what was held is revoked", async () => {
    await publish("held");
    await recorder.take(1);
    await raw.xgroup("DESTROY", "t", "g");
    await recorder.until("a revocation", () => recorder.revoked.length === 1);
    const again = await recorder.take(2);
    assert.deepEqual(
      again.map(({ text }) => text),
      ["first", "held"],
    );
    await raw.flushall();
    await recorder.until("revocations", () => recorder.revoked.length === 3);
    await publish("after");
    const [after] = await recorder.take(1);
    assert.equal(after?.text, "after");
  });

  it("close ends in time while Redis is stalled", async () => {
    proxy.stall();
    const startedAt = performance.now();
    await subscription.close();
    assert.ok(performance.now() - startedAt < 20_000);
    proxy.resume();
    proxy.cut();
  });

  function publish(text: string, deadlineMs?: number): Promise<string> {
    return pubsub.publish(publishRequest("t", text), testCall(deadlineMs));
  }

  async function pending(): Promise<number> {
    const [count] = (await raw.xpending("t", "g")) as [number];
    return count;
  }

  function linesOf(level: string): { level: string; msg: string }[] {
    return lines.filter((line) => line.level === level && line.msg.startsWith("redis c"));
  }
});
