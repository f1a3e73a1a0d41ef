import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PubSub, PubSubFeature } from "../component.ts";
import type { PubSubs } from "../pubsubs.ts";
import { messageOf, type Publication } from "./message.ts";

/** The part of a component that making a message looks at. */
function component(maxMessageBytes: number | undefined, ...features: PubSubFeature[]): PubSub {
  const looked = { maxMessageBytes, features: new Set(features), topicFault: () => undefined };
  return looked as unknown as PubSub; // nothing else of it is called
}

// Topics are checked elsewhere.
const pubsubs = { checkTopic: () => {} } as unknown as PubSubs;
const call = { header: () => undefined };
const publication: Publication = {
  pubsubName: "p",
  topic: "t",
  data: Buffer.alloc(1000, "x"),
  dataContentType: "text/plain",
  metadata: {},
};

describe("messageOf", () => {
  it("refuses an event beyond what the broker takes, with both sizes", () => {
    const { message } = messageOf(publication, component(undefined), pubsubs, call);
    const bytes = message.data.byteLength;
    assert.equal(messageOf(publication, component(bytes), pubsubs, call).message.topic, "t");
    assert.throws(() => messageOf(publication, component(bytes - 1), pubsubs, call), {
      reason: "MESSAGE_TOO_LARGE",
      message: `Cannot publish to topic "t" in pubsub "p": the message has ${bytes} bytes with its envelope, the broker takes ${bytes - 1}`,
    });
  });

  it("publishes raw bytes as they are, as its own copy", () => {
    const raw = { ...publication, metadata: { rawPayload: "true" } };
    const { eventId, message } = messageOf(raw, component(1000), pubsubs, call);
    assert.equal(eventId, "");
    assert.deepEqual(Buffer.from(message.data), publication.data);
    assert.notEqual(message.data.buffer, publication.data.buffer);
    assert.throws(() => messageOf(raw, component(999), pubsubs, call), {
      reason: "MESSAGE_TOO_LARGE",
    });
  });

  it("leaves the life of a message to the broker that knows it, and writes it down for others", () => {
    const mortal = { ...publication, metadata: { ttlInSeconds: "5" } };
    const native = messageOf(mortal, component(undefined, "ttl"), pubsubs, call).message;
    assert.equal(native.ttlMs, 5000);
    assert.doesNotMatch(Buffer.from(native.data).toString(), /expiration/);
    const noted = messageOf(mortal, component(undefined), pubsubs, call).message;
    assert.equal(noted.ttlMs, undefined);
    assert.match(Buffer.from(noted.data).toString(), /"expiration":"/);
  });

  it("a delayed message lives from when it is published", () => {
    const mortal = { ...publication, metadata: { ttlInSeconds: "5" } };
    const before = Date.now();
    const { message } = messageOf(mortal, component(undefined), pubsubs, call, 60_000);
    const event = JSON.parse(Buffer.from(message.data).toString()) as { expiration: string };
    assert.ok(Date.parse(event.expiration) >= before + 65_000);
  });

  it("takes the key of order from the metadata", () => {
    const keyed = { ...publication, metadata: { partitionKey: "k" } };
    assert.equal(messageOf(keyed, component(undefined), pubsubs, call).message.key, "k");
  });
});
