import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pubsubSidecar } from "../sidecar.ts";
import { defaultDelivery, readDelivery } from "./options.ts";

const { schema } = pubsubSidecar;
const metadataSchema = schema?.properties?.["subscriptions"]?.items?.properties?.["metadata"] ?? {};

describe("readDelivery", () => {
  it("reads text as the file and the app write it, and leaves other keys alone", () => {
    const { options, faults } = readDelivery(metadataSchema, {
      concurrency: "3",
      prefetch: 7,
      deliveryTimeout: "2s",
      maxAttempts: "4",
      retryInterval: "10ms",
      maxRetryInterval: 500,
      deadLetterTopic: "dead",
      rawPayload: "true",
      "x-something": "else",
    });
    assert.deepEqual(faults, []);
    assert.deepEqual(options, {
      concurrency: 3,
      prefetch: 7,
      timeoutMs: 2000,
      maxAttempts: 4,
      retryMs: 10,
      maxRetryMs: 500,
      deadLetterTopic: "dead",
      raw: true,
    });
  });

  it("keeps what the base says where the metadata says nothing", () => {
    const base = { ...defaultDelivery, concurrency: 2 };
    assert.deepEqual(readDelivery(metadataSchema, {}, base).options, base);
  });

  it("knows the prefetch by the names that other runtimes have for it", () => {
    for (const name of ["queueDepth", "prefetchCount", "maxInFlight"])
      assert.equal(readDelivery(metadataSchema, { [name]: "50" }).options.prefetch, 50);
    const both = { prefetch: "5", queueDepth: "50" };
    assert.equal(readDelivery(metadataSchema, both).options.prefetch, 5);
  });

  it("names what cannot be used, and falls back to the base", () => {
    const { options, faults } = readDelivery(metadataSchema, { concurrency: "many", prefetch: 0 });
    assert.deepEqual(
      faults.map(({ path }) => path),
      [["concurrency"], ["prefetch"]],
    );
    assert.deepEqual(options, defaultDelivery);
  });
});
