import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { WasmError, type WasmReason } from "../errors.ts";
import { wat } from "../testing/wat.ts";
import { inspectModule } from "./inspect.ts";
import { huge, leb, rawModule, rawName } from "./testing/raw-module.ts";

function refused(bytes: Uint8Array, reason: WasmReason, text: RegExp): void {
  assert.throws(
    () => inspectModule(bytes),
    (error) => {
      assert.ok(error instanceof WasmError);
      assert.equal(error.reason, reason, error.message);
      assert.match(error.message, text);
      assert.doesNotMatch(error.message, /\n/u);
      return true;
    },
  );
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe("inspectModule()", () => {
  it("tells imports, exports, functions, memory and digest", async () => {
    const bytes = await wat(`(module
      (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
      (import "env" "table" (table 1 8 funcref))
      (import "env" "base" (global i32))
      (memory (export "memory") 2 16)
      (global (export "g") (mut i64) (i64.const 1))
      (func (export "proxy_abi_version_0_2_1"))
      (func (export "two") (param f32) (result i32 f64) (i32.const 1) (f64.const 2)))`);
    const info = inspectModule(bytes);
    assert.deepEqual(info.imports, [
      { module: "env", name: "proxy_log", kind: "function", type: "(i32, i32, i32) -> i32" },
      { module: "env", name: "table", kind: "table", type: "funcref, 1 to 8 elements" },
      { module: "env", name: "base", kind: "global", type: "i32" },
    ]);
    assert.deepEqual(info.exports, [
      { name: "memory", kind: "memory", type: "2 to 16 pages" },
      { name: "g", kind: "global", type: "mut i64" },
      { name: "proxy_abi_version_0_2_1", kind: "function", type: "() -> ()" },
      { name: "two", kind: "function", type: "(f32) -> (i32, f64)" },
    ]);
    assert.deepEqual(info.memory, { initial: 2, maximum: 16, imported: false });
    assert.equal(info.functions, 2);
    assert.equal(info.bytes, bytes.length);
    assert.equal(info.sha256, createHash("sha256").update(bytes).digest("hex"));
    assert.equal(info.abi, "proxy-wasm 0.2.1");
  });

  it("tells an imported memory, and that there is none", async () => {
    const imported = inspectModule(await wat(`(module (import "env" "memory" (memory 3)))`));
    assert.deepEqual(imported.memory, { initial: 3, maximum: undefined, imported: true });
    assert.equal(imported.imports[0]?.type, "at least 3 pages");
    const none = inspectModule(await wat(`(module)`));
    assert.equal(none.memory, undefined);
    assert.equal(none.abi, undefined);
  });

  it("shortens long signatures", async () => {
    const many = `(module (func (export "f") (param ${"i32 ".repeat(100)})))`;
    const [found] = inspectModule(await wat(many)).exports;
    assert.equal(found?.type, `(${"i32, ".repeat(16)}… 100 in all) -> ()`);
  });

  it("finds the interface by marker, callbacks or start function", async () => {
    const abi = async (...names: string[]) =>
      inspectModule(await wat(`(module ${names.map((n) => `(func (export "${n}"))`).join("")})`))
        .abi;
    assert.equal(await abi("proxy_abi_version_0_1_0", "proxy_on_done"), "proxy-wasm 0.1.0");
    assert.equal(await abi("proxy_abi_version_0_2_0", "_start"), "proxy-wasm 0.2.0");
    assert.equal(
      await abi("proxy_abi_version_0_1_0", "proxy_abi_version_0_2_1"),
      "proxy-wasm 0.2.1",
    );
    assert.equal(await abi("proxy_on_request_headers", "_start"), "proxy-wasm 0.2.0");
    assert.equal(await abi("_start"), "wasi-command");
    const notFunctions = `(module (global (export "_start") i32 (i32.const 0)))`;
    assert.equal(inspectModule(await wat(notFunctions)).abi, undefined);
  });

  it("tells which tools made it, and nothing when that section is broken", () => {
    const field = (name: string, ...tools: [string, string][]) => [
      ...rawName(name),
      ...leb(tools.length),
      ...tools.flatMap(([tool, version]) => [...rawName(tool), ...rawName(version)]),
    ];
    const language = field("language", ["Rust", ""]);
    const made = field("processed-by", ["rustc", "1.63.0"], ["clang", "14"]);
    const producers = [...rawName("producers"), 2, ...language, ...made];
    assert.deepEqual(inspectModule(rawModule([0, producers])).producers, [
      "Rust",
      "rustc 1.63.0",
      "clang 14",
    ]);
    assert.deepEqual(inspectModule(rawModule([0, producers.slice(0, -3)])).producers, []);
    const hostile = [...rawName("producers"), ...huge];
    assert.deepEqual(inspectModule(rawModule([0, hostile])).producers, []);
  });

  it("says what a file that is no module is", () => {
    refused(new Uint8Array(), "NOT_A_MODULE", /the file is empty/u);
    refused(text("hello world"), "NOT_A_MODULE", /it begins with "hell"; give a \.wasm file/u);
    refused(text("  (module)"), "NOT_A_MODULE", /WebAssembly text, .* \(wat2wasm\)/u);
    refused(Uint8Array.of(0x1f, 0x8b, 8, 0, 0), "NOT_A_MODULE", /packed by gzip/u);
    refused(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1), "NOT_A_MODULE", /ends after 5 octets/u);
    refused(
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0),
      "NOT_A_MODULE",
      /a component \(version 13\), not a core module/u,
    );
    refused(
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0),
      "NOT_A_MODULE",
      /version 2, this host runs version 1/u,
    );
  });

  it("refuses broken sections", () => {
    refused(rawModule([1, []]), "INVALID_MODULE", /octet 10: it ends too early/u);
    refused(
      rawModule([1, [0, 0]]),
      "INVALID_MODULE",
      /1 octets follow the end of the section of types/u,
    );
    refused(
      rawModule([3, [0]], [1, [0]]),
      "INVALID_MODULE",
      /section 1 is there twice, or too late/u,
    );
    refused(rawModule([3, [1, 0]]), "INVALID_MODULE", /there is no type 0/u);
    refused(
      rawModule([1, [1, 0x60, 0, 0]], [3, [1, 0]]),
      "INVALID_MODULE",
      /1 functions have 0 bodies/u,
    );
    refused(rawModule([8, [0]]), "INVALID_MODULE", /start function 0 is not there/u);
    refused(rawModule([5, [1, 1, 2, 1]]), "INVALID_MODULE", /begins with 2 and may have 1/u);
    refused(rawModule([5, [1, 0, ...leb(65_537)]]), "INVALID_MODULE", /more than 65536 pages/u);
    refused(rawModule([0, [2, 0xff, 0xfe]]), "INVALID_MODULE", /a name is not UTF-8/u);
    refused(
      rawModule([7, [1, ...rawName("f"), 0, 0]]),
      "INVALID_MODULE",
      /"f" leads to function 0, which is not there/u,
    );
    const twice = [2, ...rawName("m"), 2, 0, ...rawName("m"), 2, 0];
    refused(rawModule([5, [1, 0, 1]], [7, twice]), "INVALID_MODULE", /"m" is there twice/u);
    refused(rawModule([2, [1, ...huge]]), "INVALID_MODULE", /a name has 4294967295 octets/u);
    refused(
      Uint8Array.of(...rawModule(), 1, ...huge),
      "INVALID_MODULE",
      /4294967295 octets are announced/u,
    );
  });

  it("refuses what it cannot run, by name", () => {
    refused(
      rawModule([5, [1, 3, 1, 2]]),
      "UNSUPPORTED_MODULE",
      /a shared memory.*build it without threads/u,
    );
    refused(rawModule([5, [1, 4, 1]]), "UNSUPPORTED_MODULE", /a memory with 64-bit addresses/u);
    refused(rawModule([5, [2, 0, 1, 0, 1]]), "UNSUPPORTED_MODULE", /more than one memory/u);
    const shared = [1, ...rawName("env"), ...rawName("memory"), 2, 3, 1, 2];
    refused(rawModule([2, shared]), "UNSUPPORTED_MODULE", /a shared memory/u);
    refused(rawModule([1, [1, 0x5f, 0]]), "UNSUPPORTED_MODULE", /garbage collection/u);
    refused(rawModule([1, [1, 0x60, 1, 0x64, 0x70, 0]]), "UNSUPPORTED_MODULE", /value type 0x64/u);
    refused(rawModule([14, []]), "UNSUPPORTED_MODULE", /unknown kind 14/u);
    const tables = [11, ...Array.from({ length: 11 }, () => [0x70, 0, 1]).flat()];
    refused(rawModule([4, tables]), "UNSUPPORTED_MODULE", /11 tables, at most 10/u);
  });

  it("is done with hostile counts at once", () => {
    const began = performance.now();
    for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13])
      refused(
        rawModule([id, [...huge, 0, 0]]),
        "INVALID_MODULE",
        /4294967295 .* are announced, 2 octets are left/u,
      );
    const padded = rawModule([9, [...leb(200_000), ...Array<number>(200_000).fill(0)]]);
    refused(padded, "UNSUPPORTED_MODULE", /200000 element segments, at most 100000/u);
    assert.ok(performance.now() - began < 1000);
  });

  it("quotes hostile names safely", () => {
    const name = `a\n\u202E${"x".repeat(500)}`;
    refused(
      rawModule([7, [1, ...rawName(name), 0, 0]]),
      "INVALID_MODULE",
      /"a\\n\\u202ex{97}…" leads/u,
    );
  });
});
