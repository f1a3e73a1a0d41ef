import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WasmError } from "../errors.ts";
import { wat } from "../testing/wat.ts";
import { prepareModule, type PreparedModule } from "./prepare.ts";
import { counting } from "./testing/counted.ts";

async function prepared(fields: string, tableElements = 100_000): Promise<PreparedModule> {
  const bytes = await wat(`(module (memory (export "memory") 1) (func $f) ${fields})`);
  return prepareModule(bytes, { ...counting, fuel: 0, tableElements });
}

async function refused(fields: string, reason: string, message: RegExp, tableElements?: number) {
  await assert.rejects(prepared(fields, tableElements), (error) => {
    assert.ok(error instanceof WasmError);
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  });
}

/** How far each exported table grows, one after the other. */
async function sizes(fields: string, tableElements?: number): Promise<number[]> {
  const { bytes } = await prepared(fields, tableElements);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return Object.values(exports).flatMap((table) => {
    if (!(table instanceof WebAssembly.Table)) return [];
    for (let step = 65_536; step >= 1; step /= 2) while (grows(table, step));
    return [table.length];
  });
}

function grows(table: WebAssembly.Table, step: number): boolean {
  try {
    table.grow(step);
    return true;
  } catch {
    return false;
  }
}

const tables = (count: number, size: string): string =>
  Array.from({ length: count }, (_, index) => `(table (export "t${index}") ${size} funcref)`).join(" "); // prettier-ignore

const segment = (entries: number): string => `(elem func ${"$f ".repeat(entries)})`;

describe("what an instance takes of the heap of its thread", () => {
  it("one table has all the elements that are allowed", async () => {
    assert.deepEqual(await sizes(tables(1, "1")), [100_000]);
    assert.deepEqual(await sizes(tables(1, "5 20")), [20]);
  });

  it("many tables share what an instance may have, whatever one of them may", async () => {
    for (const elements of [100_000, 10_000_000]) {
      const grown = await sizes(tables(10, "1"), elements);
      const sum = grown.reduce((a, b) => a + b, 0);
      assert.equal(new Set(grown).size, 1);
      assert.ok(sum > 200_000 && sum < 250_000, `${sum} elements`);
    }
  });

  it("tables that begin with too many elements together are refused", async () => {
    await refused(tables(3, "90000"), "TABLE_ABOVE_LIMIT", /270000 elements together, \d+ are allowed/u);
    const imported = '(import "env" "t" (table 1 funcref))';
    await assert.doesNotReject(wat(`(module ${imported})`));
    const bytes = await wat(`(module ${imported} (memory (export "memory") 1))`);
    assert.throws(
      () => prepareModule(bytes, { ...counting, fuel: 0, tableElements: 1_000_000 }),
      /1000000 elements together/u,
    );
  }); // prettier-ignore

  it("segments with too many entries are refused, in one and in many", async () => {
    await refused(segment(200_001), "UNSUPPORTED_MODULE", /200001 entries/u);
    await refused(segment(101_000).repeat(2), "UNSUPPORTED_MODULE", /more than 200000 entries/u);
    await prepared(segment(150_000));
  });

  it("reads segments of all kinds, and leaves what is broken to V8", async () => {
    const kinds = `(table $t 9 funcref) (elem (i32.const 0) $f) (elem (table $t) (i32.const 1) func $f $f)
      (elem declare func $f) (elem func $f) (elem funcref (ref.func $f) (ref.null func)) (elem (i32.const 2) funcref (ref.func $f))`;
    const { bytes } = await prepared(kinds);
    assert.ok(WebAssembly.validate(bytes));
  });

  it("functions, exports and segments count together", async () => {
    const exports = (count: number): string =>
      Array.from({ length: count }, (_, index) => `(export "e${index}" (func $f))`).join(" ");
    await prepared(`${exports(9000)} ${segment(100_000)}`);
    const globals = "(global funcref (ref.null func)) ".repeat(99_000);
    const parts = ["(func) ".repeat(99_000), globals, exports(9900), segment(199_000)];
    await prepared(parts.join(" "));
    const more = '(data "") (elem func) '.repeat(99_000);
    await refused([...parts, more].join(" "), "UNSUPPORTED_MODULE", /takes 1[78] MiB .* 16 are allowed/u); // prettier-ignore
  });
});
