import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@layotto/sidecar-kit/testing";
import type { SetRequest } from "../../component.ts";
import { stateConformance } from "../../conformance.ts";
import { InMemoryState } from "./in-memory.ts";
import { inMemoryStateMetadata } from "./metadata.ts";

stateConformance("in-memory", () => {
  const clock = new ManualClock();
  const store = new InMemoryState(inMemoryStateMetadata.parse({}), clock);
  return Promise.resolve({
    open: () => Promise.resolve(store),
    advance: (ms) => clock.advance(ms),
    close: () => store.close(),
  });
});

describe("InMemoryState", () => {
  it("refuses an entry beyond maxEntries and names the limit", () => {
    const store = open({ maxEntries: "2" });
    store.set(write("a", 1));
    store.set(write("b", 1));
    store.set(write("a", 2));
    assert.throws(() => store.set(write("c", 1)), {
      reason: "BACKEND_LIMIT",
      message: /maxEntries/,
    });
    store.delete(write("a", 0));
    store.set(write("c", 1));
  });

  it("refuses a write beyond maxBytes and gives room back", () => {
    const store = open({ maxBytes: "2000" });
    store.set(write("a", 1000));
    assert.throws(() => store.set(write("b", 1000)), {
      reason: "BACKEND_LIMIT",
      message: /maxBytes/,
    });
    store.set(write("a", 10));
    store.set(write("b", 1000));
    store.delete(write("a", 0));
    store.delete(write("b", 0));
    assert.deepEqual(store.usage, { entries: 0, bytes: 0 });
  });

  it("transact beyond a limit leaves contents and byte count as they were", () => {
    const store = open({ maxEntries: "2" });
    store.set(write("a", 10));
    const before = store.usage;
    const steps = ["a", "b", "c"].map((k) => ({ type: "upsert", request: write(k, 99) }) as const);
    assert.throws(() => store.transact(steps), { reason: "BACKEND_LIMIT" });
    assert.deepEqual(store.usage, before);
    assert.equal(store.get("a")?.data.byteLength, 10);
  });

  it("sweep removes expired entries that nobody asks for", () => {
    const clock = new ManualClock();
    const store = open({ ttlInSeconds: "5" }, clock);
    for (let i = 0; i < 100; i++) store.set(write(`k${i}`, 10));
    clock.advance(5000);
    store.sweep();
    assert.deepEqual(store.usage, { entries: 0, bytes: 0 });
  });

  it("does not keep a large buffer alive for a small value", () => {
    const store = open({});
    const value = Buffer.alloc(4 * 1024 * 1024).subarray(0, 1024);
    store.set({ ...write("a", 0), value });
    assert.equal(store.get("a")?.data.buffer.byteLength, 1024);
  });
});

function open(metadata: Record<string, string>, clock = new ManualClock()): InMemoryState {
  return new InMemoryState(inMemoryStateMetadata.parse(metadata), clock);
}

function write(key: string, bytes: number): SetRequest {
  const value = new Uint8Array(bytes);
  return { key, value, etag: undefined, concurrency: "", consistency: "", metadata: {} };
}
