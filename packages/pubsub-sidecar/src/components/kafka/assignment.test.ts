import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { assign, type Assignment, type Member } from "./assignment.ts";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const newcomer = (id: string, ...topics: string[]): Member => ({ id, topics, owned: {} });

describe("assign", () => {
  it("gives a topic's partitions only to those who read it", () => {
    const members = [newcomer("a", "orders"), newcomer("b", "bills"), newcomer("c", "bills")];
    const result = assign(
      members,
      new Map([
        ["orders", [0, 1]],
        ["bills", [0, 1]],
      ]),
    );
    assert.deepEqual(result.get("a"), new Map([["orders", [0, 1]]]));
    assert.deepEqual([result.get("b")?.get("bills"), result.get("c")?.get("bills")], [[0], [1]]);
  });

  it("a topic that nobody reads is nobody's", () => {
    assert.deepEqual(assign([newcomer("a", "x")], new Map([["y", [0]]])).get("a"), new Map());
  });

  it("whoever has a partition keeps it; a newcomer gets its share and no more moves than must", () => {
    const owner: Member = { id: "z", topics: ["t"], owned: { t: [0, 1, 2, 3, 4, 5] } };
    const result = assign([newcomer("a", "t"), owner], new Map([["t", range(6)]]));
    assert.deepEqual(result.get("z")?.get("t"), [0, 1, 2]);
    assert.deepEqual(result.get("a")?.get("t"), [3, 4, 5]);
  });

  it("every partition has one owner, shares differ by one at most, whatever members claim", () => {
    const claims = fc.array(fc.integer({ min: -1, max: 12 }), { maxLength: 14 });
    fc.assert(
      fc.property(
        fc.array(claims, { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 12 }),
        (owned, count) => {
          const members = owned.map((t, i): Member => ({
            id: `m${i}`,
            topics: ["t"],
            owned: { t },
          }));
          const sizes = checked(assign(members, new Map([["t", range(count)]])), count);
          assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
        },
      ),
    );
  });

  it("the same members again: nothing moves", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat({ max: 12 }), (readers, count) => {
        const partitions = new Map([["t", range(count)]]);
        const first = assign(
          range(readers).map((i) => newcomer(`m${i}`, "t")),
          partitions,
        );
        const again = [...first].map(([id, shares]): Member => {
          return { id, topics: ["t"], owned: { t: shares.get("t") ?? [] } };
        });
        assert.deepEqual(assign(again, partitions), first);
      }),
    );
  });
});

function checked(assignment: Assignment, count: number): number[] {
  const shares = [...assignment.values()].map((topics) => topics.get("t") ?? []);
  assert.deepEqual(
    shares.flat().sort((a, b) => a - b),
    range(count),
  );
  return shares.map((share) => share.length);
}
