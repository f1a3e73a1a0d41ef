import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backoffDelay } from "./backoff.ts";

describe("backoffDelay()", () => {
  it("doubles from 50 ms to 30 s", () => {
    const delays = [1, 2, 3, 10, 11, 1_000].map((failures) => backoffDelay(failures, 0.5));
    assert.deepEqual(delays, [50, 100, 200, 25_600, 30_000, 30_000]);
  });

  it("varies by a quarter", () => {
    assert.deepEqual([backoffDelay(2, 0), backoffDelay(2, 0.999_999)], [75, 125]);
  });
});
