import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, testFunctions, type TestFunctions } from "../functions/testing/index.ts";
import { functionFamilies, MAX_LABELS, OTHERS } from "./families.ts";
import { wasmPage } from "./page.ts";

function values({ functions }: TestFunctions, name: string): Record<string, number> {
  const families = functionFamilies(functions.directory.all());
  const family = families.find((each) => each.name === `layotto_wasm_${name}`);
  assert.ok(family, name);
  return Object.fromEntries(
    family.samples.map(({ labels, suffix, value }) => {
      const { function: label = "", kind = "", le = "" } = labels;
      return [[label, kind, suffix, le].filter((part) => part !== "").join(" "), value];
    }),
  );
}

test("functionFamilies shows the figures of each function", async () => {
  const tested = testFunctions();
  const { functions, engine, ask, call } = tested;
  await functions.put(planOf("a", "v1"));
  await functions.put(planOf("b", "v1"));
  let leave = (): void => {};
  engine.leaving = new Promise((resolve) => (leave = resolve));
  await functions.put(planOf("a", "v2"));
  ask("a");
  call("a");
  engine.lastCall.fail("trap");
  assert.deepEqual(values(tested, "calls_total"), { a: 2, b: 0 });
  assert.deepEqual(values(tested, "faults_total"), { "a trap": 1 });
  assert.deepEqual(values(tested, "swaps_total"), { a: 1, b: 0 });
  assert.deepEqual(values(tested, "instances"), { a: 2, b: 1 }, "the old version is leaving");
  leave();
  await functions.settled();
  assert.deepEqual(values(tested, "instances"), { a: 1, b: 1 });
  const durations = values(tested, "duration_seconds");
  assert.equal(durations["a _count"], 2);
  assert.equal(durations["b _count"], undefined, "nobody has called it");
});

test("functionFamilies sums up what goes beyond its bound", async () => {
  const tested = testFunctions();
  const { functions, ask } = tested;
  for (let i = 0; i < MAX_LABELS + 2; i++) await functions.put(planOf(`f${i}`, "v1"));
  ask(`f${MAX_LABELS}`);
  ask(`f${MAX_LABELS + 1}`);
  const calls = values(tested, "calls_total");
  assert.equal(Object.keys(calls).length, MAX_LABELS + 1);
  assert.equal(calls[OTHERS], 2);
  assert.equal(values(tested, "instances")[OTHERS], 2);
});

test("wasmPage shows functions with their figures", async () => {
  const { functions, ask } = testFunctions();
  await functions.put(planOf("a", "v1"));
  ask("a");
  const facts = { listeners: [], unknown: 3, hostCalls: "atomics" };
  const page = wasmPage(functions, facts);
  assert.equal(page.unknown, 3);
  assert.equal(page.openCalls, 0);
  assert.equal(page.functions[0]?.name, "a");
  assert.equal(page.functions[0]?.figures?.calls, 1);
});
