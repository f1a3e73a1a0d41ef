import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PendingTable, type Pending } from "./pending-table.ts";

describe("PendingTable", () => {
  it("gives out ids that count up, wrap after 2^32 and leave out 0", () => {
    const table = new PendingTable<Pending>(0xffff_fffd);
    const ids = [1, 2, 3, 4].map(() => {
      const pending = { id: 0 };
      table.add(pending);
      return pending.id;
    });
    assert.deepEqual(ids, [-2, -1, 1, 2]);
  });

  it("passes over ids whose slot is taken when it comes round", () => {
    const table = new PendingTable<Pending>();
    const old = { id: 0 };
    table.add(old);
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i += 1) {
      const pending = { id: 0 };
      table.add(pending);
      assert.notEqual(pending.id, old.id);
      assert.equal(seen.has(pending.id), false);
      seen.add(pending.id);
      assert.equal(table.take(pending.id), pending);
    }
    assert.equal(table.take(old.id), old);
    assert.equal(table.size, 0);
  });

  it("finds each request once, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat(5), { maxLength: 400 }), (last, steps) => {
        const table = new PendingTable<Pending>(last);
        const model = new Map<number, Pending>();
        for (const step of steps) {
          const [first] = model.keys();
          if (step > 1 || first === undefined) {
            const pending = { id: 0 };
            table.add(pending);
            assert.equal(model.has(pending.id), false);
            model.set(pending.id, pending);
          } else {
            assert.equal(table.take(first), model.get(first));
            assert.equal(table.take(first), undefined);
            model.delete(first);
          }
          assert.equal(table.size, model.size);
          assert.equal(model.has(table.spareId()), false);
        }
        assert.deepEqual(new Set(table.takeAll()), new Set(model.values()));
        assert.equal(table.size, 0);
      }),
    );
  });
});
