import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { WasmError } from "../errors.ts";
import { wat } from "../testing/wat.ts";
import { inspectModule } from "./inspect.ts";
import { prepareModule } from "./prepare.ts";
import { counting } from "./testing/counted.ts";
import { moduleText, program } from "./testing/random-program.ts";

const rich = `(module
  (type $t (func (param i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "base" (global $base i32))
  (memory (export "memory") 1 4)
  (table $table 4 10 funcref)
  (global $g (mut i64) (i64.const 5))
  (func $f (type $t) (local f64)
    (block (br_table 0 0 (local.get 0)))
    (if (local.get 0) (then (global.set $g (i64.const -1))) (else (drop (call_indirect (type $t) (i32.const 1) (local.get 0)))))
    (loop (br_if 0 (i32.const 0)))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
    (i32.load offset=8 (local.get 0)))
  (func $start (drop (call $log (i32.const 0) (i32.const 0) (i32.const 0))))
  (export "run" (func $f)) (export "g" (global $g))
  (start $start)
  (elem (i32.const 0) $f $f)
  (data (i32.const 8) "hello"))`;

let modules: Uint8Array[];

/** A module with a few octets changed, and perhaps its end cut off. */
const mutation = fc.record({
  module: fc.nat(),
  changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  cut: fc.option(fc.nat(), { nil: undefined }),
});

function mutate({
  module,
  changes,
  cut,
}: {
  module: number;
  changes: [number, number][];
  cut: number | undefined;
}) {
  const original = modules[module % modules.length] ?? new Uint8Array();
  const bytes =
    cut === undefined ? original.slice() : original.slice(0, cut % (original.length + 1));
  for (const [at, octet] of changes) bytes[at % Math.max(1, bytes.length)] = octet;
  return bytes;
}

/** The prepared module; undefined when it was refused. Anything but a refusal is thrown. */
function prepare(bytes: Uint8Array, fuel: number): Uint8Array | undefined {
  try {
    return prepareModule(bytes, { ...counting, fuel }).bytes;
  } catch (error) {
    assert.ok(error instanceof WasmError, String(error));
    return undefined;
  }
}

before(async () => {
  const programs = fc.sample(program, { numRuns: 10, seed: 5 }).map(moduleText);
  modules = await Promise.all([rich, ...programs].map(wat));
});

describe("prepareModule() on hostile modules", () => {
  it("refuses or writes a module that is exactly as valid as the one it was given", () => {
    let refused = 0;
    let prepared = 0;
    fc.assert(
      fc.property(mutation, fc.boolean(), (spec, isCounted) => {
        const bytes = mutate(spec);
        const result = prepare(bytes, isCounted ? 1000 : 0);
        if (result === undefined) refused += 1;
        else {
          prepared += 1;
          assert.equal(WebAssembly.validate(result), WebAssembly.validate(bytes));
        }
      }),
      { numRuns: 20_000 },
    );
    assert.ok(refused > 100 && prepared > 100, `${refused} refused, ${prepared} prepared`);
  });

  it("refuses no octets of any kind with anything but a reason", () => {
    const header = fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), header), (bytes) => {
        const result = prepare(bytes, 1000);
        if (result !== undefined)
          assert.equal(WebAssembly.validate(result), WebAssembly.validate(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  it("writes valid modules that it reads again as they were, but for its export", () => {
    for (const bytes of modules) {
      const result = prepare(bytes, 1000);
      assert.ok(result !== undefined && WebAssembly.validate(result));
      const [own, again] = [inspectModule(bytes), inspectModule(result)];
      assert.deepEqual(again.imports, own.imports);
      assert.deepEqual(again.exports.slice(0, -1), own.exports);
    }
  });
});
