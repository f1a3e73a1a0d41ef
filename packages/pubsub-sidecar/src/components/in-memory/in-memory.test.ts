import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testComponentContext } from "@layotto/sidecar-kit/testing";
import { pubsubConformance } from "../../conformance.ts";
import { publishRequest, Recorder, subscribeRequest } from "../../testing/index.ts";
import { InMemoryPubSub, inMemory } from "./in-memory.ts";
import { inMemoryMetadata } from "./metadata.ts";

let topics = 0;

pubsubConformance(
  "in-memory",
  () =>
    Promise.resolve({
      open: () => Promise.resolve(open()),
      topic: () => `topic-${++topics}`,
      close: () => Promise.resolve(),
    }),
  { order: "key", lag: true, redelivered: true },
);

describe("InMemoryPubSub", () => {
  it("publish beyond maxMessages is refused and names the limit, until there is room", async () => {
    const pubsub = open({ maxMessages: "2" });
    const recorder = await subscribe(pubsub, "t", "g");
    pubsub.publish(publishRequest("t", "a"));
    pubsub.publish(publishRequest("t", "b"));
    for (const topic of ["t", "new"]) {
      assert.throws(() => pubsub.publish(publishRequest(topic, "c")), {
        reason: "BACKEND_LIMIT",
        message: new RegExp(`topic "${topic}".*more than 2 messages, its maxMessages`),
      });
    }
    recorder.ack(...(await recorder.take(1)));
    pubsub.publish(publishRequest("t", "d"));
    assert.equal(pubsub.usage.topics, 1);
  });

  it("publish beyond maxBytes is refused and names the limit, until there is room", async () => {
    const pubsub = open({ maxBytes: "3000" });
    const recorder = await subscribe(pubsub, "t", "g");
    pubsub.publish(publishRequest("t", Buffer.alloc(2000)));
    const publish = () => pubsub.publish(publishRequest("t", Buffer.alloc(2000)));
    assert.throws(publish, { reason: "BACKEND_LIMIT", message: /3000 bytes, its maxBytes/ });
    recorder.ack(...(await recorder.take(1)));
    assert.equal(pubsub.usage.bytes, 0);
    publish();
  });

  it("a message that can never fit is refused and displaces nothing", () => {
    const pubsub = open({ maxBytes: "3000" });
    pubsub.publish(publishRequest("t", "a"));
    const publish = () => pubsub.publish(publishRequest("t", Buffer.alloc(3000)));
    assert.throws(publish, { reason: "BACKEND_LIMIT" });
    assert.equal(pubsub.usage.messages, 1);
  });

  it("the first group of a topic gets its newest messages, the second what comes then", async () => {
    const pubsub = open({ backlog: "3" });
    for (const text of ["a", "b", "c", "d", "e"]) pubsub.publish(publishRequest("t", text));
    assert.deepEqual([pubsub.usage.messages, pubsub.usage.dropped], [3, 2]);
    const first = await subscribe(pubsub, "t", "g1");
    const second = await subscribe(pubsub, "t", "g2");
    pubsub.publish(publishRequest("t", "f"));
    assert.deepEqual(said(await first.take(4)), ["c", "d", "e", "f"]);
    assert.deepEqual(said(await second.take(1)), ["f"]);
    first.ackAll();
    assert.equal(pubsub.usage.messages, 1);
    second.ackAll();
    assert.equal(pubsub.usage.messages, 0);
  });

  it("backlog 0 keeps nothing, not even the topic, for groups that are not there", () => {
    const pubsub = open({ backlog: "0" });
    pubsub.publish(publishRequest("t", "a"));
    assert.deepEqual(pubsub.usage, { messages: 0, bytes: 0, topics: 0, dropped: 1 });
  });

  it("messages that nobody has asked for give way, those of the same topic first", async () => {
    const pubsub = open({ maxMessages: "3" });
    for (const topic of ["x", "y", "y", "y"]) pubsub.publish(publishRequest(topic, "old"));
    assert.deepEqual([pubsub.usage.topics, pubsub.usage.dropped], [2, 1]);
    await pubsub.keep("t", "g");
    for (let i = 0; i < 3; i++) pubsub.publish(publishRequest("t", "wanted"));
    assert.deepEqual([pubsub.usage.topics, pubsub.usage.dropped], [1, 4]);
    assert.throws(() => pubsub.publish(publishRequest("t", "more")), { reason: "BACKEND_LIMIT" });
  });

  it("a lane whose holder is full does not block other lanes", async () => {
    const pubsub = open();
    const full = await subscribe(pubsub, "t", "g", 1);
    pubsub.publish(publishRequest("t", "a0", { key: "a" }));
    await full.take(1);
    const free = await subscribe(pubsub, "t", "g", 5);
    for (const key of ["a", "b", "a", "c"]) pubsub.publish(publishRequest("t", `${key}1`, { key }));
    assert.deepEqual(said(await free.take(2)), ["b1", "c1"]);
    full.ackAll();
    assert.deepEqual(said(await free.take(2)), ["a1", "a1"]);
  });

  it("one receiver that acknowledges at once does not keep others from their turn", async () => {
    const pubsub = open();
    for (let i = 0; i < 5000; i++) pubsub.publish(publishRequest("t", "x"));
    await pubsub.keep("t", "g");
    for (let i = 0; i < 5000; i++) pubsub.publish(publishRequest("t", "x"));
    const recorder = new Recorder({ prefetch: 10, acks: true });
    await pubsub.subscribe(subscribeRequest("t", "g", { prefetch: 10 }), recorder);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(recorder.received.length > 0 && recorder.received.length < 5000);
    await recorder.take(6000);
    assert.equal(pubsub.usage.messages, 0);
  });

  it("close ends the subscriptions, and settling afterwards does nothing", async () => {
    const pubsub = open();
    const recorder = await subscribe(pubsub, "t", "g");
    pubsub.publish(publishRequest("t", "a"));
    const [item] = await recorder.take(1);
    await pubsub.close();
    item?.delivery.ack();
    item?.delivery.release();
    pubsub.publish(publishRequest("t", "b"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(recorder.received.length, 1);
  });

  it("inMemory opens with its defaults", async () => {
    const metadata = inMemoryMetadata.parse({});
    const pubsub = await inMemory.open(metadata, testComponentContext());
    assert.equal(pubsub.maxMessageBytes, 256 * 1024 * 1024);
    await pubsub.close();
  });
});

function open(metadata: Record<string, string> = {}): InMemoryPubSub {
  return new InMemoryPubSub(inMemoryMetadata.parse(metadata));
}

async function subscribe(
  pubsub: InMemoryPubSub,
  topic: string,
  group: string,
  prefetch = 100,
): Promise<Recorder> {
  const recorder = new Recorder({ prefetch });
  await pubsub.subscribe(subscribeRequest(topic, group, { prefetch }), recorder);
  return recorder;
}

function said(items: readonly { readonly text: string }[]): string[] {
  return items.map(({ text }) => text);
}
