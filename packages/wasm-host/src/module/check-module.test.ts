import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wat } from "../testing/wat.ts";
import { checkExports, checkImports } from "./check-module.ts";
import { inspectModule } from "./inspect.ts";

const known = (module: string, name: string): boolean => module === "env" && name === "proxy_log";

async function check(text: string): Promise<void> {
  checkImports(inspectModule(await wat(text)), known);
}

describe("checkImports()", () => {
  it("takes functions that are offered, memories and tables", async () => {
    await check(`(module (import "env" "proxy_log" (func)) (import "env" "m" (memory 1))
      (import "env" "t" (table 1 funcref)))`);
  });

  it("names what is not offered", async () => {
    const text = `(module (import "env" "proxy_log" (func)) (import "env" "fly" (func))
      (import "env" "base" (global i32)))`;
    await assert.rejects(check(text), {
      reason: "UNKNOWN_IMPORT",
      message: /does not have: "env\.fly", global "env\.base"; build it without them/u,
    });
  });

  it("shortens a long list", async () => {
    const many = Array.from({ length: 14 }, (_, i) => `(import "env" "f${i}" (func))`).join("");
    await assert.rejects(check(`(module ${many})`), /"env\.f9" and 4 more;/u);
  });

  it("knows what modules for browsers want", async () => {
    await assert.rejects(check(`(module (import "gojs" "x" (func)))`), /GOOS=wasip1/u);
    await assert.rejects(check(`(module (import "wbg" "x" (func)))`), /without wasm-bindgen/u);
  });
});

describe("checkExports()", () => {
  const exportsOf = async (text: string) => inspectModule(await wat(text));

  it("wants a memory that its host can reach for proxy-wasm", async () => {
    checkExports(await exportsOf(`(module (memory (export "memory") 1))`), "proxy-wasm");
    checkExports(await exportsOf(`(module (import "env" "memory" (memory 1)))`), "proxy-wasm");
    const hidden = await exportsOf(`(module (memory 1) (func (export "memory")))`);
    assert.throws(() => checkExports(hidden, "proxy-wasm"), {
      reason: "EXPORT_MISSING",
      message: /does not export its memory as "memory"/u,
    });
  });

  it("wants _start for commands", async () => {
    checkExports(await exportsOf(`(module (func (export "_start")))`), "wasi-command");
    const none = await exportsOf(`(module (memory (export "memory") 1))`);
    assert.throws(() => checkExports(none, "wasi-command"), /"_start".*adapter: proxy-wasm/u);
  });
});
