import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  rawClient,
  redisServer,
  withoutRedis,
  type RawClient,
  type RedisServer,
} from "@layotto/redis-connection/testing";
import { eventually, testCall } from "@layotto/sidecar-kit/testing";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import { redisMetadata } from "./metadata.ts";
import type { RedisPubSub } from "./redis.ts";
import { openRedis } from "./testing/open.ts";

describe("RedisPubSub shares streams with Layotto", { skip: withoutRedis }, () => {
  let server: RedisServer;
  let raw: RawClient;
  let pubsub: RedisPubSub;
  before(async () => {
    server = await redisServer();
    raw = rawClient(server);
    pubsub = await openRedis(server.address);
  });
  after(async () => {
    raw.disconnect();
    await pubsub.close();
    await server.end();
  });

  it("publishes an entry of the field data under the topic as key, and returns its id", async () => {
    const id = await pubsub.publish(publishRequest("plain", "hello"), testCall());
    assert.deepEqual(await raw.xrange("plain", "-", "+"), [[id, ["data", "hello"]]]);
  });

  it("publishes metadata as JSON where there is any worth keeping", async () => {
    const metadata = { ttlInSeconds: "5", rawPayload: "true", colour: "red" };
    await pubsub.publish(publishRequest("meta", "m", { key: "k", metadata }), testCall());
    const [[, fields] = []] = await raw.xrange("meta", "-", "+");
    const json = '{"colour":"red","partitionKey":"k"}';
    assert.deepEqual(fields, ["data", "m", "metadata", json]);
    const sub = await subscribe("meta", "g");
    const [{ delivery } = assert.fail()] = await sub.recorder.take(1);
    assert.equal(delivery.lane, "k");
    assert.deepEqual(delivery.metadata, { colour: "red", partitionKey: "k" });
    await sub.close();
  });

  it("reads what Layotto wrote before and after the group was made, and acknowledges in that group", async () => {
    await raw.xadd("theirs", "*", "data", "1");
    const sub = await subscribe("theirs", "app1");
    const id = await raw.xadd("theirs", "*", "data", "2");
    const received = await sub.recorder.take(2);
    assert.deepEqual(
      received.map(({ text }) => text),
      ["1", "2"],
    );
    assert.equal(received[1]?.delivery.id, id);
    const [groups] = (await raw.xinfo("GROUPS", "theirs")) as unknown[][];
    assert.deepEqual(groups?.slice(0, 6), ["name", "app1", "consumers", 1, "pending", 2]);
    sub.recorder.ackAll();
    await eventually("the acknowledgements", async () => (await pendingOf("theirs", "app1")) === 0);
    await sub.close();
    assert.deepEqual(await raw.xinfo("CONSUMERS", "theirs", "app1"), []);
  });

  it("shares a group with a consumer that is named like the group, as Layotto names it", async () => {
    await raw.xgroup("CREATE", "shared", "g", "0", "MKSTREAM");
    for (let i = 0; i < 4; i++) await raw.xadd("shared", "*", "data", `${i}`);
    await raw.xreadgroup("GROUP", "g", "g", "COUNT", 2, "STREAMS", "shared", ">");
    const sub = await subscribe("shared", "g");
    await sub.recorder.take(2);
    assert.deepEqual(
      sub.recorder.received.map(({ text }) => text),
      ["2", "3"],
    );
    await sub.close();
    // What was given back is due for Layotto at once.
    const due = (await raw.xpending("shared", "g", "IDLE", 60_000, "-", "+", 10)) as unknown[];
    assert.equal(due.length, 2);
  });

  it("skips entries without data or with strange metadata, and those that were deleted", async () => {
    await raw.xadd("strange", "*", "other", "x");
    await raw.xadd("strange", "*", "data", "1", "metadata", "{nonsense", "more", "");
    await raw.xadd("strange", "*", "metadata", '{"partitionKey":7,"a":"b"}', "data", "2");
    await raw.xgroup("CREATE", "strange", "g", "0");
    const gone = await raw.xadd("strange", "*", "data", "gone");
    await raw.xreadgroup("GROUP", "g", "g@released", "STREAMS", "strange", ">");
    await raw.xdel("strange", String(gone));
    const sub = await subscribe("strange", "g");
    const [one, two] = await sub.recorder.take(2);
    assert.deepEqual([one?.text, one?.delivery.metadata], ["1", undefined]);
    assert.deepEqual([two?.text, two?.delivery.metadata], ["2", { a: "b" }]);
    sub.recorder.ackAll();
    await eventually("nothing pending", async () => (await pendingOf("strange", "g")) === 0);
    await sub.close();
  });

  it("maxLenApprox cuts the stream", async () => {
    const short = await openRedis(server.address, { maxLenApprox: "100" });
    for (let i = 0; i < 500; i++) await short.publish(publishRequest("cut", `${i}`), testCall());
    assert.ok((await raw.xlen("cut")) <= 200);
    await short.close();
  });

  it("refuses a topic whose key holds something else", async () => {
    await raw.set("text", "v");
    const refused = { reason: "BACKEND_REFUSED" };
    await assert.rejects(pubsub.publish(publishRequest("text", "x"), testCall()), refused);
    await assert.rejects(subscribe("text", "g"), refused);
  });

  it("lag counts entries that nobody has read and those that are held, also after a deletion", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++)
      ids.push(await pubsub.publish(publishRequest("lag", `${i}`), testCall()));
    const sub = await subscribe("lag", "g", 2);
    await sub.recorder.take(2);
    assert.equal(await sub.lag(), 5);
    await raw.xdel("lag", String(ids[3]));
    assert.equal(await sub.lag(), 4);
    await sub.close();
  });

  async function subscribe(topic: string, group: string, prefetch = 100) {
    const recorder = new Recorder({ prefetch });
    const subscription = await pubsub.subscribe(
      subscribeRequest(topic, group, { prefetch }),
      recorder,
    );
    return { recorder, close: () => subscription.close(), lag: () => subscription.lag() };
  }

  async function pendingOf(topic: string, group: string): Promise<number> {
    const [count] = (await raw.xpending(topic, group)) as [number];
    return count;
  }
});

describe("redisMetadata", () => {
  it("takes Layotto's own file and Dapr's keys, durations also as plain milliseconds", () => {
    const layotto = { redisHost: "127.0.0.1:6379", redisPassword: "", consumerID: "1" };
    const { processingTimeout, redeliverInterval } = redisMetadata.parse(layotto);
    assert.deepEqual([processingTimeout, redeliverInterval], [60_000, 15_000]);
    const keys = { processingTimeout: "5000", redeliverInterval: "2s", queueDepth: "7" };
    const more = redisMetadata.parse({ ...layotto, ...keys, concurrency: "3", maxLenApprox: "9" });
    assert.deepEqual([more.processingTimeout, more.redeliverInterval], [5000, 2000]);
    assert.deepEqual([more.queueDepth, more.concurrency, more.maxLenApprox], [7, 3, 9]);
  });
});
