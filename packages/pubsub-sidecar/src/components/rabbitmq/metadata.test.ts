import assert from "node:assert/strict";
import { it } from "node:test";
import { redactSecrets } from "@layotto/sidecar-kit";
import { z } from "zod";
import { rabbitmqMetadata } from "./metadata.ts";
import { topicFault } from "./topology.ts";

void it("rabbitmqMetadata: takes the keys of Dapr's component", () => {
  const metadata = rabbitmqMetadata.parse({
    host: "amqp://user:open-sesame@localhost:5672",
    consumerID: "g",
    durable: "true",
    deletedWhenUnused: "false",
    autoAck: "false",
    deliveryMode: "2",
    requeueInFailure: "true",
    prefetchCount: "0",
    reconnectWaitSeconds: "5",
    concurrency: "10",
    enableDeadLetter: "true",
    maxLen: "3000",
    maxLenBytes: "10485760",
  });
  assert.deepEqual([metadata.maxLen, metadata.reconnectWaitSeconds], [3000, 5]);
  assert.doesNotMatch(redactSecrets("user:open-sesame"), /sesame/);
});

void it("rabbitmqMetadata: refuses what cannot be, and has a JSON Schema", () => {
  const host = "amqp://localhost";
  for (const wrong of [
    {},
    { host: "localhost:5672" },
    { host, deliveryMode: 3 },
    { host, hots: "" },
  ])
    assert.equal(rabbitmqMetadata.safeParse(wrong).success, false);
  assert.deepEqual(z.toJSONSchema(rabbitmqMetadata, { io: "input" }).required, ["host"]);
});

void it("topicFault: names the rule", () => {
  for (const topic of ["orders", "a.b/c", "grün", "a b"])
    assert.equal(topicFault(topic, "g"), undefined);
  assert.match(topicFault("amq.direct", "g") ?? "", /reserves/);
  assert.match(topicFault("a\nb", "g") ?? "", /control/);
  assert.match(topicFault("x".repeat(250), "g") ?? "", /longer than 249 bytes/);
});

it("rabbitmqMetadata takes the concurrency in Dapr's words and as a number", () => {
  const read = (concurrency: unknown) =>
    rabbitmqMetadata.parse({ host: "amqp://localhost", concurrency }).concurrency;
  assert.equal(read("parallel"), "parallel");
  assert.equal(read("single"), "single");
  assert.equal(read("7"), 7);
  assert.throws(() => read("many"));
});
