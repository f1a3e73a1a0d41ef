import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FieldMatch } from "../model/route.ts";
import { matchField } from "./match-field.ts";

const cases: [string, Omit<FieldMatch, "name">, (string | undefined)[], (string | undefined)[]][] =
  [
    ["exact", { exact: "a" }, ["a"], ["A", "", "ab", undefined]],
    ["exact in any case", { exact: "Ab", ignoreCase: true }, ["aB", "Ab"], ["a", undefined]],
    ["the empty text", { exact: "" }, [""], ["a", undefined]],
    ["prefix", { prefix: "a" }, ["a", "ab"], ["b", "ba", undefined]],
    ["prefix in any case", { prefix: "A", ignoreCase: true }, ["ab", "AB"], ["b"]],
    ["suffix", { suffix: "a" }, ["a", "ba"], ["ab"]],
    ["contains", { contains: "b" }, ["abc"], ["ac"]],
    ["regex", { regex: /^v\d+$/ }, ["v1", "v12"], ["v", "xv1", undefined]],
    ["range, the end excluded", { range: [1, 3] }, ["1", "2", "+2"], ["0", "3", "1.5", "1e0", ""]],
    ["negative range", { range: [-5, 0] }, ["-5", "-1"], ["-6", "0"]],
    ["present", { present: true }, ["", "x"], [undefined]],
    ["absent", { present: false }, [undefined], ["", "x"]],
    ["not present", { present: true, invert: true }, [undefined], ["x"]],
    ["not x, which is no match for nothing", { exact: "x", invert: true }, ["y"], ["x", undefined]],
    ["nothing in particular", {}, ["", "x"], [undefined]],
  ];

describe("matchField", () => {
  for (const [what, match, fitting, others] of cases) {
    it(`compares with ${what}`, () => {
      for (const value of fitting) assert.equal(matchField({ name: "h", ...match }, value), true, value); // prettier-ignore
      for (const value of others) assert.equal(matchField({ name: "h", ...match }, value), false, value); // prettier-ignore
    });
  }
});
