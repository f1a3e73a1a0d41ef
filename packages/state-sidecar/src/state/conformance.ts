import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { testCall } from "@layotto/sidecar-kit/testing";
import type { ConformanceTraits } from "../testing/traits.ts";
import type { DeleteRequest, SetRequest, StateStore } from "./component.ts";

/** What the suite needs to know about a store under test. */
export interface StateHarness {
  /** Another client of the same data. The suite closes it. */
  open(): Promise<StateStore>;
  /** Lets time pass for the store: a clock that is moved, or a real wait. */
  advance(ms: number): void | Promise<void>;
  /** Ends what the harness started. */
  close(): Promise<void>;
}

/** Largest value that every store takes: what one message can carry. */
const LARGE_BYTES = 3 * 1024 * 1024;

/**
 * The contract of {@link StateStore} as tests. Every component's test runs it.
 *
 * @param traits what the store can be tested for, and why it cannot be tested at all
 */
export function stateConformance(
  name: string,
  start: () => Promise<StateHarness>,
  traits: ConformanceTraits = {},
): void {
  describe(`${name} state store`, { skip: traits.skip ?? false }, () => {
    let harness: StateHarness;
    let store: StateStore;
    const call = testCall();
    before(async () => {
      harness = await start();
      store = await harness.open();
    });
    after(async () => {
      await store.close();
      await harness.close();
    });

    it("get of an absent key is undefined", async () => {
      assert.equal(await store.get(key(), call), undefined);
    });

    it("set keeps bytes as they are, empty and large ones too", async () => {
      const values = [
        Buffer.from([0, 255, 128, 10, 13]),
        Buffer.alloc(0),
        Buffer.alloc(LARGE_BYTES, 7),
      ];
      for (const value of values) {
        const k = key();
        await store.set(write(k, value), call);
        const found = await store.get(k, call);
        assert.ok(found !== undefined && Buffer.compare(found.data, value) === 0);
      }
    });

    it("set copies a value that is a view of something larger", async () => {
      const k = key();
      const large = Buffer.alloc(64 * 1024, "x");
      const done = store.set(write(k, large.subarray(100, 110)), call);
      await done;
      large.fill("y");
      assert.equal(text((await store.get(k, call))?.data), "xxxxxxxxxx");
    });

    it("keys may hold any text", async () => {
      for (const k of ["", "ключ/ü 漢字", "a b\n\t", "{tag}:x", "x".repeat(1000)]) {
        await store.set(write(`${k}`, `v:${k}`), call);
        assert.equal(text((await store.get(k, call))?.data), `v:${k}`);
        await store.delete(removal(k), call);
      }
    });

    it("etag is a number that grows with each write", async () => {
      const k = key();
      const etags: number[] = [];
      for (let i = 0; i < 3; i++) {
        await store.set(write(k, `${i}`), call);
        etags.push(Number((await store.get(k, call))?.etag));
      }
      assert.deepEqual(etags, [1, 2, 3]);
    });

    it("set without etag needs no check", async () => {
      const k = key();
      await store.set(write(k, "1"), call);
      await store.set(write(k, "2"), call);
      await store.set(write(k, "3", { etag: "" }), call);
      assert.equal(text((await store.get(k, call))?.data), "3");
    });

    it("set with a stale etag is refused with ETAG_MISMATCH and changes nothing", async () => {
      const k = key();
      await store.set(write(k, "1"), call);
      await store.set(write(k, "2", { etag: "1" }), call);
      await refused("ETAG_MISMATCH", () => store.set(write(k, "3", { etag: "1" }), call));
      assert.equal(text((await store.get(k, call))?.data), "2");
    });

    it("set with an etag creates an absent key", async () => {
      const k = key();
      await store.set(write(k, "1", { etag: "41" }), call);
      assert.equal((await store.get(k, call))?.etag, "1");
    });

    it("set with an etag that is no integer is refused with ETAG_INVALID", async () => {
      const k = key();
      await refused("ETAG_INVALID", () => store.set(write(k, "1", { etag: "abc" }), call));
      await refused("ETAG_INVALID", () => store.delete(removal(k, { etag: "1.5" }), call));
    });

    it("set with last-write ignores the etag", async () => {
      const k = key();
      await store.set(write(k, "1"), call);
      await store.set(write(k, "2", { etag: "77", concurrency: "last-write" }), call);
      assert.equal(text((await store.get(k, call))?.data), "2");
    });

    it("set with first-write makes later writes without an etag fail until the key is deleted", async () => {
      const k = key();
      await store.set(write(k, "1", { concurrency: "first-write" }), call);
      await refused("FIRST_WRITE_CONFLICT", () => store.set(write(k, "2"), call));
      await refused("FIRST_WRITE_CONFLICT", () =>
        store.set(write(k, "2", { concurrency: "first-write" }), call),
      );
      await refused("ETAG_MISMATCH", () => store.set(write(k, "2", { etag: "0" }), call));
      await store.set(write(k, "2", { etag: "1" }), call);
      await refused("FIRST_WRITE_CONFLICT", () => store.set(write(k, "3"), call));
      await store.delete(removal(k), call);
      await store.set(write(k, "4"), call);
      assert.equal(text((await store.get(k, call))?.data), "4");
    });

    it("delete removes, with or without a matching etag, and is no error for an absent key", async () => {
      const k = key();
      await store.delete(removal(k), call);
      await store.delete(removal(k, { etag: "9" }), call);
      await store.set(write(k, "1"), call);
      await store.delete(removal(k), call);
      assert.equal(await store.get(k, call), undefined);
      await store.set(write(k, "1"), call);
      await refused("ETAG_MISMATCH", () => store.delete(removal(k, { etag: "2" }), call));
      await store.delete(removal(k, { etag: "1" }), call);
      assert.equal(await store.get(k, call), undefined);
    });

    it("ttlInSeconds lets an entry expire, a later write without it leaves it, ≤ 0 makes it permanent", async () => {
      const [gone, kept, permanent] = [key(), key(), key()];
      // Two seconds, so that it is still there when it is looked at although the machine is busy.
      const ttl = { metadata: { ttlInSeconds: "2" } };
      await store.set(write(gone, "1", ttl), call);
      await store.set(write(gone, "2"), call);
      await store.set(write(kept, "1"), call);
      await store.set(write(permanent, "1", ttl), call);
      await store.set(write(permanent, "2", { metadata: { ttlInSeconds: "-1" } }), call);
      assert.equal(text((await store.get(gone, call))?.data), "2");
      await harness.advance(2200);
      assert.equal(await store.get(gone, call), undefined);
      assert.equal(text((await store.get(kept, call))?.data), "1");
      assert.equal(text((await store.get(permanent, call))?.data), "2");
      await store.set(write(gone, "3", { etag: "5" }), call);
      assert.equal((await store.get(gone, call))?.etag, "1");
    });

    it("ttlInSeconds that is no integer is refused with TTL_INVALID", async () => {
      const bad = write(key(), "1", { metadata: { ttlInSeconds: "soon" } });
      await refused("TTL_INVALID", () => store.set(bad, call));
    });

    it("setMany and deleteMany work in order and stop at the first error, keeping what came before", async () => {
      const [a, b, c] = [key(), key(), key()];
      await store.set(write(b, "0"), call);
      const writes = [write(a, "1"), write(b, "1", { etag: "9" }), write(c, "1")];
      await refused("ETAG_MISMATCH", () => setAll(store, writes));
      assert.deepEqual(await read(store, a, b, c), ["1", "0", undefined]);
      await store.set(write(c, "2"), call);
      const removals = [removal(a), removal(b, { etag: "9" }), removal(c)];
      await refused("ETAG_MISMATCH", () => deleteAll(store, removals));
      assert.deepEqual(await read(store, a, b, c), [undefined, "0", "2"]);
    });

    it("transact does all of its operations", async () => {
      const [a, b] = [key(), key()];
      await store.set(write(b, "1"), call);
      await transact(store, [
        { type: "upsert", request: write(a, "1", { etag: "" }) },
        { type: "upsert", request: write(a, "2", { etag: "1" }) },
        { type: "delete", request: removal(b, { etag: "1" }) },
        { type: "upsert", request: write(b, "fresh") },
      ]);
      assert.deepEqual(await read(store, a, b), ["2", "fresh"]);
      assert.equal((await store.get(b, call))?.etag, "1");
    });

    it("transact does nothing when one operation is refused", async () => {
      const [a, b, c] = [key(), key(), key()];
      await store.set(write(a, "1"), call);
      await store.set(write(b, "1"), call);
      const steps = [
        { type: "upsert", request: write(a, "2") },
        { type: "upsert", request: write(c, "2") },
        { type: "delete", request: removal(b, { etag: "3" }) },
      ] as const;
      await refused("ETAG_MISMATCH", () => transact(store, steps));
      assert.deepEqual(await read(store, a, b, c), ["1", "1", undefined]);
      assert.equal((await store.get(a, call))?.etag, "1");
    });

    it("transact honours first-write and ttlInSeconds", async () => {
      const k = key();
      const first = write(k, "1", { concurrency: "first-write", metadata: { ttlInSeconds: "2" } });
      await transact(store, [{ type: "upsert", request: first }]);
      const second = [{ type: "upsert", request: write(k, "2") }] as const;
      await refused("FIRST_WRITE_CONFLICT", () => transact(store, second));
      await harness.advance(2200);
      assert.equal(await store.get(k, call), undefined);
    });

    it("a write is seen by every client once it is acknowledged", async () => {
      const other = await harness.open();
      const k = key();
      for (let i = 0; i < 50; i++) {
        await store.set(write(k, `${i}`), call);
        assert.equal(text((await other.get(k, call))?.data), `${i}`);
      }
      await other.close();
    });

    it("clients that write with etags lose no update", async () => {
      const clients = await Promise.all([1, 2, 3, 4].map(() => harness.open()));
      const k = key();
      await store.set(write(k, "0"), call);
      await Promise.all(clients.flatMap((client) => [add(client, k, 25), add(client, k, 25)]));
      assert.equal(text((await store.get(k, call))?.data), "200");
      await Promise.all(clients.map((client) => client.close()));
    });

    it("transactions of several clients keep the sum of two keys", async () => {
      const clients = await Promise.all([1, 2, 3].map(() => harness.open()));
      const tag = randomUUID();
      const [a, b] = [`{${tag}}a`, `{${tag}}b`] as const;
      await store.set(write(a, "1000"), call);
      await store.set(write(b, "0"), call);
      await Promise.all(clients.map((client) => move(client, a, b, 20)));
      assert.deepEqual(await read(store, a, b), ["940", "60"]);
      await Promise.all(clients.map((client) => client.close()));
    });
  });
}

