import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultLimits } from "../model/definition.ts";
import { wat } from "../testing/wat.ts";
import { inspectModule } from "./inspect.ts";
import type { ModuleLimits } from "./limits.ts";
import { fuelGlobal, prepareModule } from "./prepare.ts";
import { counting } from "./testing/counted.ts";
import { leb, rawModule, rawName } from "./testing/raw-module.ts";

const mebibyte = 1024 * 1024;

function limits(changed: Partial<ModuleLimits>): ModuleLimits {
  return { ...defaultLimits, ...changed };
}

function instance(bytes: Uint8Array, imports?: WebAssembly.Imports) {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
}

describe("prepareModule() without fuel", () => {
  it("returns a module that asks for no more than it may as it is", async () => {
    const bytes = await wat(`(module (memory 1 4) (table 1 10 funcref))`);
    const prepared = prepareModule(bytes, limits({}));
    assert.equal(prepared.bytes, bytes);
    assert.equal(prepared.info.bytes, bytes.length);
  });

  it("lets a memory grow to the limit and no further", async () => {
    for (const memory of ["1", "1 60000"]) {
      const bytes = await wat(`(module (memory (export "memory") ${memory})
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);
      const prepared = prepareModule(bytes, limits({ memoryBytes: 2 * mebibyte }));
      const { grow } = instance(prepared.bytes);
      assert.ok(typeof grow === "function");
      assert.equal(grow(31), 1);
      assert.equal(grow(1), -1);
      assert.deepEqual(prepared.info, inspectModule(bytes));
    }
  });

  it("keeps a smaller maximum", async () => {
    const bytes = await wat(`(module (memory 1 5))`);
    const [section] = [inspectModule(prepareModule(bytes, limits({ fuel: 1 })).bytes)];
    assert.deepEqual(section.memory, { initial: 1, maximum: 5, imported: false });
  });

  it("limits tables, the imported ones too, and imported memories", async () => {
    const bytes =
      await wat(`(module (import "env" "t" (table 2 funcref)) (import "env" "m" (memory 1))
      (table (export "own") 3 externref))`);
    const prepared = prepareModule(bytes, limits({ memoryBytes: mebibyte, tableElements: 7 }));
    const types = inspectModule(prepared.bytes);
    assert.deepEqual(
      [...types.imports, ...types.exports].map((each) => each.type),
      ["funcref, 2 to 7 elements", "1 to 16 pages", "externref, 3 to 7 elements"],
    );
    assert.ok(WebAssembly.validate(prepared.bytes));
  });

  it("refuses what begins above its limit, with both numbers and the cure", async () => {
    const memory = await wat(`(module (memory 1025))`);
    assert.throws(() => prepareModule(memory, limits({ memoryBytes: 64 * mebibyte })), {
      reason: "MEMORY_ABOVE_LIMIT",
      message:
        "the module's memory begins with 64.06 MiB (1025 pages), 64 MiB (1024 pages) are allowed; " +
        "raise its limit (`mem`), or build it with less memory",
    });
    const table = await wat(`(module (table 11 funcref))`);
    assert.throws(() => prepareModule(table, limits({ tableElements: 10 })), {
      reason: "TABLE_ABOVE_LIMIT",
      message: /begins with 11 elements, 10 are allowed/u,
    });
  });

  it("refuses a file that is too large before it reads it", () => {
    assert.throws(() => prepareModule(new Uint8Array(2000), limits({ moduleBytes: 1999 })), {
      reason: "MODULE_TOO_LARGE",
      message: /has 2000 octets, 1999 are allowed/u,
    });
  });
});

describe("prepareModule() with fuel", () => {
  const everywhere = [
    `(module)`,
    `(module (func (export "f")))`,
    `(module (global i32 (i32.const 1)) (func))`,
    `(module (import "env" "g" (global i32)) (import "env" "f" (func)) (func $s) (start $s))`,
    `(module (memory 1) (data (i32.const 0) "x") (table 2 funcref) (elem (i32.const 0) $f) (func $f))`,
    `(module (memory 1) (data $d "abc") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))))`,
  ];

  it("adds its global and its export to any module", async () => {
    for (const text of everywhere) {
      const { bytes } = prepareModule(await wat(text), limits({ fuel: 77 }));
      assert.ok(WebAssembly.validate(bytes), text);
      const found = inspectModule(bytes).exports.at(-1);
      assert.deepEqual(found, { name: fuelGlobal, kind: "global", type: "mut i64" }, text);
    }
    const counter = instance(prepareModule(await wat(`(module)`), limits({ fuel: 77 })).bytes)[
      fuelGlobal
    ];
    assert.ok(counter instanceof WebAssembly.Global);
    assert.equal(counter.value, 77n);
  });

  it("keeps names and producers, and drops what tells places in the code", async () => {
    const named = await wat(`(module (func $named (export "f") unreachable))`);
    const custom = (name: string): readonly [number, readonly number[]] => [
      0,
      [...rawName(name), 1, 2],
    ];
    const debug = rawModule(
      custom(".debug_line"),
      custom("sourceMappingURL"),
      custom("metadata.code.branch_hint"),
    );
    const bytes = Uint8Array.of(
      ...named,
      ...debug.subarray(8),
      ...rawModule([0, [...rawName("producers"), 0]]).subarray(8),
    );
    const module = new WebAssembly.Module(prepareModule(bytes, counting).bytes);
    const count = (name: string): number => WebAssembly.Module.customSections(module, name).length;
    assert.deepEqual(["name", "producers"].map(count), [1, 1]);
    assert.deepEqual(
      [".debug_line", "sourceMappingURL", "metadata.code.branch_hint"].map(count),
      [0, 0, 0],
    );
    const { f } = new WebAssembly.Instance(module).exports;
    assert.ok(typeof f === "function");
    assert.throws(
      () => f() as unknown,
      (error) => error instanceof WebAssembly.RuntimeError && /named/u.test(error.stack ?? ""),
    );
  });

  it("refuses code that names the counter before it is there", () => {
    // (global.set 0 (i64.const 1)) in a module without globals.
    const body = [0x00, 0x42, 0x01, 0x24, 0x00, 0x0b];
    const bytes = rawModule(
      [1, [1, 0x60, 0, 0]],
      [3, [1, 0]],
      [10, [1, ...leb(body.length), ...body]],
    );
    assert.throws(() => prepareModule(bytes, counting), {
      reason: "INVALID_MODULE",
      message: /there is no global 0/u,
    });
    const exported = rawModule([7, [1, ...rawName("x"), 3, 0]]);
    assert.throws(
      () => prepareModule(exported, counting),
      /leads to global 0, which is not there/u,
    );
  });

  it("refuses a module that has its name already", async () => {
    const bytes = await wat(`(module (func (export "${fuelGlobal}")))`);
    assert.throws(() => prepareModule(bytes, counting), { reason: "UNSUPPORTED_MODULE" });
    assert.equal(prepareModule(bytes, limits({})).bytes, bytes);
  });
});
