import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { testCall } from "@layotto/sidecar-kit/testing";
import { itIf, type ConformanceTraits } from "../testing/traits.ts";
import type { SequencerStore } from "./component.ts";

/** What the suite needs to know about a sequencer store under test. */
export interface SequencerHarness {
  /** Another client of the same counters. The suite closes it. */
  open(): Promise<SequencerStore>;
  /** Takes `count` ids in a process of its own and returns them; needed for the trait `spansProcesses`. */
  takeElsewhere?(key: string, count: number): Promise<number[]>;
  /** Ends what the harness started. */
  close(): Promise<void>;
}

/**
 * The contract of {@link SequencerStore} as tests. Every component's test runs it.
 *
 * @param traits what the store can be tested for, and why it cannot be tested at all
 */
export function sequencerConformance(
  name: string,
  start: () => Promise<SequencerHarness>,
  traits: ConformanceTraits = {},
): void {
  describe(`${name} sequencer store`, { skip: traits.skip ?? false }, () => {
    let harness: SequencerHarness;
    let store: SequencerStore;
    const call = testCall();
    before(async () => {
      harness = await start();
      store = await harness.open();
    });
    after(async () => {
      await store.close();
      await harness.close();
    });

    it("next starts at 1 and grows", async () => {
      const k = key();
      assert.deepEqual(
        [await store.next(k, call), await store.next(k, call), await store.next(k, call)],
        [1, 2, 3],
      );
      assert.equal(await store.next(key(), call), 1);
    });

    it("segment takes ids in a row that nobody else gets", async () => {
      const k = key();
      if (store.segment === undefined) return;
      assert.equal(await store.segment(k, 10, call), 1);
      assert.equal(await store.next(k, call), 11);
      assert.equal(await store.segment(k, 10_000, call), 12);
      assert.equal(await store.next(k, call), 10_012);
    });

    it("lift moves the counter up and never down", async () => {
      const k = key();
      await store.lift(k, 100, call);
      assert.equal(await store.next(k, call), 101);
      await store.lift(k, 50, call);
      await store.lift(k, 101, call);
      assert.equal(await store.next(k, call), 102);
    });

    it("ids beyond 2^31 are exact", async () => {
      const k = key();
      await store.lift(k, 9_007_199_254_000_000, call);
      assert.equal(await store.next(k, call), 9_007_199_254_000_001);
    });

    it("ids are unique over clients and grow for each of them", async () => {
      const clients = await Promise.all([1, 2, 3, 4].map(() => harness.open()));
      const k = key();
      const taken = await Promise.all(clients.map((client) => take(client, k, 100)));
      for (const ids of taken)
        assert.deepEqual(
          ids,
          ids.toSorted((a, b) => a - b),
        );
      assert.equal(new Set(taken.flat()).size, 400);
      await Promise.all(clients.map((client) => client.close()));
    });

    it("ids grow over calls that follow each other on different clients", async () => {
      const other = await harness.open();
      const k = key();
      const ids: number[] = [];
      for (let i = 0; i < 20; i++) ids.push(await (i % 2 === 0 ? store : other).next(k, call));
      assert.deepEqual(
        ids,
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
      await other.close();
    });

    itIf(traits.spansProcesses)("ids are unique over processes and restarts", async () => {
      const { takeElsewhere } = harness;
      assert.ok(takeElsewhere !== undefined);
      const k = key();
      const first = await take(store, k, 10);
      const [a, b] = await Promise.all([takeElsewhere(k, 50), takeElsewhere(k, 50)]);
      const last = await take(store, k, 10);
      const all = [...first, ...a, ...b, ...last];
      assert.equal(new Set(all).size, 120);
      assert.ok(Math.min(...last) > Math.max(...first, ...a, ...b));
    });
  });
}

async function take(store: SequencerStore, k: string, count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < count; i++) ids.push(await store.next(k, testCall()));
  return ids;
}

function key(): string {
  return `sequencer|||app||${randomUUID()}`;
}