/** Adds 1 to the number at `k`, `times` times, by compare-and-set. */
async function add(store: StateStore, k: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const found = await store.get(k, testCall());
    assert.ok(found !== undefined);
    const next = String(Number(text(found.data)) + 1);
    if (await won(() => store.set(write(k, next, { etag: found.etag }), testCall()))) done++;
  }
}

/** Moves 1 from `a` to `b`, `times` times, by transaction. */
async function move(store: StateStore, a: string, b: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const [from, to] = [await store.get(a, testCall()), await store.get(b, testCall())];
    assert.ok(from !== undefined && to !== undefined);
    const less = write(a, String(Number(text(from.data)) - 1), { etag: from.etag });
    const more = write(b, String(Number(text(to.data)) + 1), { etag: to.etag });
    const steps = [
      { type: "upsert", request: less },
      { type: "upsert", request: more },
    ] as const;
    if (await won(() => transact(store, steps))) done++;
  }
}

/** Whether a write went through; an etag mismatch is the one reason not to. */
async function won(attempt: () => void | Promise<void>): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    assert.equal(reasonOf(error), "ETAG_MISMATCH");
    return false;
  }
}

async function refused(reason: string, attempt: () => void | Promise<void>): Promise<void> {
  await assert.rejects(
    async () => attempt(),
    (error) => {
      assert.equal(reasonOf(error), reason, String(error));
      return true;
    },
  );
}

