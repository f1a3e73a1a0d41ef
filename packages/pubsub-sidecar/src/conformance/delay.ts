import assert from "node:assert/strict";
import { testCall } from "@layotto/sidecar-kit/testing";
import type { PubSub } from "../component.ts";
import { machineLag } from "../testing/machine-lag.ts";
import { publishRequest } from "../testing/requests.ts";
import type { PubSubTraits } from "./traits.ts";
import { numbered, texts, type Register } from "./scene.ts";

/** Messages that are published later. */
export function delays(test: Register, traits: PubSubTraits): void {
  const itDelays = test.if(traits.delay);
  const toleranceMs = traits.delayToleranceMs ?? 500;

  itDelays("publishLater: not before its time and not much after", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, acks: true });
    const [begins, arrivals] = [new Map<string, number>(), new Map<string, number>()];
    sub.listen(() => {
      for (const { text } of sub.rest)
        if (!arrivals.has(text)) arrivals.set(text, performance.now());
    });
    const arriving = (async () => {
      for (const ms of [300, 100, 1, 200]) {
        begins.set(`${ms}`, performance.now());
        await later(s.client, topic, `${ms}`, ms);
      }
      await s.all([...begins.keys()], sub);
    })();
    const ping = async (): Promise<void> => s.client.ping?.(AbortSignal.timeout(s.timeoutMs));
    const allowedMs = toleranceMs + (await machineLag(arriving, ping));
    for (const [text, at] of arrivals) {
      const ms = at - (begins.get(text) ?? 0);
      // A clock that counts whole milliseconds may be early by one.
      assert.ok(ms >= Number(text) - 2, `${text} ms: too early, after ${ms} ms`);
      assert.ok(ms <= Number(text) + allowedMs, `${text} ms: too late, after ${ms} ms`);
    }
  });

  itDelays(
    "publishLater: the bytes arrive as they were, and the order of time is kept",
    async (s) => {
      const [topic, group] = [await s.topic(), s.group()];
      const sub = await s.subscribe({ topic, group, acks: true });
      const data = Buffer.from([0, 255, 1, 254]);
      await s.client.publishLater?.(publishRequest(topic, data), 200, testCall());
      await s.client.publishLater?.(publishRequest(topic, "first"), 20, testCall());
      const [first, second] = await sub.take(2);
      assert.equal(first?.text, "first");
      assert.deepEqual(second?.data, data);
    },
  );

  itDelays("publishLater: each once, with two clients open", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, acks: true });
    const all = numbered(40);
    await Promise.all(
      all.map((text, i) => later(i % 2 === 0 ? s.client : s.other, topic, text, 50 + i)),
    );
    assert.deepEqual(texts(await sub.take(40)).sort(), [...all].sort());
    await s.quiet(sub);
  });

  test.if(traits.delay === true && traits.outlivesClient === true)(
    "publishLater: comes although the publishing client was closed",
    async (s) => {
      const [topic, group] = [await s.topic(), s.group()];
      const sub = await s.subscribe({ topic, group, acks: true });
      const client = await s.open();
      await later(client, topic, "a", 200);
      await s.closeClient(client);
      assert.deepEqual(texts(await sub.take(1)), ["a"]);
      await s.quiet(sub);
    },
  );
}

async function later(client: PubSub, topic: string, text: string, ms: number): Promise<void> {
  assert.ok(client.publishLater !== undefined);
  assert.notEqual(await client.publishLater(publishRequest(topic, text), ms, testCall()), "");
}
