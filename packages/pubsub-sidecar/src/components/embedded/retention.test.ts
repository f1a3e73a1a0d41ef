import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  eventually,
  ManualClock,
  temporaryDirectory,
  testCall,
  type TemporaryDirectory,
} from "@layotto/sidecar-kit/testing";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import type { EmbeddedPubSub } from "./embedded.ts";
import type { Limits } from "./log.ts";
import { openEmbedded } from "./testing/open.ts";

const HOUR_MS = 3_600_000;

describe("retention of the embedded log", () => {
  let temporary: TemporaryDirectory;
  let clock: ManualClock;
  const opened: EmbeddedPubSub[] = [];
  beforeEach(() => {
    temporary = temporaryDirectory();
    clock = new ManualClock();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    temporary.remove();
  });

  it("removes messages after maxAge, whether consumed or not", async () => {
    const pubsub = open({ maxAgeMs: HOUR_MS });
    await pubsub.keep("t", "g");
    await publish(pubsub, 3, "old");
    clock.advance(HOUR_MS - 1);
    await publish(pubsub, 2, "new");
    assert.equal(await pubsub.sweep(), 0);
    clock.advance(1);
    assert.equal(await pubsub.sweep(), 3);
    assert.deepEqual(await texts(pubsub, "g", 2), ["new0", "new1"]);
  });

  it("a subscription goes on behind messages that were removed while it was paused", async () => {
    const pubsub = open({ maxAgeMs: HOUR_MS });
    const recorder = new Recorder({ prefetch: 1, acks: false });
    const subscription = await pubsub.subscribe(
      subscribeRequest("t", "g", { prefetch: 1 }),
      recorder,
    );
    await publish(pubsub, 3, "old");
    const [first] = await recorder.take(1);
    clock.advance(HOUR_MS);
    await publish(pubsub, 2, "new");
    assert.equal(await pubsub.sweep(), 3);
    assert.equal(await subscription.lag?.(), 2);
    if (first !== undefined) recorder.release(first);
    recorder.ackAll();
    assert.deepEqual(
      (await recorder.take(2)).map(({ text }) => text),
      ["new0", "new1"],
    );
    await eventually("lag 0", async () => (await subscription.lag?.()) === 0);
  });

  it("removes what every group has acknowledged after keepConsumed, but nothing that one has not", async () => {
    const pubsub = open({ keepConsumedMs: 1000 });
    await pubsub.keep("t", "slow");
    await publish(pubsub, 4);
    await texts(pubsub, "quick", 4);
    await texts(pubsub, "slow", 2);
    assert.equal(await pubsub.sweep(), 0);
    clock.advance(1000);
    assert.equal(await pubsub.sweep(), 2);
    assert.deepEqual(await texts(pubsub, "new", 2), ["m2", "m3"]);
    assert.deepEqual(await texts(pubsub, "slow", 2), ["m2", "m3"]);
    assert.equal(await pubsub.sweep(), 2);
  });

  it("keeps the messages of a topic without groups", async () => {
    const pubsub = open({ keepConsumedMs: 0 });
    await publish(pubsub, 2);
    clock.advance(HOUR_MS);
    assert.equal(await pubsub.sweep(), 0);
    assert.deepEqual(await texts(pubsub, "g", 2), ["m0", "m1"]);
  });

  it("removes at most 500 messages at a time", async () => {
    const pubsub = open({ maxAgeMs: HOUR_MS });
    await publish(pubsub, 700);
    clock.advance(HOUR_MS);
    assert.deepEqual([await pubsub.sweep(), await pubsub.sweep()], [500, 200]);
  });

  it("refuses a message when a topic has maxBytes that somebody has not acknowledged", async () => {
    const pubsub = open({ maxBytes: 2000 });
    await pubsub.keep("t", "g");
    const before = await fill(pubsub);
    await assert.rejects(publish(pubsub, 1, "more"), {
      reason: "BACKEND_LIMIT",
      message:
        'Cannot publish to topic "t": it has its maxBytes of 2000 in messages that not every group has acknowledged',
    });
    await pubsub.publish(publishRequest("other", "x"), testCall());
    assert.equal((await texts(pubsub, "g", before)).length, before);
    await publish(pubsub, 1, "more");
    assert.deepEqual(await texts(pubsub, "g", 1), ["more0"]);
  });

  it("a topic without groups loses its oldest messages when it has maxBytes", async () => {
    const pubsub = open({ maxBytes: 2000 });
    await publish(pubsub, 100);
    const left = await drain(pubsub, "g");
    assert.equal(left.at(0), `m${100 - left.length}`);
    assert.equal(left.at(-1), "m99");
  });

  it("makes room for a large message in several pieces, and keeps the order", async () => {
    const pubsub = open({ maxBytes: 100_000 });
    await publish(pubsub, 2000);
    const large = pubsub.publish(publishRequest("t", Buffer.alloc(95_000, "x")), testCall());
    const after = pubsub.publish(publishRequest("t", "after"), testCall());
    const [a, b] = (await Promise.all([large, after])).map(Number);
    assert.ok(a !== undefined && b !== undefined && a < b);
    const left = await drain(pubsub, "g");
    assert.deepEqual([left.at(-2)?.length, left.at(-1)], [95_000, "after"]);
  });

  it("delayed messages wait while their topic is full, and do not stop others", async () => {
    const pubsub = open({ maxBytes: 2000 });
    await pubsub.keep("t", "g");
    const before = await fill(pubsub);
    await pubsub.publishLater(publishRequest("t", "late"), 10, testCall());
    await pubsub.publishLater(publishRequest("other", "free"), 10, testCall());
    clock.advance(10);
    assert.deepEqual(await texts(pubsub, "g", 1, "other"), ["free"]);
    await texts(pubsub, "g", before);
    clock.advance(1000);
    assert.deepEqual(await texts(pubsub, "g", 1), ["late"]);
  });

  it("forgets a group that nobody has used for maxAge, unless somebody has it open", async () => {
    const pubsub = open({ maxAgeMs: HOUR_MS, keepConsumedMs: 0 });
    await pubsub.keep("t", "gone");
    const recorder = new Recorder({ prefetch: 10, acks: true });
    await pubsub.subscribe(subscribeRequest("t", "open"), recorder);
    clock.advance(HOUR_MS + 1);
    await pubsub.sweep();
    await publish(pubsub, 1);
    await recorder.take(1);
    // Only the group that is open holds it up, and that one has acknowledged it.
    await eventually("removed", async () => (await pubsub.sweep()) === 1);
  });

  function open(limits: Partial<Limits>): EmbeddedPubSub {
    const pubsub = openEmbedded(join(temporary.path, "pubsub"), { clock, limits });
    opened.push(pubsub);
    return pubsub;
  }
});