function reasonOf(error: unknown): unknown {
  return error instanceof Error && "reason" in error ? error.reason : error;
}

async function setAll(store: StateStore, requests: readonly SetRequest[]): Promise<void> {
  if (store.setMany !== undefined) return store.setMany(requests, testCall());
  for (const request of requests) await store.set(request, testCall());
}

async function deleteAll(store: StateStore, requests: readonly DeleteRequest[]): Promise<void> {
  if (store.deleteMany !== undefined) return store.deleteMany(requests, testCall());
  for (const request of requests) await store.delete(request, testCall());
}

async function transact(
  store: StateStore,
  operations: Parameters<NonNullable<StateStore["transact"]>>[0],
): Promise<void> {
  assert.ok(store.transact !== undefined, "the store has no transact");
  await store.transact(operations, testCall());
}

async function read(store: StateStore, ...keys: string[]): Promise<(string | undefined)[]> {
  const found = await Promise.all(keys.map(async (k) => store.get(k, testCall())));
  return found.map((value) => text(value?.data));
}

function key(): string {
  return `k-${randomUUID()}`;
}

function write(k: string, value: string | Uint8Array, more: Partial<SetRequest> = {}): SetRequest {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return { ...removal(k), value: bytes, ...more };
}

function removal(k: string, more: Partial<DeleteRequest> = {}): DeleteRequest {
  return { key: k, etag: undefined, concurrency: "", consistency: "", metadata: {}, ...more };
}

function text(data: Uint8Array | undefined): string | undefined {
  return data === undefined ? undefined : Buffer.from(data).toString();
}
