import assert from "node:assert/strict";
import { test } from "node:test";
import { wat } from "./wat.ts";

test("wat makes a module that runs", async () => {
  const bytes = await wat(`(module (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))`);
  const { add } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  assert.equal((add as (a: number, b: number) => number)(2, 3), 5);
});

test("wat says where a fault is", async () => {
  await assert.rejects(wat("(module (func (nonsense)))"), /fixture\.wat:1/u);
});
