import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deeper, depthText, nestingOf, outermost } from "./call-depth.ts";

describe("nestingOf", () => {
  test("knows what this process has written", () => {
    assert.deepEqual(nestingOf(depthText(3)), { depth: 3, nested: true });
  });

  test("counts the depth that others claim, and gives them nothing for it", () => {
    assert.deepEqual(nestingOf("3"), { depth: 3 });
    assert.deepEqual(nestingOf("3;AAAAAAAAAAAAAAAA"), { depth: 3 });
    assert.deepEqual(nestingOf("99999"), { depth: 1000 });
  });

  test("takes what is no depth for 0", () => {
    for (const text of ["", "-1", "x", "1.5", ";", depthText(0), depthText(-1)]) {
      assert.deepEqual(nestingOf(text), outermost, text);
    }
  });
});

describe("deeper", () => {
  test("is the deepest of several", () => {
    assert.deepEqual(deeper(nestingOf("2"), nestingOf(depthText(5))), { depth: 5, nested: true });
    assert.deepEqual(deeper(nestingOf("7"), nestingOf("1")), { depth: 7 });
  });
});
