import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { Metrics, Status } from "@layotto/sidecar-kit";
import { fakeClock, settle, type FakeClock } from "@layotto/sidecar-kit/testing";
import type { Delivery, PubSub, Receiver, SubscribeRequest } from "../component.ts";
import { buildEvent } from "../envelope/build.ts";
import { Counters } from "./counters.ts";
import { FakeSink } from "../testing/fake-sink.ts";
import { Subscription } from "./subscription.ts";

/** A broker that tells what it was asked. */
class FakeBroker {
  readonly log: string[] = [];
  receiver: Receiver | undefined;
  request: SubscribeRequest | undefined;
  /** What `subscribe` does before it is done. */
  gate: () => Promise<void> = () => Promise.resolve();
  lag: () => Promise<number> = () => Promise.resolve(0);

  readonly component: Pick<PubSub, "subscribe" | "topicFault"> = {
    topicFault: () => undefined,
    subscribe: async (request, receiver) => {
      this.log.push("subscribe");
      await this.gate();
      this.receiver = receiver;
      this.request = request;
      return {
        pause: () => void this.log.push("pause"),
        resume: () => void this.log.push("resume"),
        close: async () => void this.log.push("close"),
        lag: () => this.lag(),
      };
    },
  };
}

describe("Subscription", () => {
  let clock: FakeClock;
  let broker: FakeBroker;
  let subscription: Subscription;
  let notReady: Error | undefined;
  let acked: string[];
  let changes: number;

  beforeEach(() => {
    clock = fakeClock();
    broker = new FakeBroker();
    notReady = undefined;
    acked = [];
    changes = 0;
    subscription = new Subscription({
      pubsub: "p",
      topic: "t",
      group: "g",
      clock,
      counters: new Counters(new Metrics()).of("p", "t"),
      component: () => {
        if (notReady !== undefined) throw notReady;
        return broker.component as PubSub; // nothing else of it is called here
      },
      changed: () => void changes++,
      bury: () => Promise.resolve(),
      warn: () => {},
    });
  });

  function message(id: string): Delivery {
    const origin = {
      pubsub: "p",
      topic: "t",
      traceparent: undefined,
      nowMs: 0,
      expiresAtMs: undefined,
    };
    const { bytes } = buildEvent(Buffer.from(id), "text/plain", origin);
    const ack = () => void acked.push(id);
    return {
      id,
      data: bytes,
      lane: undefined,
      redelivered: 0,
      metadata: undefined,
      ack,
      release: () => {},
    };
  }

  it("subscribes when a sink comes, with its prefetch and metadata, and ends with the last sink", async () => {
    const [a, b] = [new FakeSink(), new FakeSink()];
    await subscription.attach(a);
    await subscription.attach(b);
    assert.deepEqual(broker.log, ["subscribe"]);
    assert.equal(changes, 1);
    assert.deepEqual(broker.request, {
      topic: "t",
      group: "g",
      prefetch: 100,
      metadata: { a: "b" },
    });
    subscription.detach(a);
    await settle();
    assert.deepEqual(broker.log, ["subscribe"]);
    subscription.detach(b);
    await settle();
    assert.deepEqual(broker.log, ["subscribe", "pause", "close"]);
    assert.ok(subscription.isUnused);
  });

  it("waits for the first sink to be ready", async () => {
    const sink = new FakeSink();
    sink.ready = false;
    void subscription.attach(sink);
    await settle();
    assert.deepEqual(broker.log, []);
    sink.ready = true;
    subscription.changed();
    await settle();
    assert.deepEqual(broker.log, ["subscribe"]);
  });

  it("pauses while the app is away for a moment, and leaves the messages to others when it stays away", async () => {
    const sink = new FakeSink();
    await subscription.attach(sink);
    sink.ready = false;
    subscription.changed();
    await clock.advance(4999);
    sink.ready = true;
    subscription.changed();
    await clock.advance(10_000);
    assert.deepEqual(broker.log, ["subscribe", "pause", "resume"]);
    sink.ready = false;
    subscription.changed();
    await clock.advance(5000);
    assert.deepEqual(broker.log.slice(3), ["pause", "close"]);
    sink.ready = true;
    subscription.changed();
    await settle();
    assert.equal(broker.log.at(-1), "subscribe");
    broker.receiver?.deliver(message("1"));
    assert.equal(sink.attempts.length, 1);
  });

  it("rejects the first attempt to whoever waits for it, and goes on trying", async () => {
    notReady = new Error("not open");
    await assert.rejects(subscription.attach(new FakeSink()), /not open/);
    assert.equal(subscription.info().state, "not open");
    notReady = undefined;
    await clock.advance(1000);
    assert.deepEqual(broker.log, ["subscribe"]);
    assert.equal(subscription.info().state, "open");
  });

  it("hurry tries at once instead of after the pause", async () => {
    notReady = new Error("not open");
    await assert.rejects(subscription.attach(new FakeSink()));
    notReady = undefined;
    subscription.hurry();
    await settle();
    assert.deepEqual(broker.log, ["subscribe"]);
  });

  it("drain hands out nothing more, waits for what runs, then tells the broker", async () => {
    const sink = new FakeSink();
    await subscription.attach(sink);
    broker.receiver?.deliver(message("1"));
    const drained = subscription.drain(10_000);
    broker.receiver?.deliver(message("2"));
    await settle();
    assert.deepEqual(broker.log, ["subscribe", "pause"]);
    assert.equal(sink.attempts.length, 1);
    sink.attempts[0]?.done("success");
    await drained;
    assert.deepEqual(acked, ["1"]);
    assert.equal(broker.log.at(-1), "close");
  });

  it("drain waits no longer than the grace period, and what is late is not acknowledged", async () => {
    const sink = new FakeSink();
    await subscription.attach(sink);
    broker.receiver?.deliver(message("1"));
    const drained = subscription.drain(1000);
    await clock.advance(1000);
    await drained;
    assert.equal(broker.log.at(-1), "close");
  });

  it("a sink that comes while the subscription is being opened shares it", async () => {
    let open = () => {};
    broker.gate = () => new Promise((resolve) => (open = resolve));
    const first = subscription.attach(new FakeSink());
    const second = subscription.attach(new FakeSink());
    await settle();
    open();
    await Promise.all([first, second]);
    assert.deepEqual(broker.log, ["subscribe"]);
  });

  it("a sink that leaves while the subscription is being opened leaves nothing behind", async () => {
    let open = () => {};
    broker.gate = () => new Promise((resolve) => (open = resolve));
    const sink = new FakeSink();
    const attached = subscription.attach(sink);
    await settle();
    subscription.detach(sink);
    open();
    await attached;
    await settle();
    assert.equal(broker.log.at(-1), "close");
    assert.ok(subscription.isUnused);
  });

  it("a sink that leaves during a drain does not end what another one has", async () => {
    const [a, b] = [new FakeSink(), new FakeSink()];
    await subscription.attach(a);
    await subscription.attach(b);
    broker.receiver?.deliver(message("1"));
    const drained = subscription.drain(10_000);
    const [idle, busy] = a.attempts.length === 0 ? [a, b] : [b, a];
    subscription.detach(idle);
    busy.ready = false;
    subscription.changed();
    await settle();
    assert.deepEqual(broker.log, ["subscribe", "pause"]);
    busy.attempts[0]?.done("success");
    await drained;
    assert.deepEqual(acked, ["1"]);
    assert.equal(broker.log.at(-1), "close");
  });

  it("a drain waits no longer than the grace period for a subscription that is about to end", async () => {
    const sink = new FakeSink();
    await subscription.attach(sink);
    broker.receiver?.deliver(message("1"));
    subscription.detach(sink);
    let isDrained = false;
    void subscription.drain(1000).then(() => (isDrained = true));
    await clock.advance(999);
    assert.equal(isDrained, false);
    await clock.advance(1);
    assert.ok(isDrained);
    assert.deepEqual(broker.log, ["subscribe", "pause", "close"]);
    assert.equal(clock.pending, 0);
  });

  it("who comes while the subscription ends waits for the next one", async () => {
    const old = new FakeSink();
    await subscription.attach(old);
    await settle();
    broker.receiver?.deliver(message("1"));
    subscription.detach(old);
    notReady = new Error("not open");
    const attached = subscription.attach(new FakeSink());
    old.attempts[0]?.done("success");
    await assert.rejects(attached, /not open/);
    assert.deepEqual(acked, ["1"]);
  });

  it("a drain tells those who wait for the subscription that it does not come", async () => {
    notReady = new Error("not open");
    await assert.rejects(subscription.attach(new FakeSink()));
    const second = subscription.attach(new FakeSink());
    await subscription.drain(1000);
    await assert.rejects(second, { code: Status.UNAVAILABLE });
    assert.equal(clock.pending, 0);
  });

  it("asks for the lag one at a time, and shows none of a subscription that has ended", async () => {
    const sink = new FakeSink();
    await subscription.attach(sink);
    await settle();
    let [asked, answer] = [0, (_lag: number) => {}];
    broker.lag = () => {
      asked++;
      return new Promise((resolve) => (answer = resolve));
    };
    const measured = [subscription.measureLag(), subscription.measureLag()];
    assert.equal(asked, 1);
    subscription.detach(sink);
    await settle();
    answer(7);
    await Promise.all(measured);
    assert.equal(subscription.info().lag, undefined);
    await subscription.attach(sink);
    void subscription.measureLag();
    answer(8);
    await settle();
    assert.equal(subscription.info().lag, 8);
  });
});
