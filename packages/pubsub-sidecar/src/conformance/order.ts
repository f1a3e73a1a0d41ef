import assert from "node:assert/strict";
import type { PubSubTraits } from "./traits.ts";
import { numbered, texts, type Register, type Scene, type Subscriber } from "./scene.ts";

const KEYS = ["red", "green", "blue"];

/** Messages of one key keep their order. */
export function order(test: Register, traits: PubSubTraits): void {
  const itOrders = test.if(traits.order !== undefined);

  itOrders("order: messages of one key share a lane and come in order", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 5, acks: true });
    await publishKeys(s, topic, 20);
    await sub.take(KEYS.length * 20);
    for (const key of KEYS) {
      const items = sub.received.filter(({ text }) => text.startsWith(key));
      assert.deepEqual(texts(items), numbered(20, key));
      assert.equal(new Set(items.map(({ delivery }) => delivery.lane)).size, 1);
      assert.notEqual(items[0]?.delivery.lane, undefined);
    }
  });

  itOrders("order: holds after everything was released, in whatever order", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 12 });
    await publishKeys(s, topic, 6);
    await sub.take(1);
    await s.quiet();
    sub.pause();
    sub.release(...sub.open.toReversed());
    sub.resume();
    const from = sub.received.length;
    sub.ackAll();
    await sub.until("everything again", () => sub.received.length >= from + KEYS.length * 6);
    inOrder(sub, from, 6);
  });

  itOrders("order: holds after close and subscribe", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const first = await s.subscribe({ topic, group, prefetch: 12 });
    await publishKeys(s, topic, 6);
    await first.take(1);
    await s.quiet();
    await first.close();
    const next = await s.subscribe({ topic, group, acks: true, client: s.other });
    await next.take(KEYS.length * 6);
    inOrder(next, 0, 6);
  });

  itOrders("order: two of one group never hold messages of one lane at once", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, prefetch: 4 });
    const b = await s.subscribe({ topic, group, prefetch: 4, client: s.other });
    const seen = new Set<string>();
    for (const sub of [a, b]) handleLater(sub, seen);
    await publishKeys(s, topic, 30);
    await s.all(
      KEYS.flatMap((key) => numbered(30, key)),
      a,
      b,
    );
    await s.quiet();
    keysInOrder([...seen], 30);
  });

  itOrders("order: holds while a subscription comes and goes", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, prefetch: 4 });
    const seen = new Set<string>();
    handleLater(a, seen);
    const flowing = publishKeys(s, topic, 30);
    const b = await s.subscribe({ topic, group, prefetch: 4, client: s.other });
    handleLater(b, seen);
    await flowing;
    await b.close();
    await s.all(
      KEYS.flatMap((key) => numbered(30, key)),
      a,
      b,
    );
    await s.quiet();
    keysInOrder([...seen], 30);
  });
}

/** Acknowledges what the subscriber holds one turn later, and writes down what was acknowledged. */
function handleLater(sub: Subscriber, seen: Set<string>): void {
  sub.listen(() => {
    setImmediate(() => {
      for (const item of sub.open) {
        seen.add(item.text);
        sub.ack(item);
      }
    });
  });
}

/** Publishes `count` messages of each key: one after another within a key, the keys at the same time. */
async function publishKeys(s: Scene, topic: string, count: number): Promise<void> {
  await Promise.all(KEYS.map((key) => s.publishAll(topic, numbered(count, key), { key })));
}

function inOrder(sub: Subscriber, from: number, count: number): void {
  keysInOrder(texts(sub.received.slice(from)), count);
}

function keysInOrder(all: readonly string[], count: number): void {
  for (const key of KEYS)
    assert.deepEqual(
      all.filter((text) => text.startsWith(key)),
      numbered(count, key),
    );
}
