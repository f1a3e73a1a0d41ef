import assert from "node:assert/strict";
import type { PubSubTraits } from "./traits.ts";
import { numbered, texts, type Register, type Scene } from "./scene.ts";
import type { PubSub } from "../component.ts";

/** What prefetch, pause, ack and release do. */
export function settling(test: Register, traits: PubSubTraits): void {
  for (const prefetch of [1, 5]) {
    test(`prefetch ${prefetch}: never more are unsettled, and settling brings the next`, async (s) => {
      const [topic, group] = [await s.topic(), s.group()];
      const sub = await s.subscribe({ topic, group, prefetch });
      const all = numbered(12);
      await s.publishAll(topic, all);
      await sub.until("a full prefetch", () => sub.open.length === prefetch);
      await s.quiet();
      assert.equal(sub.received.length, prefetch);
      sub.listen(() => setImmediate(() => sub.ack(...sub.open)));
      sub.ack(...sub.open);
      await s.all(all, sub);
      assert.equal(sub.mostOpen, prefetch);
    });
  }

  test("pause: nothing is handed out until resume, and what is unsettled can be settled", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 3 });
    await s.publishAll(topic, ["a", "b"]);
    const [a, b] = await sub.take(2);
    sub.pause();
    await s.publishAll(topic, ["c", "d", "e"]);
    if (a !== undefined) sub.ack(a);
    await s.quiet(sub);
    if (b !== undefined) sub.ack(b);
    sub.resume();
    assert.deepEqual(texts(await sub.take(3)).sort(), ["c", "d", "e"]);
    sub.ackAll();
    await s.quiet(sub);
  });

  test("pause: a subscription that is paused can be closed", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group });
    sub.pause();
    await s.publish(topic, "a");
    await sub.close();
    const next = await s.subscribe({ topic, group, acks: true });
    assert.deepEqual(texts(await next.take(1)), ["a"]);
  });

  test("release: the message is handed out again, and its neighbours are not", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 3 });
    await s.publishAll(topic, ["a", "b", "c"]);
    const items = await sub.take(3);
    const [a, b, c] = ["a", "b", "c"].map((text) => items.find((item) => item.text === text));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    sub.ack(a);
    sub.release(b);
    const [again] = await sub.take(1);
    assert.equal(again?.text, "b");
    assert.equal(again.delivery.id, b.delivery.id);
    if (traits.redelivered === true) assert.ok(again.delivery.redelivered >= 1);
    sub.ack(again, c);
    await s.quiet(sub);
  });

  test("release: again and again, until it is acknowledged", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 1 });
    await s.publish(topic, "a");
    for (let round = 0; round < 5; round++) sub.release(...(await sub.take(1)));
    sub.ack(...(await sub.take(1)));
    await s.quiet(sub);
  });

  test("ack: acknowledged messages do not come again after close and subscribe", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const first = await s.subscribe({ topic, group, acks: true });
    await s.publishAll(topic, numbered(10));
    await first.take(10);
    await first.close();
    const next = await s.subscribe({ topic, group, client: s.other });
    await s.publish(topic, "new");
    assert.deepEqual(texts(await next.take(1)), ["new"]);
    await s.quiet(next);
  });

  test("ack: in any order; closing the subscription brings back what was not", async (s) => {
    await closeHolding(s, s.client, (client) => Promise.resolve(client));
  });

  test.if(traits.outlivesClient)(
    "ack: in any order; closing the client brings back what was not",
    async (s) => {
      await closeHolding(s, await s.open(), async (client) => {
        await s.closeClient(client);
        return s.open();
      });
    },
  );

  test.if(traits.lag)("lag: counts what is not acknowledged", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 3 });
    const lags = (count: number): Promise<void> =>
      s.eventually(async () => assert.equal(await sub.lag(), count));
    await lags(0);
    await s.publishAll(topic, numbered(5));
    await lags(5);
    const [first] = await sub.take(1);
    if (first !== undefined) sub.ack(first);
    await lags(4);
    sub.ackAll();
    await lags(0);
  });
}

/** Acknowledges every second of six, closes, and expects exactly the others from `reopen`. */
async function closeHolding(
  s: Scene,
  client: PubSub,
  reopen: (client: PubSub) => Promise<PubSub>,
): Promise<void> {
  const [topic, group] = [await s.topic(), s.group()];
  const sub = await s.subscribe({ topic, group, client, prefetch: 6 });
  await s.publishAll(topic, numbered(6));
  const items = await sub.take(6);
  sub.ack(...items.filter((_, i) => i % 2 === 1));
  const left = texts(items.filter((_, i) => i % 2 === 0));
  await sub.close();
  const next = await s.subscribe({ topic, group, client: await reopen(client) });
  await s.all(left, next);
  await s.quiet();
  if (s.traits.acks !== "prefix") assert.deepEqual(texts(next.received).sort(), left.sort());
  next.ackAll();
}
