import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Threads, type ThreadSettings } from "./threads.ts";
import type { Lease, ThreadOwner, WorkerThread } from "./worker-thread.ts";

const owner: ThreadOwner = { onReport() {}, onReports() {}, onExit() {} };
const settings: ThreadSettings = {
  min: 0,
  computing: 1,
  max: 3,
  jspi: false,
  logLevel: () => 0,
  onStartFailure() {},
};

/** A thread as far as it is looked at here. */
function threadOf(busy: boolean): WorkerThread {
  const control = { waiting: false };
  const parts = { busy, control, ready: true, slots: new Map(), loaded: new Map(), end() {} };
  return parts as unknown as WorkerThread; // what this class looks at is there
}

const lease = { version: 1 } as unknown as Lease; // nobody looks into it

/** So many threads, all of them lent. */
function lent(threads: Threads, count: number, busy: boolean): WorkerThread[] {
  const made = Array.from({ length: count }, () => threadOf(busy));
  for (const thread of made) {
    threads.all.add(thread);
    threads.lend(thread, lease);
  }
  return made;
}

describe("Threads", () => {
  test("threads that compute are as many as may, those that are held by idle streams do not count", () => {
    const threads = new Threads(settings, owner);
    lent(threads, 1, false);
    assert.equal(threads.allows(threadOf(true), 0), true);
    lent(threads, 1, true);
    assert.equal(threads.allows(threadOf(true), 0), false);
    threads.close();
  });

  test("a thread that is lent takes calls up to the most for their depth, whoever computes", () => {
    const threads = new Threads(settings, owner);
    const [first] = lent(threads, 3, true);
    assert.ok(first !== undefined);
    assert.equal(threads.allows(first, 0), true);
    lent(threads, 1, true);
    assert.equal(threads.allows(first, 0), false);
    assert.equal(threads.allows(first, 1), true);
    threads.close();
  });

  test("who waits for a thread hears of the end", async () => {
    const threads = new Threads({ ...settings, max: 1 }, owner);
    const waiting = threads.acquire("loader");
    threads.close();
    assert.equal(await waiting, undefined);
    assert.equal(await threads.acquire("loader"), undefined);
  });
});
