import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  clusterArgs,
  rawClient,
  redisServer,
  withoutRedis,
  type RawClient,
  type RedisServer,
} from "@layotto/redis-connection/testing";
import {
  eventually,
  firstLine,
  freePort,
  startScript,
  testCall,
} from "@layotto/sidecar-kit/testing";
import { machineLag } from "../../testing/machine-lag.ts";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import { delayKeys, topicKeys } from "./delay-keys.ts";
import { openRedis } from "./testing/open.ts";

/** Beside what the machine itself adds. */
const LATE_MS = 250;

describe("publishLater on redis", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let raw: RawClient;
  before(async () => {
    server = await redisServer("--appendonly", "yes");
    raw = rawClient(server);
    raw.on("error", () => undefined);
  });
  after(async () => {
    raw.disconnect();
    await server.end();
  });

  it("among ten thousand pending messages each is on time, once", async (t) => {
    const pubsub = await openRedis(server.address);
    t.after(() => pubsub.close());
    const later = (text: string, ms: number) =>
      pubsub.publishLater(publishRequest("crowd", text), ms, testCall());
    for (let i = 0; i < 10_000; i += 500)
      await Promise.all(Array.from({ length: 500 }, (_, j) => later(`${i + j}`, 600_000 + i + j)));
    const recorder = new Recorder({ prefetch: 100, acks: true });
    await pubsub.subscribe(subscribeRequest("crowd", "g"), recorder);
    const late: number[] = [];
    recorder.listen(() => {
      const { text } = recorder.received.at(-1) ?? assert.fail();
      late.push(Date.now() - Number(text));
    });
    const arriving = (async () => {
      for (let i = 0; i < 50; i++) {
        const ms = 1000 + i * 10;
        await later(`${Date.now() + ms}`, ms);
      }
      await recorder.take(50);
    })();
    const lagMs = await machineLag(arriving, () => raw.ping());
    const worst = Math.max(...late);
    t.diagnostic(
      `lateness: worst ${worst} ms, least ${Math.min(...late)} ms, the machine's ${lagMs} ms`,
    );
    assert.ok(worst <= LATE_MS + lagMs && Math.min(...late) >= -2, `${late}; machine: ${lagMs} ms`);
    assert.equal(await raw.zcard(topicKeys("crowd").order), 10_000);
  });

  it("the process that dispatches is killed: another takes over within a second", async (t) => {
    const other = startScript(
      import.meta.url,
      "./testing/process",
      "later",
      server.address,
      "over",
      "5",
    );
    t.after(() => other.kill());
    const published = firstLine(other);
    await eventually("a lease of its own", () => raw.get(delayKeys.lease));
    await published;
    const holder = await raw.get(delayKeys.lease);
    const pubsub = await openRedis(server.address);
    t.after(() => pubsub.close());
    const recorder = new Recorder({ prefetch: 100, acks: true });
    await pubsub.subscribe(subscribeRequest("over", "g"), recorder);
    assert.equal(await raw.get(delayKeys.lease), holder);
    await other.kill();
    const killedAt = performance.now();
    await eventually("another holder", async () => {
      const now = await raw.get(delayKeys.lease);
      return now !== null && now !== holder;
    });
    // The lease lasts for a second; the rest is for a machine that is busy with other things.
    assert.ok(performance.now() - killedAt < 4000);
    const texts = (await recorder.take(5)).map(({ text }) => text);
    assert.deepEqual(texts.sort(), ["0", "1", "2", "3", "4"]);
    assert.equal(await raw.exists(...Object.values(topicKeys("over"))), 0);
  });

  it("survives the server's restart; a closed dispatcher hands over at once", async () => {
    const one = await openRedis(server.address);
    const request = publishRequest("kept", "k", { key: "lane" });
    await one.publishLater(request, 700, testCall());
    await one.close();
    assert.equal(await raw.get(delayKeys.lease), null);
    await server.kill();
    await server.restart();
    const two = await openRedis(server.address);
    const recorder = new Recorder({ prefetch: 100, acks: true });
    await two.subscribe(subscribeRequest("kept", "g"), recorder);
    const [{ text, delivery } = assert.fail()] = await recorder.take(1);
    assert.deepEqual([text, delivery.lane], ["k", "lane"]);
    await two.close();
  });

  it("a topic whose key holds something else does not stop the others", async (t) => {
    const pubsub = await openRedis(server.address);
    t.after(() => pubsub.close());
    await raw.set("broken", "text");
    await pubsub.publishLater(publishRequest("broken", "b"), 20, testCall());
    await pubsub.publishLater(publishRequest("sound", "s"), 50, testCall());
    const recorder = new Recorder({ prefetch: 100, acks: true });
    await pubsub.subscribe(subscribeRequest("sound", "g"), recorder);
    await recorder.take(1);
    await raw.del("broken");
    await eventually("the other", () => raw.exists("broken"));
  });
});

describe("topicKeys", () => {
  it("share the hash slot of the topic", { skip: withoutRedis }, async (t) => {
    const server = await redisServer(...clusterArgs(await freePort()));
    t.after(() => server.end());
    const raw = rawClient(server);
    t.after(() => raw.disconnect());
    for (const topic of ["plain", "a{b}c", "a{b", "{a}", "x{{a}y"]) {
      const slot = await raw.cluster("KEYSLOT", topic);
      for (const key of Object.values(topicKeys(topic)))
        assert.equal(await raw.cluster("KEYSLOT", key), slot, `${topic} ${key}`);
    }
  });
});
