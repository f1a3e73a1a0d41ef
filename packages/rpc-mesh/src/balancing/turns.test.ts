import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../testing/seeded-random.ts";
import { assertShares, nth } from "./testing/simulation.ts";
import { Turns } from "./turns.ts";
import { WeightedDraw } from "./weighted-draw.ts";

describe("Turns", () => {
  it("names entries in the order of their times and ranks, as a sorted list would", () => {
    const random = seededRandom(1);
    for (let run = 0; run < 50; run += 1) {
      const size = 1 + Math.floor(random() * 40);
      const time = (): number => Math.floor(random() * 10);
      const times = Float64Array.from({ length: size }, time);
      const ranks = Uint32Array.from({ length: size }, (_, index) => (index * 7 + 3) % 41);
      const turns = new Turns(times.slice(), ranks);
      for (let step = 0; step < 100; step += 1) {
        const order = Array.from(times.keys()).toSorted(
          (a, b) => at(times, a) - at(times, b) || at(ranks, a) - at(ranks, b),
        );
        assert.equal(turns.first, order[0]);
        assert.equal(turns.time, times[turns.first]);
        const next = turns.time + time();
        times[turns.first] = next;
        turns.postpone(next);
      }
    }
  });
});

describe("WeightedDraw", () => {
  const table: readonly (readonly number[])[] = [
    [1, 1, 1],
    [1, 2, 3, 4],
    [0.5, 100, 7],
  ];
  for (const weights of table) {
    it(`draws in proportion to ${weights.join(", ")}`, () => {
      const draw = new WeightedDraw(seededRandom(2));
      draw.setWeights(weights);
      const counts = weights.map(() => 0);
      for (let i = 0; i < 50_000; i += 1) {
        const index = draw.next();
        counts[index] = nth(counts, index) + 1;
      }
      assertShares(counts, weights);
    });
  }

  it("never draws a weight of 0, at either end", () => {
    const ends = [0, 1 - 2 ** -53];
    for (const end of ends) {
      const draw = new WeightedDraw(() => end);
      draw.setWeights([0, 3, 0, 4, 0]);
      assert.ok([1, 3].includes(draw.next()));
    }
  });
});

function at(list: Float64Array | Uint32Array, index: number): number {
  return list[index] ?? NaN;
}
