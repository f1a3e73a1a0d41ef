import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ThreadHeap, threadHeap } from "./heap.ts";

const mebibyte = 1024 * 1024;

/** Shows what is listed, one after the other, then the last again and again. */
class Looks {
  count = 0;
  readonly heap: ThreadHeap;

  constructor(...shown: readonly unknown[]) {
    this.heap = new ThreadHeap(() => shown[Math.min(this.count++, shown.length - 1)]);
  }
}

/** Fills the heap with so much that nobody needs. @returns what it was in use with it, octets */
function litter(mib: number): number {
  const all = Array.from({ length: mib }, () =>
    Array.from({ length: mebibyte / 8 }, (_, index) => index),
  );
  assert.equal(all.length, mib);
  return threadHeap.used();
}

describe("ThreadHeap", () => {
  it("collects what nobody needs", () => {
    const before = litter(20);
    assert.ok(threadHeap.collect());
    assert.ok(before - threadHeap.used() > 10 * mebibyte);
  });

  it("leaves V8's flag as other threads need it, which may be making their contexts now", () => {
    setFlagsFromString("--no-expose-gc");
    assert.ok(new ThreadHeap().collect());
    assert.equal(runInNewContext("typeof globalThis.gc"), "function");
  });

  it("looks again when the collector was hidden, and keeps it once found", () => {
    let collected = 0;
    const looks = new Looks(undefined, undefined, () => collected++, undefined);
    assert.ok(looks.heap.collect() && looks.heap.collect());
    assert.deepEqual([looks.count, collected], [3, 2]);
  });

  it("goes on without a collector, and asks for it anew the next time", () => {
    let collected = 0;
    const looks = new Looks(...Array.from({ length: 5 }, () => undefined), () => collected++);
    assert.equal(looks.heap.collect(), false);
    assert.ok(looks.count <= 3);
    assert.ok(looks.heap.collect());
    assert.equal(collected, 1);
  });
});
