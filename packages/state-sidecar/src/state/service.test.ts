import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import {
  StateOptions_StateConcurrency as Concurrency,
  StateOptions_StateConsistency as Consistency,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Status } from "@layotto/sidecar-kit";
import { temporaryDirectory } from "@layotto/sidecar-kit/testing";
import { startSidecar } from "../testing/sidecar.ts";

const bytes = (text: string) => Buffer.from(text);
const text = (data: Uint8Array) => Buffer.from(data).toString();

async function start(
  t: TestContext,
  state: Record<string, unknown> = { s: { type: "in-memory" } },
) {
  const sidecar = await startSidecar({ state }, { appId: "app" });
  t.after(() => sidecar.close());
  return sidecar.runtime;
}

describe("state service", () => {
  it("GetState of an absent key is OK with empty data and etag", async (t) => {
    const runtime = await start(t);
    const { data, etag, metadata } = await runtime.getState({ storeName: "s", key: "k" });
    assert.deepEqual([data.length, etag, metadata], [0, "", {}]);
  });

  it("SaveState then GetState returns value and etag; an empty key is allowed", async (t) => {
    const runtime = await start(t);
    await runtime.saveState({ storeName: "s", states: [{ key: "", value: bytes("v") }] });
    const { data, etag } = await runtime.getState({
      storeName: "s",
      key: "",
      consistency: Consistency.CONSISTENCY_STRONG,
      metadata: { a: "b" },
    });
    assert.deepEqual([text(data), etag], ["v", "1"]);
  });

  it("DeleteState and ExecuteStateTransaction without etag make no check", async (t) => {
    const runtime = await start(t);
    const item = { key: "k", value: bytes("v") };
    await runtime.saveState({ storeName: "s", states: [item] });
    await runtime.deleteState({ storeName: "s", key: "k" });
    assert.equal((await runtime.getState({ storeName: "s", key: "k" })).etag, "");
    const operations = [
      { operationType: "upsert", request: item },
      { operationType: "upsert" },
      { operationType: "upsert", request: { ...item, key: "l" } },
      { operationType: "delete", request: { key: "l" } },
    ];
    await runtime.executeStateTransaction({ storeName: "s", operations });
    assert.equal((await runtime.getState({ storeName: "s", key: "k" })).etag, "1");
    assert.equal((await runtime.getState({ storeName: "s", key: "l" })).etag, "");
  });

  it("SaveState stops at the first error and keeps what came before", async (t) => {
    const runtime = await start(t);
    await runtime.saveState({ storeName: "s", states: [{ key: "b", value: bytes("0") }] });
    const states = [
      { key: "a", value: bytes("1") },
      { key: "b", value: bytes("1"), etag: { value: "9" } },
      { key: "c", value: bytes("1") },
    ];
    await assert.rejects(runtime.saveState({ storeName: "s", states }), { code: Status.ABORTED });
    const { items } = await runtime.getBulkState({ storeName: "s", keys: ["a", "b", "c"] });
    assert.deepEqual(
      items.map(({ key, data }) => [key, text(data)]),
      [
        ["a", "1"],
        ["b", "0"],
        ["c", ""],
      ],
    );
  });

  it("GetBulkState of no keys is an empty reply", async (t) => {
    const runtime = await start(t);
    assert.deepEqual((await runtime.getBulkState({ storeName: "s" })).items, []);
  });

  it("keyPrefix separates stores and is not seen by callers", async (t) => {
    const state = { s: { type: "in-memory", metadata: { keyPrefix: "appid" } } };
    const runtime = await start(t, state);
    await runtime.saveState({ storeName: "s", states: [{ key: "k", value: bytes("v") }] });
    const { items } = await runtime.getBulkState({ storeName: "s", keys: ["k"] });
    assert.deepEqual([items[0]?.key, items[0] && text(items[0].data)], ["k", "v"]);
  });

  const long = "k".repeat(3000);
  const item = { key: "k", value: bytes("v") };
  const mismatch = "possible etag mismatch. error from state store: failed to";
  const malformed = 'invalid etag value: strconv.Atoi: parsing "x": invalid syntax';
  const { INVALID_ARGUMENT, ABORTED, FAILED_PRECONDITION, UNIMPLEMENTED, INTERNAL } = Status;
  const { RESOURCE_EXHAUSTED } = Status;

  for (const [what, code, message, call] of [
    [
      "get, unknown store",
      INVALID_ARGUMENT,
      "state store x is not found",
      (r) => r.getState({ storeName: "x" }),
    ],
    [
      "bulk get, unknown store",
      INVALID_ARGUMENT,
      "state store x is not found",
      (r) => r.getBulkState({ storeName: "x" }),
    ],
    [
      "save, unknown store",
      INVALID_ARGUMENT,
      "state store x is not found",
      (r) => r.saveState({ storeName: "x" }),
    ],
    [
      "delete, unknown store",
      INVALID_ARGUMENT,
      "state store x is not found",
      (r) => r.deleteState({ storeName: "x" }),
    ],
    [
      "bulk delete, unknown store",
      INVALID_ARGUMENT,
      "state store x is not found",
      (r) => r.deleteBulkState({ storeName: "x" }),
    ],
    [
      "transaction, unknown store",
      INVALID_ARGUMENT,
      "state store x is not found",
      (r) => r.executeStateTransaction({ storeName: "x" }),
    ],
    [
      "key with ||",
      INVALID_ARGUMENT,
      "input key/keyPrefix 'a||b' can't contain '||'",
      (r) => r.getState({ storeName: "s", key: "a||b" }),
    ],
    [
      "bulk get, key with ||",
      INVALID_ARGUMENT,
      "input key/keyPrefix 'a||b' can't contain '||'",
      (r) => r.getBulkState({ storeName: "s", keys: ["a||b"] }),
    ],
    [
      "store comes before key",
      INVALID_ARGUMENT,
      "state store x is not found",
      (r) => r.getState({ storeName: "x", key: "a||b" }),
    ],
    [
      "get, the store refuses",
      INVALID_ARGUMENT,
      `fail to get ${long} from state store e: Cannot use a key of 3004 bytes: the embedded store takes 1900 with the component's name`,
      (r) => r.getState({ storeName: "e", key: long }),
    ],
    [
      "save, etag mismatch",
      ABORTED,
      `failed saving state in state store s: ${mismatch} set key k`,
      (r) => r.saveState({ storeName: "s", states: [{ ...item, etag: { value: "7" } }] }),
    ],
    [
      "save, etag malformed",
      INVALID_ARGUMENT,
      `failed saving state in state store s: ${malformed}`,
      (r) => r.saveState({ storeName: "s", states: [{ ...item, etag: { value: "x" } }] }),
    ],
    [
      "save, ttl malformed",
      INVALID_ARGUMENT,
      'failed saving state in state store s: failed to parse ttl from metadata: strconv.ParseInt: parsing "x": invalid syntax',
      (r) =>
        r.saveState({ storeName: "s", states: [{ ...item, metadata: { ttlInSeconds: "x" } }] }),
    ],
    [
      "save, limit reached",
      RESOURCE_EXHAUSTED,
      'failed saving state in state store s: Cannot write key "l": the store holds 1 entries, its maxEntries',
      (r) => r.saveState({ storeName: "s", states: [{ ...item, key: "l" }] }),
    ],
    [
      "save, first-write conflict",
      ABORTED,
      "failed saving state in state store f: failed to set key k",
      async (r) => {
        const options = { concurrency: Concurrency.CONCURRENCY_FIRST_WRITE };
        await r.saveState({ storeName: "f", states: [{ ...item, options }] });
        await r.saveState({ storeName: "f", states: [item] });
      },
    ],
    [
      "delete, etag mismatch",
      ABORTED,
      `failed deleting state with key k: ${mismatch} delete k`,
      (r) => r.deleteState({ storeName: "s", key: "k", etag: { value: "7" } }),
    ],
    [
      "delete, etag malformed",
      INVALID_ARGUMENT,
      `failed deleting state with key k: ${malformed}`,
      (r) => r.deleteState({ storeName: "s", key: "k", etag: { value: "x" } }),
    ],
    [
      "bulk delete, etag mismatch",
      ABORTED,
      `${mismatch} delete k`,
      (r) => r.deleteBulkState({ storeName: "s", states: [{ ...item, etag: { value: "7" } }] }),
    ],
    [
      "transaction, operation",
      UNIMPLEMENTED,
      "operation type merge not supported",
      (r) =>
        r.executeStateTransaction({
          storeName: "s",
          operations: [{ operationType: "merge", request: item }],
        }),
    ],
    [
      "transaction, etag mismatch",
      INTERNAL,
      `error while executing state transaction: ${mismatch} set key k`,
      (r) =>
        r.executeStateTransaction({
          storeName: "s",
          operations: [{ operationType: "upsert", request: { ...item, etag: { value: "7" } } }],
        }),
    ],
  ] as [
    string,
    number,
    string,
    (runtime: Awaited<ReturnType<typeof start>>) => Promise<unknown>,
  ][]) {
    it(`says ${code} for: ${what}`, async (t) => {
      const directory = temporaryDirectory();
      t.after(() => directory.remove());
      const runtime = await start(t, {
        s: { type: "in-memory", metadata: { maxEntries: "1" } },
        f: { type: "in-memory" },
        e: { type: "embedded", metadata: { path: `${directory.path}/e` } },
      });
      await runtime.saveState({ storeName: "s", states: [item] });
      await assert.rejects(call(runtime), { code, message });
    });
  }

  it("says FAILED_PRECONDITION when no store is configured", async (t) => {
    const runtime = await start(t, {});
    const none = { code: FAILED_PRECONDITION, message: "state store is not configured" };
    await assert.rejects(runtime.getState({ storeName: "x" }), none);
    await assert.rejects(runtime.saveState({ storeName: "x" }), none);
    await assert.rejects(runtime.executeStateTransaction({ storeName: "x" }), none);
  });
});
