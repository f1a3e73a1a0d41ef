import assert from "node:assert/strict";
import { test } from "node:test";
import { Choice } from "./choice.ts";

test("Choice.pick takes each target as often as its weight says", () => {
  const choice = Choice.of([
    { target: "a", weight: 90 },
    { target: "off", weight: 0 },
    { target: "b", weight: 10 },
  ]);
  const seen: Record<string, number> = {};
  for (let i = 0; i < 100; i++) {
    const target = choice?.pick(() => i / 100) ?? "";
    seen[target] = (seen[target] ?? 0) + 1;
  }
  assert.deepEqual(seen, { a: 90, b: 10 });
  assert.deepEqual(choice?.targets, ["a", "b"]);
});

test("Choice.of has nothing to choose among weights of 0", () => {
  assert.equal(Choice.of([{ target: "a", weight: 0 }]), undefined);
  assert.equal(Choice.of([]), undefined);
});

test("Choice.pick asks no luck where there is one target", () => {
  const choice = Choice.of([{ target: "a", weight: 3 }]);
  assert.equal(
    choice?.pick(() => assert.fail()),
    "a",
  );
});
