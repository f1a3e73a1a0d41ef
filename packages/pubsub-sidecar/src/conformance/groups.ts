import assert from "node:assert/strict";
import type { PubSubTraits } from "./traits.ts";
import { numbered, texts, type Register } from "./scene.ts";

/** Where groups begin, what they keep, and how their subscriptions share. */
export function groups(test: Register, traits: PubSubTraits): void {
  test("keep: a group gets what was published before its first subscription", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    await s.client.keep?.(topic, group);
    const all = numbered(5);
    await s.publishAll(topic, all);
    const sub = await s.subscribe({ topic, group, acks: true });
    assert.deepEqual(texts(await sub.take(5)).sort(), all);
    await s.quiet(sub);
  });

  test("keep: does nothing to a group that is there", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 2 });
    await s.publishAll(topic, ["a", "b"]);
    sub.ack(...(await sub.take(2)));
    await s.client.keep?.(topic, group);
    await s.publish(topic, "c");
    assert.deepEqual(texts(await sub.take(1)), ["c"]);
    await s.quiet(sub);
  });

  test.if(traits.backlog)(
    "subscribe: every new group begins with the oldest message",
    async (s) => {
      const topic = await s.topic();
      const all = numbered(5);
      await s.publishAll(topic, all);
      for (const client of [s.client, s.other]) {
        const sub = await s.subscribe({ topic, group: s.group(), acks: true, client });
        assert.deepEqual(texts(await sub.take(5)).sort(), all);
      }
    },
  );

  test("subscribe: two of one group share, and nothing is lost or with both", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, prefetch: 3 });
    const b = await s.subscribe({ topic, group, prefetch: 3, client: s.other });
    const all = numbered(40);
    for (const sub of [a, b]) sub.listen(() => setImmediate(() => sub.ack(...sub.open)));
    await Promise.all(all.map((text) => s.publish(topic, text)));
    await s.all(all, a, b);
    await s.quiet();
    const came = texts([...a.received, ...b.received]);
    // A broker that moves partitions may repeat what was unsettled then.
    const seen = traits.order === "partition" ? [...new Set(came)] : came;
    assert.deepEqual(seen.sort(), [...all].sort());
  });

  test("subscribe: one that comes and goes while messages flow loses none", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, prefetch: 3, acks: true });
    const [before, during, after] = [numbered(10, "b"), numbered(20, "d"), numbered(10, "a")];
    await s.publishAll(topic, before);
    const flowing = s.publishAll(topic, during);
    const b = await s.subscribe({ topic, group, prefetch: 3, client: s.other });
    await flowing;
    await b.close();
    await s.publishAll(topic, after);
    await s.all([...before, ...during, ...after], a, b);
  });

  const balances = traits.balances ?? traits.order !== "partition";
  test.if(balances)("subscribe: when one of a group is full the other gets the rest", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, prefetch: 2 });
    const b = await s.subscribe({ topic, group, prefetch: 10, client: s.other });
    const all = numbered(8);
    const handling = b.listen(() => setImmediate(() => b.ack(...b.open)));
    await s.publishAll(topic, all);
    await b.until("the rest", () => a.open.length + b.received.length >= 8);
    handling();
    assert.ok(a.open.length <= 2);
    await s.all(all, a, b);
  });

  test("close: what is unsettled goes to another subscription of the group", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, prefetch: 5 });
    const all = numbered(5);
    await s.publishAll(topic, all);
    const held = await a.take(5);
    const b = await s.subscribe({ topic, group, client: s.other });
    // Where lanes are partitions, the broker may give them to the newcomer at once.
    if (traits.order !== "partition") await s.quiet(b);
    await a.close();
    await s.all(all, b);
    for (const { delivery } of held) delivery.ack();
    for (const { delivery } of b.received)
      if (traits.redelivered === true) assert.ok(delivery.redelivered >= 1);
    b.ackAll();
  });

  test("close: what is unsettled goes to the next subscription of the group", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, prefetch: 2 });
    const all = numbered(5);
    await s.publishAll(topic, all);
    await a.take(2);
    await a.close();
    const b = await s.subscribe({ topic, group, acks: true, client: s.other });
    await s.all(all, b);
  });

  test("close: nothing is handed out afterwards, and the group keeps its messages", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const a = await s.subscribe({ topic, group, acks: true });
    await s.publish(topic, "a");
    await a.take(1);
    const closed = a.close();
    await s.publish(topic, "b");
    await closed;
    await s.publish(topic, "c");
    await s.quiet(a);
    const b = await s.subscribe({ topic, group, acks: true });
    await s.all(["b", "c"], b);
    assert.deepEqual(texts(b.received).sort(), ["b", "c"]);
  });
}
