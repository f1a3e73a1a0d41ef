import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { BrokerModel } from "../../testing/broker-model.ts";
import { InMemoryPubSub } from "./in-memory.ts";

/** What may happen. `sub` and `at` pick a subscription and one of its unsettled messages. */
type Step =
  | { readonly do: "publish"; readonly key: string | undefined }
  | { readonly do: "subscribe"; readonly group: string; readonly prefetch: number }
  | { readonly do: "ack" | "release"; readonly sub: number; readonly at: number }
  | { readonly do: "pause" | "resume" | "close"; readonly sub: number }
  | { readonly do: "turn" };

const sub = fc.nat({ max: 20 });

const steps = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("publish" as const),
        key: fc.constantFrom(undefined, "a", "b", "c"),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom("ack", "release"), sub, at: fc.nat({ max: 5 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom("pause", "resume", "close"), sub }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("subscribe" as const),
        group: fc.constantFrom("x", "y"),
        prefetch: fc.integer({ min: 1, max: 4 }),
      }),
    },
  ),
  { maxLength: 150, size: "max" },
);

it("InMemoryPubSub loses nothing, keeps lanes in order and never exceeds prefetch", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const pubsub = new InMemoryPubSub({ maxMessages: 1000, maxBytes: 1_000_000, backlog: 1000 });
      const model = new BrokerModel(pubsub);
      for (const step of all) await perform(model, step);
      await model.subscribe("x", 2);
      await model.finish();
      assert.deepEqual([pubsub.usage.messages, pubsub.usage.bytes], [0, 0]);
      await pubsub.close();
    }),
    { numRuns: 500 },
  );
});

async function perform(model: BrokerModel, step: Step): Promise<void> {
  if (step.do === "publish") return model.publish(step.key);
  if (step.do === "turn") return model.turn();
  if (step.do === "subscribe") {
    await model.subscribe(step.group, step.prefetch);
    return;
  }
  const { subscriptions } = model;
  const subscription = subscriptions[step.sub % Math.max(1, subscriptions.length)];
  if (subscription === undefined) return;
  if ("at" in step) return subscription.settle(step.at, step.do === "ack");
  if (step.do === "close") return model.close(subscription);
  model.pause(subscription, step.do === "pause");
}
