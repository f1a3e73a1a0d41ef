import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  rawClient,
  redisCluster,
  redisSentinel,
  withoutRedis,
} from "@layotto/redis-connection/testing";
import { eventually, realWait, testCall } from "@layotto/sidecar-kit/testing";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import { openRedis } from "./testing/open.ts";

describe("RedisPubSub on a cluster", { skip: withoutRedis }, () => {
  it("publishes, subscribes, delays and closes for topics of both nodes", async (t) => {
    const cluster = await redisCluster();
    t.after(() => cluster.end());
    const pubsub = await openRedis(cluster.address, { redisType: "cluster" });
    t.after(() => pubsub.close());
    const topics = ["a", "b", "c", "d", "{x}e", "f"];
    const recorders = await Promise.all(topics.map((topic) => subscribed(pubsub, topic)));
    for (const topic of topics) {
      await pubsub.publish(publishRequest(topic, "now"), testCall());
      await pubsub.publishLater(publishRequest(topic, "later"), 300, testCall());
    }
    for (const { recorder } of recorders) {
      const texts = (await recorder.take(2)).map(({ text }) => text);
      assert.deepEqual(texts, ["now", "later"]);
    }
    const [first = assert.fail()] = recorders;
    await pubsub.publish(publishRequest("a", "held"), testCall());
    await first.recorder.take(1);
    await first.subscription.close();
    const { recorder } = await subscribed(pubsub, "a");
    const given = await recorder.take(3);
    assert.equal(given.length, 3);
  });
});

describe("RedisPubSub by sentinel", { skip: withoutRedis }, () => {
  it("goes on with the new master after a failover", async (t) => {
    const redis = await redisSentinel();
    t.after(() => redis.end());
    const metadata = { failover: "true", sentinelMasterName: "m", readTimeout: "1s" };
    const pubsub = await openRedis(redis.address, metadata);
    t.after(() => pubsub.close());
    const { recorder } = await subscribed(pubsub, "t");
    recorder.ackAll();
    const accepted: string[] = [];
    for (let i = 0; i < 20; i++) {
      await pubsub.publish(publishRequest("t", `${i}`), testCall());
      accepted.push(`${i}`);
    }
    await recorder.take(20);
    const raw = rawClient(redis.replica);
    await eventually("the replica to have all", async () => (await raw.xlen("t")) === 20);
    raw.disconnect();
    await redis.master.kill();
    await eventually(
      "to publish again",
      async () => {
        const deadline = testCall(Date.now() + 500);
        return pubsub
          .publish(publishRequest("t", "after"), deadline)
          .catch(() => realWait(20).then(() => undefined));
      },
      15_000,
    );
    await recorder.until("after", () => recorder.received.some(({ text }) => text === "after"));
    assert.deepEqual(recorder.faults, []);
  });
});

async function subscribed(pubsub: Awaited<ReturnType<typeof openRedis>>, topic: string) {
  const recorder = new Recorder({ prefetch: 100, timeoutMs: 15_000 });
  const subscription = await pubsub.subscribe(subscribeRequest(topic, "g"), recorder);
  return { recorder, subscription };
}
