import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { Metrics } from "@layotto/sidecar-kit";
import { fakeClock, settle, type FakeClock } from "@layotto/sidecar-kit/testing";
import type { Delivery } from "../component.ts";
import { buildEvent } from "../envelope/build.ts";
import { Counters, type TopicCounters } from "./counters.ts";
import { FakeSink } from "../testing/fake-sink.ts";
import type { DeliveryOptions } from "./options.ts";
import { Work, type DeadMessage } from "./work.ts";

describe("Work", () => {
  let clock: FakeClock;
  let counters: TopicCounters;
  let buried: DeadMessage[];
  let bury: () => Promise<void>;
  let warnings: string[];
  let work: Work;
  let acked: string[];

  beforeEach(() => {
    clock = fakeClock();
    counters = new Counters(new Metrics()).of("p", "t");
    [buried, warnings, acked] = [[], [], []];
    bury = () => Promise.resolve();
    work = new Work({
      pubsub: "p",
      topic: "t",
      clock,
      counters,
      random: () => 1, // the full pause
      bury: (message) => {
        buried.push(message);
        return bury();
      },
      warn: (_fields, message) => void warnings.push(message),
    });
  });

  function message(id: string, lane?: string, data = event()): Delivery {
    return {
      id,
      data,
      lane,
      redelivered: 0,
      metadata: undefined,
      ack: () => void acked.push(id),
      release: () => assert.fail("the work releases nothing itself"),
    };
  }

  function event(expiresAtMs?: number): Uint8Array {
    const origin = { pubsub: "p", topic: "t", traceparent: undefined, nowMs: 0, expiresAtMs };
    return buildEvent(Buffer.from("data"), "text/plain", origin).bytes;
  }

  function sink(options: Partial<DeliveryOptions> = {}): FakeSink {
    const added = new FakeSink(options);
    work.addSink(added);
    return added;
  }

  it("acknowledges what succeeded", () => {
    const app = sink();
    work.take(message("1"));
    assert.deepEqual(acked, []);
    app.last.done("success");
    assert.deepEqual(acked, ["1"]);
    assert.equal(work.unsettled, 0);
    assert.equal(counters.delivered.value, 1);
    assert.equal(counters.acknowledged.value, 1);
  });

  it("tries again after a pause that doubles up to its cap", async () => {
    const app = sink({ retryMs: 100, maxRetryMs: 300 });
    work.take(message("1"));
    for (const pauseMs of [100, 200, 300, 300]) {
      app.last.done("retry");
      const { length } = app.attempts;
      await clock.advance(pauseMs - 1);
      assert.equal(app.attempts.length, length);
      await clock.advance(1);
      assert.equal(app.attempts.length, length + 1);
    }
    assert.equal(app.last.number, 5);
    assert.equal(counters.retried.value, 4);
    assert.deepEqual(acked, []);
  });

  it("buries a message after maxAttempts, then acknowledges it", async () => {
    const app = sink({ retryMs: 1, maxAttempts: 3, deadLetterTopic: "dead" });
    work.take(message("1"));
    for (let attempt = 1; attempt <= 3; attempt++) {
      assert.equal(app.last.number, attempt);
      app.last.done("retry", `no ${attempt}`);
      await clock.advance(100);
    }
    assert.deepEqual(
      buried.map(({ deadLetterTopic, reason, attempts }) => ({
        deadLetterTopic,
        reason,
        attempts,
      })),
      [{ deadLetterTopic: "dead", reason: "no 3", attempts: 3 }],
    );
    assert.deepEqual(acked, ["1"]);
    assert.equal(counters.dead_lettered.value, 1);
  });

  it("without a dead-letter topic it never gives up", async () => {
    const app = sink({ retryMs: 1, maxRetryMs: 10, maxAttempts: 2 });
    work.take(message("1"));
    for (let i = 0; i < 50; i++) {
      app.last.done("retry");
      await clock.advance(10);
    }
    assert.equal(app.attempts.length, 51);
    assert.deepEqual(acked, []);
  });

  it("keeps a message until the dead-letter topic has it", async () => {
    const app = sink({ maxAttempts: 1, deadLetterTopic: "dead" });
    let failures = 3;
    bury = () => (failures-- > 0 ? Promise.reject(new Error("broker away")) : Promise.resolve());
    work.take(message("1"));
    app.last.done("retry");
    await settle();
    assert.deepEqual(acked, []);
    await clock.advance(10_000);
    assert.equal(buried.length, 4);
    assert.deepEqual(acked, ["1"]);
    assert.equal(app.attempts.length, 1);
  });

  it("DROP goes to the dead-letter topic where there is one, otherwise away", async () => {
    const withTopic = sink({ deadLetterTopic: "dead" });
    work.take(message("1"));
    withTopic.last.done("drop", "no use");
    await settle();
    assert.equal(buried.length, 1);
    work.removeSink(withTopic);
    const without = sink();
    work.take(message("2"));
    without.last.done("drop", "no use");
    assert.deepEqual(acked, ["1", "2"]);
    assert.equal(buried.length, 1);
    assert.equal(counters.dropped.value, 1);
    assert.equal(counters.dead_lettered.value, 1);
  });

  it("Unimplemented suspends the sink without a dead-letter topic, and the message waits", () => {
    const app = sink();
    work.take(message("1"));
    work.take(message("2"));
    app.attempts[0]?.done("unimplemented", "UNIMPLEMENTED: no");
    assert.equal(app.suspended, "UNIMPLEMENTED: no");
    app.attempts[1]?.done("unimplemented", "UNIMPLEMENTED: no");
    assert.deepEqual(acked, []);
    app.ready = true;
    work.pump();
    assert.deepEqual(app.given.slice(2).toSorted(), ["1", "2"]);
    assert.equal(app.last.number, 1);
  });

  it("an interruption uses up no attempt, and the message goes to another sink", () => {
    const [first, second] = [sink({ concurrency: 1 }), sink({ concurrency: 1 })];
    work.take(message("1"));
    const [has, other] = first.attempts.length === 1 ? [first, second] : [second, first];
    has.ready = false;
    has.last.done("interrupted");
    assert.deepEqual(other.given, ["1"]);
    assert.equal(other.last.number, 1);
  });

  it("a message that ends its app again and again is buried", async () => {
    const app = sink({ maxAttempts: 5, deadLetterTopic: "dead" });
    work.take(message("1"));
    for (let i = 0; i < 5; i++) {
      app.last.done("interrupted", "the app went away");
      await clock.advance(1000);
    }
    assert.equal(buried.length, 1);
    assert.deepEqual(acked, ["1"]);
  });

  it("hands each sink at most its concurrency, and the next message to the least busy", () => {
    const [a, b] = [sink({ concurrency: 1 }), sink({ concurrency: 2 })];
    for (const id of ["1", "2", "3", "4"]) work.take(message(id));
    assert.equal(a.attempts.length, 1);
    assert.equal(b.attempts.length, 2);
    b.attempts[0]?.done("success");
    assert.equal(b.last.messageId, "4");
  });

  it("messages of one lane go one after another, also over retries; others pass them", async () => {
    const app = sink({ retryMs: 100 });
    for (const id of ["a1", "a2", "b1", "a3", "x"]) {
      work.take(message(id, id === "x" ? undefined : id[0]));
    }
    assert.deepEqual(app.given, ["a1", "b1", "x"]);
    app.attempts[0]?.done("retry");
    assert.deepEqual(app.given, ["a1", "b1", "x"]);
    await clock.advance(100);
    app.last.done("success");
    app.last.done("success");
    assert.deepEqual(app.given, ["a1", "b1", "x", "a1", "a2", "a3"]);
    app.last.done("success");
    assert.deepEqual(acked, ["a1", "a2", "a3"]);
  });

  it("a poison message does not stop its neighbours", async () => {
    const app = sink({ concurrency: 2, retryMs: 1, maxRetryMs: 5 });
    for (let i = 0; i < 100; i++) work.take(message(String(i)));
    for (let i = 0; i < 1000 && acked.length < 99; i++) {
      for (const attempt of app.attempts.splice(0)) {
        attempt.done(attempt.messageId === "7" ? "retry" : "success");
      }
      await clock.advance(1);
    }
    assert.equal(acked.length, 99);
    assert.equal(work.unsettled, 1);
  });

  it("what cannot be read is dropped with a counter, or goes to the dead-letter topic", async () => {
    const app = sink();
    work.take(message("1", "lane", Buffer.from("no event")));
    assert.deepEqual(acked, ["1"]);
    assert.equal(counters.unreadable.value, 1);
    work.removeSink(app);
    sink({ deadLetterTopic: "dead" });
    work.take(message("2", "lane", Buffer.from("{}")));
    await settle();
    assert.equal(buried.length, 1);
    assert.deepEqual(acked, ["1", "2"]);
  });

  it("acknowledges expired events without delivering them", () => {
    const app = sink();
    work.take(message("1", undefined, event(clock.now() - 1)));
    work.take(message("2", undefined, event(clock.now() + 10_000)));
    assert.deepEqual(acked, ["1"]);
    assert.deepEqual(app.given, ["2"]);
    assert.equal(counters.expired.value, 1);
  });

  it("a revoked message that runs keeps its lane until it ends and is not acknowledged", () => {
    const app = sink();
    const first = message("1", "lane");
    work.take(first);
    work.take(message("2", "lane"));
    work.revoke(first);
    assert.deepEqual(app.given, ["1"]);
    app.last.done("success");
    assert.deepEqual(app.given, ["1", "2"]);
    assert.deepEqual(acked, []);
  });

  it("of a lane that is revoked message by message none is handed over meanwhile", async () => {
    const app = sink({ retryMs: 100 });
    const lane = ["1", "2", "3"].map((id) => message(id, "lane"));
    for (const each of lane) work.take(each);
    app.last.done("retry");
    for (const each of lane) work.revoke(each);
    await clock.advance(1000);
    assert.deepEqual(app.given, ["1"]);
    work.take(message("4", "lane"));
    assert.deepEqual(app.given, ["1", "4"]);
  });

  it("a revoked message that waits is forgotten", () => {
    const app = sink({ concurrency: 1 });
    const [second, third] = [message("2", "lane"), message("3")];
    work.take(message("1", "lane"));
    work.take(second);
    work.take(third);
    work.revoke(second);
    work.revoke(third);
    app.last.done("success");
    assert.deepEqual(app.given, ["1"]);
    assert.equal(work.unsettled, 0);
  });

  it("stop hands over nothing more; what runs may end and is acknowledged", async () => {
    const app = sink({ concurrency: 1 });
    work.take(message("1", "lane"));
    work.take(message("2", "lane"));
    work.take(message("3"));
    work.stop();
    const idle = work.idle();
    app.last.done("success");
    await idle;
    work.take(message("4"));
    assert.deepEqual(app.given, ["1"]);
    assert.deepEqual(acked, ["1"]);
    assert.equal(work.unsettled, 0);
    assert.equal(clock.pending, 0);
  });

  it("an attempt that ends twice counts once", () => {
    const app = sink({ concurrency: 1 });
    work.take(message("1"));
    const attempt = app.last;
    attempt.done("success");
    attempt.done("success");
    work.take(message("2"));
    work.take(message("3"));
    assert.equal(app.attempts.length, 2);
  });

  it("a sink that throws stops nobody: the message is tried again", async () => {
    const bad = new FakeSink({ retryMs: 10 });
    bad.deliver = () => {
      throw new Error("cannot encode");
    };
    work.addSink(bad);
    work.take(message("1"));
    work.removeSink(bad);
    const app = sink();
    work.take(message("2"));
    assert.deepEqual(app.given, ["2"]);
    await clock.advance(10);
    assert.deepEqual(app.given, ["2", "1"]);
  });

  it("a message that comes while nobody is there is read as the next sink wants it", async () => {
    work.take(message("1", undefined, Buffer.from("plain bytes")));
    work.take(message("2", undefined, Buffer.from("plain bytes")));
    assert.deepEqual(acked, []);
    const app = sink({ raw: true, concurrency: 1 });
    assert.equal(Buffer.from(app.last.event.data).toString(), "plain bytes");
    work.removeSink(app);
    sink({ deadLetterTopic: "dead" });
    await settle();
    assert.deepEqual(
      buried.map(({ delivery }) => delivery.id),
      ["2"],
    );
  });

  it("an event that expires while it waits is not delivered", async () => {
    const app = sink({ retryMs: 1000 });
    work.take(message("1", undefined, event(clock.now() + 500)));
    app.last.done("retry");
    await clock.advance(1000);
    assert.equal(app.attempts.length, 1);
    assert.deepEqual(acked, ["1"]);
    assert.equal(counters.expired.value, 1);
  });

  it("a dead letter that is being written when the work stops is acknowledged with its end", async () => {
    const app = sink({ maxAttempts: 1, deadLetterTopic: "dead" });
    let written = () => {};
    bury = () => new Promise((resolve) => (written = resolve));
    work.take(message("1"));
    app.last.done("retry");
    work.stop();
    const idle = work.idle();
    written();
    await idle;
    assert.deepEqual(acked, ["1"]);
  });

  it("an attempt from before a restart does not let those of its lane overtake", () => {
    const app = sink();
    const old = message("1", "lane");
    work.take(old);
    work.revoke(old);
    work.stop();
    work.restart();
    work.take(message("2", "lane"));
    work.take(message("3", "lane"));
    app.attempts[0]?.done("success");
    assert.deepEqual(app.given, ["1", "2"]);
    app.last.done("success");
    assert.deepEqual(app.given, ["1", "2", "3"]);
    assert.deepEqual(acked, ["2"]);
  });
});
