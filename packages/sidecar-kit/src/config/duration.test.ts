import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { durationMs } from "./duration.ts";

describe("durationMs", () => {
  for (const [value, ms] of [
    ["1m30s", 90_000],
    ["1.5s", 1500],
    [" 20ms ", 20],
    ["2us", 0.002],
    ["7", 7],
    [250, 250],
    [0, 0],
  ] as const) {
    it(`reads ${JSON.stringify(value)}`, () => assert.equal(durationMs(value), ms));
  }

  for (const value of ["", "soon", "1 s", "-1s", "3d", -1, Number.NaN, Infinity, null, {}]) {
    it(`takes ${inspect(value)} for none`, () => assert.equal(durationMs(value), undefined));
  }
});
