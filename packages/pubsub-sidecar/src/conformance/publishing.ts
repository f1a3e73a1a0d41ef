import assert from "node:assert/strict";
import { testCall } from "@layotto/sidecar-kit/testing";
import { publishRequest } from "../testing/requests.ts";
import { numbered, texts, type Register, type Scene } from "./scene.ts";

/** What is published arrives as it is, once per group, in its topic only. */
export function publishing(test: Register): void {
  test("publish: the bytes arrive as they were, also none, binary ones and 256 KiB", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group });
    const size = Math.min(256 * 1024, s.client.maxMessageBytes ?? Infinity);
    const large = Buffer.alloc(size, "0123456789abcdef-");
    const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const data of [Buffer.alloc(0), binary, Buffer.from("grüße 🙂"), large]) {
      await s.publish(topic, data);
      const [item] = await sub.take(1);
      assert.ok(item !== undefined && data.equals(item.data), `${data.length} bytes`);
      sub.ack(item);
    }
  });

  test("publish: a view into a buffer that is used again afterwards arrives as it was", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group });
    const shared = new Uint8Array(64 * 1024).fill(7);
    const view = shared.subarray(100, 200);
    await s.publish(topic, view);
    shared.fill(8);
    const [item] = await sub.take(1);
    assert.deepEqual(item?.data, Buffer.alloc(100, 7));
  });

  test("publish: returns the id that the delivery shows, where it returns one", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group });
    const ids = [await s.publish(topic, "a"), await s.publish(topic, "b")];
    for (const { delivery, text } of await sub.take(2)) {
      assert.equal(typeof delivery.id, "string");
      const id = ids[text === "a" ? 0 : 1];
      if (id !== "") assert.equal(delivery.id, id);
      assert.equal(delivery.redelivered, 0);
    }
    if (ids[0] !== "") assert.notEqual(ids[0], ids[1]);
  });

  test("publish: delivers after it was called, never inside the call", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group });
    const published = s.client.publish(publishRequest(topic, "a"), testCall());
    assert.equal(sub.received.length, 0);
    await published;
    await sub.take(1);
  });

  test("publish: a deadline that has passed does not hang", async (s) => {
    const topic = await s.topic();
    await s.createGroup(topic, s.group());
    const publish = async (): Promise<string> =>
      s.client.publish(publishRequest(topic, "a"), testCall(Date.now() - 1000));
    await ends(s, publish());
  });

  test("publish: a call that was cancelled before does not hang", async (s) => {
    const topic = await s.topic();
    await s.createGroup(topic, s.group());
    const call = { signal: AbortSignal.abort(new Error("cancelled")), deadlineMs: undefined };
    const publish = async (): Promise<string> => s.client.publish(publishRequest(topic, "a"), call);
    await ends(s, publish());
  });

  test("publish: a thousand at once all arrive, each once", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, acks: true });
    const all = numbered(1000);
    await Promise.all(all.map((text) => s.publish(topic, text)));
    await s.all(all, sub);
    await sub.take(1000);
    await s.quiet(sub);
    assert.deepEqual(texts(sub.received).sort(), [...all].sort());
  });

  test("subscribe: each group gets each message once", async (s) => {
    const topic = await s.topic();
    const a = await s.subscribe({ topic, group: s.group(), acks: true });
    const b = await s.subscribe({ topic, group: s.group(), acks: true, client: s.other });
    const all = numbered(10);
    await s.publishAll(topic, all);
    assert.deepEqual(texts(await a.take(10)).sort(), all);
    assert.deepEqual(texts(await b.take(10)).sort(), all);
    await s.quiet(a, b);
  });

  test("subscribe: topics are isolated, also for one group", async (s) => {
    const [one, two, group] = [await s.topic(), await s.topic(), s.group()];
    const a = await s.subscribe({ topic: one, group, acks: true });
    const b = await s.subscribe({ topic: two, group, acks: true });
    await s.publishAll(one, ["a0", "a1"]);
    await s.publishAll(two, ["b0", "b1"]);
    assert.deepEqual(texts(await a.take(2)).sort(), ["a0", "a1"]);
    assert.deepEqual(texts(await b.take(2)).sort(), ["b0", "b1"]);
    await a.close();
    await s.publish(two, "b2");
    assert.deepEqual(texts(await b.take(1)), ["b2"]);
    await s.quiet(a, b);
  });

  test("ping: resolves while the broker answers", async (s) => {
    await s.client.ping?.(AbortSignal.timeout(s.timeoutMs));
  });

  test("topicFault: undefined for a legal topic, the rule for an illegal one", async (s) => {
    assert.equal(s.client.topicFault(await s.topic()), undefined);
    const { illegalTopic } = s.stage.harness;
    if (illegalTopic !== undefined)
      assert.match(s.client.topicFault(illegalTopic) ?? "", /\w+ \w+/);
  });
}

/** Waits for the end of a call. It may have its turn behind the thousand messages of another test. */
async function ends(s: Scene, call: Promise<unknown>): Promise<void> {
  const startMs = Date.now();
  await call.catch(() => undefined);
  assert.ok(Date.now() - startMs < 2 * s.timeoutMs, `it took ${Date.now() - startMs} ms`);
}
