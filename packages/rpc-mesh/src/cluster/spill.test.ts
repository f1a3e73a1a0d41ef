import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertNear } from "../balancing/testing/simulation.ts";
import { spillLoads } from "./spill.ts";

describe("spillLoads", () => {
  const table: readonly (readonly [string, readonly number[], number, readonly number[]])[] = [
    ["keeps everything while enough is fit", [0.7, 1, 1], 70, [1, 0, 0]],
    ["passes on what is missing", [0.35, 1, 1], 70, [0.5, 0.5, 0]],
    ["passes on through several zones", [0.35, 0.21, 1], 70, [0.5, 0.3, 0.2]],
    ["skips a zone without fit hosts", [0, 1], 70, [0, 1]],
    ["divides in proportion when all together are too few", [0.14, 0.07], 70, [2 / 3, 1 / 3]],
    ["gives nothing where nothing is fit", [0, 0], 70, [0, 0]],
    ["is content with one host at 0 percent", [0.01, 1], 0, [1, 0]],
    ["passes on with the first missing host at 100 percent", [0.9, 1], 100, [0.9, 0.1]],
  ];
  for (const [name, shares, percent, loads] of table) {
    it(name, () => {
      const actual = spillLoads(shares, percent);
      actual.forEach((load, index) => assertNear(load, loads[index] ?? NaN, 1e-9));
      assert.equal(actual.length, loads.length);
    });
  }
});
