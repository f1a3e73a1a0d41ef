import assert from "node:assert/strict";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FakeInstallation } from "../testing/fake-topics.ts";
import { readSubscriptions, renderTroubles } from "./subscriptions.ts";

let installation: FakeInstallation;

beforeEach(() => {
  installation = new FakeInstallation();
});
afterEach(() => installation.close());

const nothing = { subscriptions: [], subscriptionsUnknown: [] };
const open = { group: "shop", state: "open", sinks: ["app"], unsettled: 2 };

describe("readSubscriptions()", () => {
  it("finds nothing where no process serves publish and subscribe", async () => {
    installation.addProcess("state", []);
    installation.addProcess("old", [], { components: undefined as never }); // of an older supervisor
    assert.deepEqual(await readSubscriptions(installation.status), nothing);
  });

  it("asks no process that is not ready", async () => {
    installation.addProcess("pubsub", ["orders"], { state: "backoff", pid: null });
    assert.deepEqual(await readSubscriptions(installation.status), nothing);
  });

  it("merges subscriptions of all processes and says what is wrong with each", async () => {
    await installation.serve("pubsub", ["orders"], {
      topics: [
        { pubsub: "orders", topic: "unused", counts: { dead_lettered: 9 } },
        { pubsub: "orders", topic: "old", subscription: { ...open, oldestMs: 123_000 } },
        { pubsub: "orders", topic: "fine", subscription: { ...open, oldestMs: 60_000, lag: 5 } },
      ],
    });
    const away = { ...open, state: "waiting for\n\u001B[31mthe app", sinks: [] };
    const counts = { published: 4, dead_lettered: 3 };
    await installation.serve("audit", ["audit"], {
      topics: [
        { pubsub: "audit", topic: "all", counts, subscription: away },
        { pubsub: "audit", topic: "one", counts: { dead_lettered: 1 }, subscription: open },
      ],
    });
    const report = await readSubscriptions(installation.status);
    assert.deepEqual(
      report.subscriptions.map((s) => [s.process, s.topic, s.trouble]),
      [
        ["audit", "all", "waiting for .[31mthe app, 3 dead letters"],
        ["audit", "one", "1 dead letter"],
        ["pubsub", "fine", null],
        ["pubsub", "old", "oldest unacknowledged 2m 3s"],
      ],
    );
    assert.deepEqual(report.subscriptions[2], {
      process: "pubsub",
      pubsub: "orders",
      topic: "fine",
      ...open,
      oldestMs: 60_000,
      lag: 5,
      deadLettered: 0,
      trouble: null,
    });
    assert.equal(
      renderTroubles(report),
      "\npubsub audit/all: waiting for .[31mthe app, 3 dead letters\n" +
        "pubsub audit/one: 1 dead letter\npubsub orders/old: oldest unacknowledged 2m 3s\n",
    );
  });

  it("waits a second at most for a process that is silent, and names it", async () => {
    const silent = createServer((socket) => void socket.on("error", () => undefined));
    await new Promise<void>((resolve) => silent.listen(installation.socket("mute"), resolve));
    installation.addProcess("mute", ["a"]);
    installation.addProcess("absent", ["b"]);
    await installation.serve("pubsub", ["c"], { topics: [] });
    const start = performance.now();
    const report = await readSubscriptions(installation.status);
    // Those that are silent are asked together, a second each; the rest is for a busy machine.
    assert.ok(performance.now() - start < 10_000);
    silent.close();
    assert.deepEqual(report, { subscriptions: [], subscriptionsUnknown: ["mute", "absent"] });
    assert.equal(
      renderTroubles(report),
      "\nsubscriptions of mute are unknown: it does not answer\n" +
        "subscriptions of absent are unknown: it does not answer\n",
    );
  });
});

describe("renderTroubles()", () => {
  it("is empty when there is no trouble", () => {
    assert.equal(renderTroubles(nothing), "");
  });
});
