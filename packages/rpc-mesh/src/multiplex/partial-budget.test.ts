import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PartialBudget } from "./partial-budget.ts";

describe("PartialBudget", () => {
  it("leaves a share to those who come after the greedy", () => {
    const budget = new PartialBudget(1000);
    for (let i = 0; i < 5; i++) assert.equal(budget.take(0, 100), true);
    assert.equal(budget.take(100, 200), false, "the first half is gone");
    assert.equal(budget.take(0, 84), false, "more than an even share");
    assert.equal(budget.take(0, 83), true, "a sixth of the other half");
    assert.equal(budget.bytes, 583);
  });

  it("never gives out more than all, and takes everything back", () => {
    const budget = new PartialBudget(1000);
    const held: number[] = [];
    for (let i = 0; i < 200; i++) if (budget.take(0, 10)) held.push(10);
    assert.ok(budget.bytes <= 1000);
    assert.ok(held.length >= 50);
    for (const bytes of held) budget.give(bytes);
    budget.give(0);
    assert.equal(budget.bytes, 0);
    assert.equal(budget.take(0, 500), true);
  });
});
