import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { kafkaMetadata } from "../metadata.ts";
import { isComing, toFault } from "./faults.ts";
import { mendKafkajs } from "./quirks.ts";

const load: (path: string) => unknown = createRequire(import.meta.url);

describe("toFault", () => {
  const error = (fields: object, cause?: Error): Error =>
    Object.assign(new Error("text", { cause }), fields);

  it("looks at what was wrapped, by name, by the broker's type, then by whether it may pass", () => {
    const kinds = [
      error({ name: "KafkaJSNumberOfRetriesExceeded" }, error({ name: "KafkaJSConnectionError" })),
      error({ name: "KafkaJSProtocolError", type: "MESSAGE_TOO_LARGE" }),
      error({ name: "KafkaJSProtocolError", type: "NOT_LEADER_FOR_PARTITION", retriable: true }),
      error({ name: "KafkaJSRequestTimeoutError", retriable: true }),
      error({ name: "KafkaJSSASLAuthenticationError" }),
      error({ name: "KafkaJSProtocolError", type: "INVALID_TOPIC_EXCEPTION", retriable: false }),
      "not even an error",
    ].map((each) => toFault(each).kind);
    assert.deepEqual(kinds, ["away", "too-large", "away", "slow", "refused", "failed", "failed"]);
  });
});

describe("isComing", () => {
  it("a topic or group that is being made; not a broker that is away", () => {
    const error = (fields: object): Error => Object.assign(new Error("text"), fields);
    const coming = [
      toFault(error({ type: "UNKNOWN_TOPIC_OR_PARTITION" })),
      error({ name: "KafkaJSGroupCoordinatorNotFound" }),
      error({ name: "KafkaJSConnectionError" }),
    ].map(isComing);
    assert.deepEqual(coming, [true, true, false]);
  });
});

describe("mendKafkajs", () => {
  it("a connection with nothing to send sets no timer; the method that it mends is there", () => {
    mendKafkajs();
    const RequestQueue = load("kafkajs/src/network/requestQueue/index.js") as new (o: object) => {
      throttleCheckTimeoutId: unknown;
      pending: unknown[];
      scheduleCheckPendingRequests(): void;
      destroy(): void;
    };
    const queue = new RequestQueue({ logger: { debug: () => {} } });
    queue.scheduleCheckPendingRequests();
    assert.equal(queue.throttleCheckTimeoutId, null);
    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    assert.notEqual(queue.throttleCheckTimeoutId, null);
    queue.destroy();
  });
});

describe("kafkaMetadata", () => {
  it("takes Layotto's sample keys and has defaults that lose nothing", () => {
    const sample = {
      brokers: "a:9092, b:9092",
      consumerGroup: "g",
      authRequired: "false",
      maxMessageBytes: "2048",
      version: "2.0.0",
      consumeRetryInterval: "200ms",
      clientID: "c",
    };
    const { brokers, initialOffset, maxMessageBytes, ordering } = kafkaMetadata.parse(sample);
    assert.deepEqual(
      [brokers, initialOffset, maxMessageBytes, ordering],
      [["a:9092", "b:9092"], "oldest", 2048, "key"],
    );
  });

  it("refuses no brokers, an unknown key and an unknown offset", () => {
    for (const bad of [
      { brokers: "" },
      { brokers: "a:1", broker: "b" },
      { brokers: "a:1", initialOffset: "x" },
    ]) {
      assert.equal(kafkaMetadata.safeParse(bad).success, false);
    }
  });
});
