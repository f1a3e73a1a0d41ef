import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testCall } from "@layotto/sidecar-kit/testing";
import { InMemorySequencer } from "./components/in-memory/in-memory.ts";
import { PREFETCH_AT, SEGMENT_SIZE, Segments } from "./segments.ts";

const SHORT = { waitMs: 60, retryEveryMs: 20 };

/** A store whose answers a test controls. */
function fakeStore() {
  let last = 0;
  const fake = {
    calls: 0,
    fail: false,
    hang: false,
    segment: (_key: string, size: number): Promise<number> => {
      fake.calls++;
      if (fake.hang) return new Promise(() => undefined);
      if (fake.fail) return Promise.reject(new Error("down"));
      last += size;
      return Promise.resolve(last - size + 1);
    },
  };
  return fake;
}

describe("Segments", () => {
  it("gives ids from memory and fetches the next segment ahead", async () => {
    const store = fakeStore();
    const segments = new Segments(store);
    const ids: number[] = [await segments.next("k", testCall())];
    while (ids.length < SEGMENT_SIZE - PREFETCH_AT - 1)
      ids.push(await segments.next("k", testCall()));
    assert.equal(store.calls, 1);
    ids.push(await segments.next("k", testCall()));
    assert.equal(store.calls, 2);
    while (ids.length < 2 * SEGMENT_SIZE) ids.push(await segments.next("k", testCall()));
    assert.deepEqual(
      ids,
      Array.from({ length: 2 * SEGMENT_SIZE }, (_, i) => i + 1),
    );
    segments.close();
  });

  it("answers without a promise while ids are in memory", async () => {
    const segments = new Segments(fakeStore());
    await segments.next("k", testCall());
    assert.equal(segments.next("k", testCall()), 2);
  });

  it("never makes a promise when the store answers at once", () => {
    const segments = new Segments(new InMemorySequencer());
    for (let i = 1; i <= 3 * SEGMENT_SIZE; i++) assert.equal(segments.next("k", testCall()), i);
  });

  it("callers that arrive together share the first segment", async () => {
    const store = fakeStore();
    const segments = new Segments(store);
    const ids = await Promise.all([1, 2, 3].map(async () => segments.next("k", testCall())));
    assert.deepEqual(ids.toSorted(), [1, 2, 3]);
    assert.equal(store.calls, 1);
  });

  it("passes on the error of the first fetch and tries again at the next call", async () => {
    const store = fakeStore();
    const segments = new Segments(store, SHORT);
    store.fail = true;
    await assert.rejects(async () => segments.next("k", testCall()), /down/);
    store.fail = false;
    assert.equal(await segments.next("k", testCall()), 1);
  });

  it("says SEGMENT_UNAVAILABLE when the next segment does not come, and goes on when it does", async () => {
    const store = fakeStore();
    const segments = new Segments(store, SHORT);
    await segments.next("k", testCall());
    store.fail = true;
    for (let i = 1; i < SEGMENT_SIZE; i++) await segments.next("k", testCall());
    const late = { reason: "SEGMENT_UNAVAILABLE", message: "[DoubleBuffer] swap error" };
    await assert.rejects(async () => segments.next("k", testCall()), late);
    assert.ok(store.calls > 6, `${store.calls} calls`);
    store.fail = false;
    assert.equal(await segments.next("k", testCall()), SEGMENT_SIZE + 1);
    segments.close();
  });

  it("waits no longer than the caller's deadline", async () => {
    const store = fakeStore();
    const segments = new Segments(store, { waitMs: 30_000, retryEveryMs: 30_000 });
    store.hang = true;
    const startedAt = performance.now();
    const late = { reason: "SEGMENT_UNAVAILABLE" };
    await assert.rejects(async () => segments.next("k", testCall(Date.now() + 30)), late);
    assert.ok(performance.now() - startedAt < 10_000);
    segments.close();
  });
});
