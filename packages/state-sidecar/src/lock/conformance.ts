import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { testCall } from "@layotto/sidecar-kit/testing";
import { itIf, type ConformanceTraits } from "../testing/traits.ts";
import type { LockStore } from "./component.ts";

/** What the suite needs to know about a lock store under test. */
export interface LockHarness {
  /** Another client of the same locks. The suite closes it. */
  open(): Promise<LockStore>;
  /** Lets time pass for the store: a clock that is moved, or a real wait. */
  advance(ms: number): void | Promise<void>;
  /** Steps the wall clock that the store sees; needed for the trait `stepsClock`. */
  stepWall?(ms: number): void;
  /** Takes the lock in a process of its own and kills that with SIGKILL; needed for the trait `spansProcesses`. */
  lockAndKill?(key: string, owner: string, expireSeconds: number): Promise<void>;
  /** Ends what the harness started. */
  close(): Promise<void>;
}

/**
 * The contract of {@link LockStore} as tests. Every component's test runs it.
 *
 * @param traits what the store can be tested for, and why it cannot be tested at all
 */
export function lockConformance(
  name: string,
  start: () => Promise<LockHarness>,
  traits: ConformanceTraits = {},
): void {
  describe(`${name} lock store`, { skip: traits.skip ?? false }, () => {
    let harness: LockHarness;
    let store: LockStore;
    const call = testCall();
    before(async () => {
      harness = await start();
      store = await harness.open();
    });
    after(async () => {
      await store.close();
      await harness.close();
    });

    it("tryLock is granted once, also not again to the owner", async () => {
      const k = key();
      assert.equal(await store.tryLock(k, "a", 30, call), true);
      assert.equal(await store.tryLock(k, "b", 30, call), false);
      assert.equal(await store.tryLock(k, "a", 30, call), false);
    });

    it("unlock frees the lock of its owner and nobody else's", async () => {
      const k = key();
      assert.equal(await store.unlock(k, "a", call), "absent");
      await store.tryLock(k, "a", 30, call);
      assert.equal(await store.unlock(k, "b", call), "other-owner");
      assert.equal(await store.unlock(k, "a", call), "success");
      assert.equal(await store.tryLock(k, "b", 30, call), true);
    });

    it("a lock expires, and then its owner has nothing to unlock or to keep alive", async () => {
      const k = key();
      await store.tryLock(k, "a", 1, call);
      await harness.advance(1200);
      assert.equal(await store.unlock(k, "a", call), "absent");
      assert.equal(await store.keepAlive(k, "a", 30, call), "absent");
      assert.equal(await store.tryLock(k, "b", 30, call), true);
      assert.equal(await store.unlock(k, "a", call), "other-owner");
    });

    it("keepAlive extends from now, for the owner only", async () => {
      const k = key();
      await store.tryLock(k, "a", 1, call);
      assert.equal(await store.keepAlive(k, "b", 30, call), "other-owner");
      assert.equal(await store.keepAlive(k, "a", 4, call), "success");
      await harness.advance(1200);
      assert.equal(await store.tryLock(k, "b", 30, call), false);
      await harness.advance(3000);
      assert.equal(await store.tryLock(k, "b", 30, call), true);
    });

    it("keepAlive may also shorten", async () => {
      const k = key();
      await store.tryLock(k, "a", 1000, call);
      assert.equal(await store.keepAlive(k, "a", 1, call), "success");
      await harness.advance(1200);
      assert.equal(await store.tryLock(k, "b", 30, call), true);
    });

    it("the largest expire is taken", async () => {
      const k = key();
      assert.equal(await store.tryLock(k, "a", 2_147_483_647, call), true);
      await harness.advance(100);
      assert.equal(await store.tryLock(k, "b", 1, call), false);
    });

    it("one of many clients gets the lock, again and again", async () => {
      const clients = await Promise.all([1, 2, 3, 4].map(() => harness.open()));
      for (let round = 0; round < 20; round++) {
        const k = key();
        const tries = clients.map(async (client, i) => client.tryLock(k, `owner-${i}`, 30, call));
        const granted = (await Promise.all(tries)).filter(Boolean);
        assert.equal(granted.length, 1);
      }
      await Promise.all(clients.map((client) => client.close()));
    });

    it("a section guarded by the lock is never entered twice", async () => {
      const clients = await Promise.all([1, 2, 3].map(() => harness.open()));
      const k = key();
      const section = { inside: 0, entered: 0 };
      await Promise.all(clients.map((client, i) => guard(client, k, `owner-${i}`, section)));
      assert.equal(section.entered, 3 * ROUNDS);
      await Promise.all(clients.map((client) => client.close()));
    });

    itIf(traits.stepsClock)(
      "a step of the wall clock frees no lock and prolongs none",
      async () => {
        assert.ok(harness.stepWall !== undefined);
        const [k, l] = [key(), key()];
        await store.tryLock(k, "a", 10, call);
        harness.stepWall(3_600_000);
        assert.equal(await store.tryLock(k, "b", 10, call), false);
        await store.tryLock(l, "a", 10, call);
        harness.stepWall(-7_200_000);
        await harness.advance(10_200);
        assert.equal(await store.tryLock(k, "b", 10, call), true);
        assert.equal(await store.tryLock(l, "b", 10, call), true);
      },
    );

    itIf(traits.spansProcesses)("the lock of a killed owner stays until it expires", async () => {
      assert.ok(harness.lockAndKill !== undefined);
      const k = key();
      await harness.lockAndKill(k, "dead", 3);
      assert.equal(await store.tryLock(k, "b", 30, call), false);
      await harness.advance(3200);
      assert.equal(await store.tryLock(k, "b", 30, call), true);
    });
  });
}

const ROUNDS = 10;

/** Enters the guarded section {@link ROUNDS} times. */
async function guard(
  store: LockStore,
  k: string,
  owner: string,
  section: { inside: number; entered: number },
): Promise<void> {
  for (let done = 0; done < ROUNDS;) {
    if (!(await store.tryLock(k, owner, 30, testCall()))) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    assert.equal(++section.inside, 1);
    await new Promise((resolve) => setImmediate(resolve));
    section.inside--;
    section.entered++;
    done++;
    assert.equal(await store.unlock(k, owner, testCall()), "success");
  }
}

function key(): string {
  return `lock|||app||${randomUUID()}`;
}
