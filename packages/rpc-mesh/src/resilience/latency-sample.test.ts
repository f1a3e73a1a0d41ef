import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LatencySample } from "./latency-sample.ts";
import { seededRandom } from "./testing/simulation.ts";

describe("LatencySample", () => {
  it("gives percentiles by nearest rank", () => {
    const sample = new LatencySample(16, seededRandom(1));
    assert.ok(Number.isNaN(sample.percentile(0.5)));
    for (const ms of [30, 10, 100, 20, 9]) sample.add(ms);
    assert.deepEqual(
      [0, 0.2, 0.5, 0.8, 0.9, 1].map((share) => sample.percentile(share)),
      [9, 9, 20, 30, 100, 100],
    );
  });

  it("keeps an even sample of more than it holds", () => {
    const sample = new LatencySample(500, seededRandom(2));
    for (let i = 0; i < 100_000; i += 1) sample.add(i);
    assert.equal(sample.count, 100_000);
    for (const share of [0.1, 0.5, 0.9]) {
      assert.ok(Math.abs(sample.percentile(share) / 100_000 - share) < 0.06);
    }
  });

  it("forgets all when cleared", () => {
    const sample = new LatencySample(4, seededRandom(3));
    for (const ms of [1, 2, 3, 4, 5, 6]) sample.add(ms);
    sample.clear();
    sample.add(7);
    assert.equal(sample.percentile(0.9), 7);
  });
});
