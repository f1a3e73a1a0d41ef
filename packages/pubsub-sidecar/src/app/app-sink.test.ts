import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { GrpcError, Status, type UnaryCallback } from "@layotto/grpc-transport";
import { defaultDelivery } from "../delivery/options.ts";
import type { Attempt } from "../delivery/sink.ts";
import { rawEvent } from "../envelope/parse.ts";
import { AppSink } from "./app-sink.ts";

describe("AppSink", () => {
  let connection: number;
  let isThere: boolean;
  let answer: UnaryCallback;
  let outcomes: string[];
  let sink: AppSink;
  let attempt: Attempt;

  beforeEach(() => {
    [connection, isThere, outcomes] = [1, true, []];
    const channel = {
      ready: true,
      get connection() {
        return connection;
      },
      hasLost: (which: number) => !isThere || which !== connection,
      call: (_path: string, _message: Uint8Array, _options: object, callback: UnaryCallback) => {
        answer = callback;
      },
    };
    const own = { pubsub: "p", topic: "t", options: defaultDelivery, metadata: {} };
    sink = new AppSink({ ...own, channel, warn: () => {}, changed: () => {} });
    attempt = {
      event: rawEvent(Buffer.from("1"), "p", "t", "1"),
      messageId: "1",
      number: 1,
      metadata: undefined,
      done: (outcome) => void outcomes.push(outcome),
    };
  });

  const gone = new GrpcError(Status.UNAVAILABLE, "Connection lost before the call ended");

  it("a call that ends with its connection is interrupted", () => {
    sink.deliver(attempt);
    isThere = false;
    answer(gone, undefined);
    assert.deepEqual(outcomes, ["interrupted"]);
  });

  it("a call whose connection is lost after the app has come back on another is interrupted, too", () => {
    sink.deliver(attempt);
    connection = 2;
    answer(gone, undefined);
    assert.deepEqual(outcomes, ["interrupted"]);
  });

  it("UNAVAILABLE as an answer of an app that is there is a failed attempt", () => {
    sink.deliver(attempt);
    answer(new GrpcError(Status.UNAVAILABLE, "busy"), undefined);
    assert.deepEqual(outcomes, ["retry"]);
  });
});
