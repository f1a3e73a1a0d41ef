import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { fakeClock, type FakeClock } from "@layotto/sidecar-kit/testing";
import { defaultDelivery } from "../delivery/options.ts";
import type { Attempt } from "../delivery/sink.ts";
import { rawEvent } from "../envelope/parse.ts";
import { StreamSink } from "./stream-sink.ts";

describe("StreamSink", () => {
  let clock: FakeClock;
  let sink: StreamSink;
  let outcomes: string[];

  beforeEach(() => {
    clock = fakeClock();
    outcomes = [];
    const options = { ...defaultDelivery, timeoutMs: 100 };
    sink = new StreamSink({ pubsub: "p", topic: "t", options, metadata: {}, clock, changed() {} });
  });

  function attempt(messageId: string, eventId = messageId): Attempt {
    return {
      event: { ...rawEvent(Buffer.from(messageId), "p", "t", messageId), id: eventId },
      messageId,
      number: 1,
      metadata: undefined,
      done: (outcome) => void outcomes.push(`${messageId} ${outcome}`),
    };
  }

  const textOf = async () => Buffer.from((await sink.next())?.data ?? []).toString();

  it("what a stream that does not read has not got in time is not sent any more", async () => {
    sink.deliver(attempt("1"));
    sink.deliver(attempt("2"));
    await clock.advance(200);
    assert.deepEqual(outcomes, ["1 retry", "2 retry"]);
    sink.deliver(attempt("3"));
    assert.equal(await textOf(), "3");
    sink.processed("3", 0);
    let isWaiting = true;
    void sink.next().then(() => (isWaiting = false));
    await clock.advance(0);
    assert.ok(isWaiting);
    sink.end();
  });

  it("of two messages with one id the second is sent when the first is answered, so that answers cannot be mixed up", async () => {
    sink.deliver(attempt("1", "same"));
    sink.deliver(attempt("2", "same"));
    sink.deliver(attempt("3"));
    assert.equal(await textOf(), "1");
    assert.equal(await textOf(), "3");
    sink.processed("same", 1);
    assert.equal(await textOf(), "2");
    sink.processed("same", 0);
    assert.deepEqual(outcomes, ["1 retry", "2 success"]);
    sink.processed("same", 0);
    sink.end();
    assert.deepEqual(outcomes.slice(2), ["3 interrupted"]);
  });
});
