import assert from "node:assert/strict";
import { test } from "node:test";
import { wat } from "../testing/wat.ts";
import { importMemory } from "./import-memory.ts";

const program = (imports: string): string => `(module ${imports}
  (memory (export "memory") 2 5)
  (data (i32.const 8) "\\07")
  (func (export "read") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "write") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))`;

for (const [what, imports] of Object.entries({
  "without imports": "",
  "with imports": `(import "env" "f" (func)) (import "env" "g" (global i32))`,
})) {
  test(`importMemory: a module ${what} computes the same in a memory that it is given`, async () => {
    const module = new WebAssembly.Module(importMemory(await wat(program(imports))));
    assert.deepEqual(WebAssembly.Module.imports(module).at(-1), {
      module: "layotto",
      name: "memory",
      kind: "memory",
    });
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 5 });
    const env = { f: () => {}, g: 1 } as never; // a number is a global to JavaScript
    const { exports } = new WebAssembly.Instance(module, { env, layotto: { memory } });
    const { read, write } = exports as Record<string, (...args: number[]) => number>;
    assert.equal(exports["memory"], memory);
    assert.equal(read?.(8), 7);
    write?.(9, 42);
    assert.equal(new Uint8Array(memory.buffer)[9], 42);
  });
}

test("importMemory leaves modules alone that define no memory", async () => {
  for (const text of ["(module)", `(module (import "a" "m" (memory 1)) (func))`]) {
    const bytes = await wat(text);
    assert.equal(importMemory(bytes), bytes);
  }
});

test("importMemory keeps a module valid that has nothing but a memory", async () => {
  assert.ok(WebAssembly.validate(importMemory(await wat("(module (memory 1))"))));
});
