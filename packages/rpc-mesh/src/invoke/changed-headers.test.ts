import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withRequestChanges, withResponseChanges } from "./changed-headers.ts";

const changes = [
  { requestAdd: [["a", "1"]], requestRemove: ["b"], responseAdd: [], responseRemove: ["server"] },
  { requestAdd: [["b", "2"]], requestRemove: ["b", "a"], responseAdd: [["via", "mesh"]], responseRemove: [] },
] as const; // prettier-ignore

describe("header changes of a route", () => {
  test("are made one after the other, removals before additions", () => {
    const headers = [
      ["b", "0"],
      ["c", "3"],
    ] as const;
    assert.deepEqual(withRequestChanges(headers, changes), [
      ["c", "3"],
      ["b", "2"],
    ]);
    assert.deepEqual(withRequestChanges(headers, []), headers);
  });

  test("of answers leave those of requests alone", () => {
    const headers = [
      ["server", "x"],
      ["a", "1"],
    ] as const;
    assert.deepEqual(withResponseChanges(headers, changes), [
      ["a", "1"],
      ["via", "mesh"],
    ]);
  });
});
