import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { OffsetTracker, type Tracked } from "./offset-tracker.ts";

const records = (...offsets: number[]): Tracked[] =>
  offsets.map((offset) => ({ offset, done: false }));

describe("OffsetTracker", () => {
  it("nothing read: no position", () => {
    const tracker = new OffsetTracker();
    assert.deepEqual([tracker.position, tracker.next], [undefined, undefined]);
  });

  it("stays at the oldest that is not done, and passes over offsets without a record", () => {
    const tracker = new OffsetTracker();
    const [a, b, c] = records(10, 12, 15);
    assert.ok(a && b && c);
    tracker.add([a, b, c], 20);
    assert.equal(tracker.position, 10);
    tracker.done(b);
    assert.equal(tracker.position, 10);
    tracker.done(a);
    assert.equal(tracker.position, 15);
    tracker.done(c);
    assert.deepEqual([tracker.position, tracker.next], [20, 20]);
  });

  it("only marks of transactions: goes on after them", () => {
    const tracker = new OffsetTracker();
    tracker.add([], 5);
    assert.equal(tracker.position, 5);
  });

  it("a long run while the oldest is not done, then all at once", () => {
    const tracker = new OffsetTracker();
    const all = records(...Array.from({ length: 5000 }, (_, i) => i));
    tracker.add(all, 5000);
    for (const record of all.slice(1)) tracker.done(record);
    assert.equal(tracker.position, 0);
    for (const record of all.slice(0, 1)) tracker.done(record);
    assert.equal(tracker.position, 5000);
  });

  it("all before the position is done, and the position itself is not", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        gaps,
        fc.array(fc.nat(), { maxLength: 90 }),
        fc.nat({ max: 10 }),
        (steps, acks, split) => {
          let offset = 0;
          const all = records(...steps.map((step) => (offset += step)));
          const tracker = new OffsetTracker();
          const first = all.slice(0, split);
          tracker.add(first, (first.at(-1)?.offset ?? -1) + 1);
          tracker.add(all.slice(split), offset + 1);
          for (const ack of acks) {
            const record = all[ack % all.length];
            if (record !== undefined && !record.done) tracker.done(record);
            assert.equal(tracker.position, all.find(({ done }) => !done)?.offset ?? offset + 1);
          }
        },
      ),
    );
  });
});
