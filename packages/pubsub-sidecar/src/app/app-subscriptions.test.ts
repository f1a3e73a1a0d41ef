import assert from "node:assert/strict";
import { it } from "node:test";
import { systemClock } from "@layotto/sidecar-kit";
import { eventually, fakeClock, settle, testContext } from "@layotto/sidecar-kit/testing";
import type { Subscriptions } from "../delivery/subscriptions.ts";
import type { PubSubs } from "../pubsubs.ts";
import { TestApp } from "../testing/app.ts";
import { AppSubscriptions } from "./app-subscriptions.ts";

it("AppSubscriptions asks the broker again to keep what the file declares, until it does", async () => {
  const clock = fakeClock();
  let [asked, failures] = [0, 2];
  const pubsubs = {
    components: { has: () => true, onChange: () => () => {} },
    groupOf: () => "g",
    deliveryOf: () => ({ options: {}, faults: [] }),
    keep: () => {
      asked++;
      return failures-- > 0 ? Promise.reject(new Error("broker away")) : Promise.resolve();
    },
  };
  const attached = { subscription: { changed() {} }, detach() {}, opened: Promise.resolve() };
  const subscriptions = { draining: false, attach: () => attached };
  const app = new AppSubscriptions({
    target: { path: "/nowhere" },
    logger: testContext({}).logger,
    clock,
    pubsubs: pubsubs as unknown as PubSubs, // classes; nothing else of them is called here
    subscriptions: subscriptions as unknown as Subscriptions,
    declared: [{ pubsub: "p", topic: "t", metadata: {} }],
  });
  app.start();
  await settle();
  assert.equal(asked, 1);
  for (let i = 0; i < 10; i++) await clock.advance(1000);
  assert.equal(asked, 3);
  await app.close();
  assert.equal(clock.pending, 0);
});

it("AppSubscriptions leaves a subscription alone that the app lists again with metadata in another order", async () => {
  const calls: string[] = [];
  const subscription = { changed: () => void calls.push("changed") };
  const attached = { subscription, detach: () => void calls.push("detach") };
  const testApp = await TestApp.create({
    pubsubName: "p",
    topic: "t",
    metadata: { a: "1", b: "2" },
  });
  const options = { timeoutMs: 1000 };
  const components = { has: () => true, onChange: () => () => {} };
  const pubsubs = { components, deliveryOf: () => ({ options, faults: [] }) };
  const subscriptions = { draining: false, attach: () => (calls.push("attach"), attached) };
  const app = new AppSubscriptions({
    target: { host: "127.0.0.1", port: testApp.port },
    logger: testContext({}).logger,
    clock: systemClock,
    pubsubs: pubsubs as unknown as PubSubs, // classes; nothing else of them is called here
    subscriptions: subscriptions as unknown as Subscriptions,
    declared: [],
  });
  try {
    await testApp.start();
    app.start();
    await eventually("the app", () => calls.length === 2);
    await testApp.stop();
    testApp.topics = [{ pubsubName: "p", topic: "t", metadata: { b: "2", a: "1" } }];
    await testApp.start();
    await eventually("the app again", () => testApp.asked === 2 && calls.length >= 4);
    assert.deepEqual(calls, ["attach", "changed", "changed", "changed"]);
  } finally {
    await app.close();
    await testApp.stop();
  }
});
