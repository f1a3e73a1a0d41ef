import assert from "node:assert/strict";
import { testCall } from "@layotto/sidecar-kit/testing";
import { publishRequest } from "../testing/requests.ts";
import type { PubSubTraits } from "./traits.ts";
import { hasReason, numbered, type Register, type Scene, type Subscriber } from "./scene.ts";

/** The broker is killed and comes back. */
export function outages(test: Register, traits: PubSubTraits): void {
  const itRestarts = test.if(traits.restartsBroker);
  const itSurvives = test.if(traits.survivesBroker);

  itRestarts("outage: publish fails within its deadline, and everything comes back", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, acks: true });
    await s.publish(topic, "before");
    await s.all(["before"], sub);
    await away(s, async () => {
      const startMs = Date.now();
      const publish = async (): Promise<string> =>
        s.client.publish(publishRequest(topic, "lost"), testCall(startMs + 500));
      await assert.rejects(publish, hasReason("BACKEND_UNAVAILABLE", "BACKEND_TIMEOUT"));
      // Well before the components' own timeouts; a slow machine may take its time.
      assert.ok(Date.now() - startMs < 4000, "it took longer than its deadline of 500 ms");
      if (s.client.ping !== undefined)
        await assert.rejects(() => s.client.ping?.(AbortSignal.timeout(500)) ?? Promise.resolve());
    });
    await s.publishEventually(topic, "after");
    await s.all(["after"], sub);
    await s.client.ping?.(AbortSignal.timeout(s.timeoutMs));
  });

  itRestarts(
    "outage: to subscribe rejects in time or succeeds when the broker is back",
    async (s) => {
      const [topic, group] = [await s.topic(), s.group()];
      await s.createGroup(topic, group);
      let early: Promise<Subscriber | undefined> = Promise.resolve(undefined);
      await away(s, () => {
        early = s.subscribe({ topic, group, acks: true }).catch(() => undefined);
        return Promise.resolve();
      });
      const subscriber = await early;
      const sub =
        subscriber ?? (await s.eventually(() => s.subscribe({ topic, group, acks: true })));
      await s.publishEventually(topic, "a");
      await s.all(["a"], sub);
    },
  );

  itRestarts("outage: a subscription can be closed while the broker is away", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 1 });
    await s.publishAll(topic, ["a", "b"]);
    await sub.take(1);
    await away(s, () => sub.close());
    await s.publishEventually(topic, "c");
    const next = await s.eventually(() => s.subscribe({ topic, group, acks: true }));
    await s.all(["c"], next);
  });

  itSurvives("outage: a subscription gets every acknowledged message", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    const sub = await s.subscribe({ topic, group, prefetch: 5 });
    const all = numbered(20);
    await s.publishAll(topic, all);
    await sub.take(5);
    await away(s, () => Promise.resolve());
    sub.ackAll();
    await s.all(all, sub);
  });

  test.if(traits.survivesBroker === true && traits.delay === true)(
    "outage: a delayed message comes after it",
    async (s) => {
      const [topic, group] = [await s.topic(), s.group()];
      const sub = await s.subscribe({ topic, group, acks: true });
      await s.client.publishLater?.(publishRequest(topic, "a"), 300, testCall());
      await away(s, () => Promise.resolve());
      await s.all(["a"], sub);
    },
  );

  itSurvives("outage: a group that nobody subscribed to keeps its messages", async (s) => {
    const [topic, group] = [await s.topic(), s.group()];
    await s.createGroup(topic, group);
    const all = numbered(20);
    await s.publishAll(topic, all);
    await away(s, () => Promise.resolve());
    const sub = await s.eventually(() => s.subscribe({ topic, group, acks: true }));
    await s.all(all, sub);
  });
}

/** Does something while the broker is away. It is there again in any case. */
async function away(s: Scene, act: () => Promise<void>): Promise<void> {
  const { harness } = s.stage;
  assert.ok(harness.killBroker !== undefined && harness.startBroker !== undefined);
  await harness.killBroker();
  try {
    await act();
  } finally {
    await harness.startBroker();
  }
}
