import assert from "node:assert/strict";
import { it } from "node:test";
import { redactSecrets } from "@layotto/sidecar-kit";
import { z } from "zod";
import { connectionOptions } from "./connect.ts";
import { natsMetadata } from "./metadata.ts";

void it("natsMetadata: takes the keys of Layotto's natsstreaming", () => {
  const metadata = natsMetadata.parse({
    natsURL: "nats://localhost:4222",
    natsStreamingClusterID: "cluster",
    subscriptionType: "queue",
    consumerID: "g",
    durableSubscriptionName: "d",
    ackWaitTime: "10s",
    maxInFlight: "1",
    deliverAll: "true",
    startAtSequence: "1",
  });
  assert.deepEqual([metadata.ackWaitTime, metadata.maxInFlight], [10_000, 1]);
});

void it("natsMetadata: refuses what cannot be, and has a JSON Schema", () => {
  const natsURL = "localhost";
  for (const wrong of [{}, { natsURL: "" }, { natsURL, ackWaitTime: "1ms" }, { natsURL, url: "x" }])
    assert.equal(natsMetadata.safeParse(wrong).success, false);
  assert.equal(natsMetadata.safeParse({ natsURL, clientCert: "-----" }).success, false);
  assert.deepEqual(z.toJSONSchema(natsMetadata, { io: "input" }).required, ["natsURL"]);
});

void it("connectionOptions: user and password may be in the address, where the password is secret", () => {
  const metadata = natsMetadata.parse({ natsURL: "nats://me:open%20sesame@a:1, tls://b:2" });
  const { servers, user, pass, tls } = connectionOptions(metadata, "test");
  assert.deepEqual([servers, user, pass, tls], [["a:1", "b:2"], "me", "open sesame", {}]);
  assert.doesNotMatch(redactSecrets("nats://me:open%20sesame@a:1"), /sesame/);
});
