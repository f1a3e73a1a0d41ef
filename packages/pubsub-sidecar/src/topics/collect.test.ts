import assert from "node:assert/strict";
import { it } from "node:test";
import type { Delivery, PubSub } from "../component.ts";
import { collect } from "./collect.ts";

it("collect does not wait for the first message when it has come at once", async () => {
  const delivery = { id: "1" } as Delivery; // nothing else of it is used here
  const log: string[] = [];
  const component: Pick<PubSub, "subscribe"> = {
    subscribe: (_request, receiver) => {
      receiver.deliver(delivery);
      return Promise.resolve({
        pause: () => void log.push("pause"),
        resume: () => {},
        close: async () => void log.push("close"),
      });
    },
  };
  const began = Date.now();
  const options = { topic: "t", group: "g", limit: 10, waitMs: 60_000 };
  let got: readonly Delivery[] = [];
  await collect(component as PubSub, options, async (deliveries) => {
    got = deliveries;
  });
  assert.deepEqual(got, [delivery]);
  assert.deepEqual(log, ["pause", "close"]);
  assert.ok(Date.now() - began < 30_000);
});
