import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backoffMs } from "./clock.ts";

describe("backoffMs", () => {
  it("doubles from 100 ms up to 10 s", () => {
    const delays = [1, 2, 3, 8, 100].map((attempt) => backoffMs(attempt, { random: () => 1 }));
    assert.deepEqual(delays, [100, 200, 400, 10_000, 10_000]);
  });

  it("spreads between half and all of the delay", () => {
    assert.equal(backoffMs(1, { random: () => 0 }), 50);
  });
});