async function publish(pubsub: EmbeddedPubSub, count: number, prefix = "m"): Promise<void> {
  const all = Array.from({ length: count }, (_, i) => publishRequest("t", `${prefix}${i}`));
  await Promise.all(all.map((request) => pubsub.publish(request, testCall())));
}

/** Publishes until the topic is full. @returns how many messages it took */
async function fill(pubsub: EmbeddedPubSub): Promise<number> {
  for (let count = 0; ; count++) {
    const isFull = await publish(pubsub, 1, `fill${count}-`).then(
      () => false,
      () => true,
    );
    if (isFull) return count;
  }
}

/** Acknowledges `count` messages of a group, no more, and ends its subscription. */
async function texts(
  pubsub: EmbeddedPubSub,
  group: string,
  count: number,
  topic = "t",
): Promise<string[]> {
  const recorder = new Recorder({ prefetch: count });
  const request = subscribeRequest(topic, group, { prefetch: count });
  const subscription = await pubsub.subscribe(request, recorder);
  const taken = await recorder.take(count);
  recorder.ack(...taken);
  await subscription.close();
  return taken.map(({ text }) => text);
}

/** Acknowledges all that a group has. */
async function drain(pubsub: EmbeddedPubSub, group: string): Promise<string[]> {
  const recorder = new Recorder({ prefetch: 1000, acks: true });
  const request = subscribeRequest("t", group, { prefetch: 1000 });
  const subscription = await pubsub.subscribe(request, recorder);
  await eventually("everything", async () => (await subscription.lag?.()) === 0);
  await subscription.close();
  return recorder.received.map(({ text }) => text);
}
