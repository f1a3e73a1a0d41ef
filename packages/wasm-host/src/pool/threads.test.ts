import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Threads, type ThreadSettings } from "./threads.ts";
import type { RunningVersion } from "./running-version.ts";
import type { ThreadOwner, WorkerThread } from "./worker-thread.ts";

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
  const parts = {
    busy,
    control,
    ready: true,
    dead: false,
    lease: undefined,
    slots: new Map(),
    loaded: new Map(),
    end() {},
  };
  return parts as unknown as WorkerThread; // what this class looks at is there
}

const lease = { version: 1, isQuick: false } as unknown as RunningVersion; // nobody looks into the rest

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
    // One that is left, and one more.
    threads.all.add(threadOf(false)).add(threadOf(false));
    assert.equal(threads.allows(threadOf(true), lease, 0), true);
    lent(threads, 1, true);
    assert.equal(threads.allows(threadOf(true), lease, 0), false);
    threads.close();
  });

  test("a thread that is lent takes calls up to the most for their depth, whoever computes", () => {
    const threads = new Threads(settings, owner);
    const [first] = lent(threads, 3, true);
    assert.ok(first !== undefined);
    assert.equal(threads.allows(first, lease, 0), true);
    lent(threads, 1, true);
    assert.equal(threads.allows(first, lease, 0), false);
    assert.equal(threads.allows(first, lease, 1), true);
    threads.close();
  });

  test("the last free thread is left to those who are known to be done with it soon", async () => {
    const threads = new Threads({ ...settings, max: 2, min: 1 }, owner);
    for (const thread of threads.all) thread.ready = true;
    const [only] = threads.all;
    const quick = { version: 2, isQuick: true } as unknown as RunningVersion; // nobody looks into the rest
    assert.equal(threads.free(lease, 0), undefined);
    assert.equal(threads.free(quick, 0), only);
    const loading = threads.acquire("loader");
    assert.ok(threads.all.size > 1, "another one is started for who waits");
    for (const thread of threads.all) thread.ready = true;
    assert.notEqual(threads.free(lease, 0), undefined);
    threads.close();
    assert.equal(await loading, undefined);
  });

  test("who is quick has a thread beyond those that compute", () => {
    const threads = new Threads({ ...settings, min: 1, max: 1 }, owner);
    lent(threads, 1, true);
    for (const thread of threads.all) thread.ready = true;
    const quick = { version: 2, isQuick: true } as unknown as RunningVersion; // nobody looks into the rest
    assert.equal(threads.free(lease, 0), undefined);
    assert.notEqual(threads.free(quick, 0), undefined);
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
