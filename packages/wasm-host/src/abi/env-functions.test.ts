import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost, startGuest } from "../guest/testing/fake-host.ts";
import { out, outside, Probe } from "../guest/testing/probe.ts";
import { wat } from "../testing/wat.ts";

/** A text as AssemblyScript keeps it: UTF-16, its octets counted before it. */
function assemblyScript(p: Probe, text: string): number {
  const octets = Buffer.from(text, "utf16le");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(octets.length);
  return p.place(Buffer.concat([length, octets])) + 4;
}

async function faultOf(callbacks: (p: Probe) => Record<string, string>): Promise<string> {
  const p = new Probe();
  const failed = await startGuest(await p.module(callbacks(p)), new FakeHost()).then(() => "none", (error: Error) => error.message); // prettier-ignore
  return failed;
}

describe("functions of compilers", () => {
  test("abort() ends the guest with the text of AssemblyScript", async () => {
    const message = await faultOf((p) => ({
      proxy_on_configure: p.run(
        "abort",
        assemblyScript(p, "no é"),
        assemblyScript(p, "a.ts"),
        3,
        7,
      ),
    }));
    assert.equal(message, "trap in proxy_on_configure: abort: no é (a.ts:3:7)");
  });

  test("abort() with pointers outside of the memory, or none, ends it too", async () => {
    assert.equal(
      await faultOf((p) => ({ _initialize: p.run("abort", outside, outside, 1, 2) })),
      "trap in _initialize: abort:  (:1:2)",
    );
    assert.equal(
      await faultOf((p) => ({ _initialize: p.run("abort", 0, 0, 0, 0) })),
      "trap in _initialize: abort",
    );
  });

  test("trace() logs, seed() differs, memory is moved", async () => {
    const text = `(module
      (import "env" "trace" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
      (import "env" "seed" (func $seed (result f64)))
      (import "env" "emscripten_notify_memory_growth" (func $grown (param i32)))
      (import "env" "emscripten_memcpy_big" (func $copy (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "\\04\\00\\00\\00h\\00i\\00")
      (func (export "_initialize")
        (call $grown (i32.const 0))
        (drop (call $copy (i32.const 64) (i32.const 16) (i32.const 8)))
        (call $trace (i32.const 68) (i32.const 2) (f64.const 1.5) (f64.const 2) (f64.const 0) (f64.const 0) (f64.const 0))
        (if (f64.eq (call $seed) (call $seed)) (then unreachable))))`;
    const host = new FakeHost();
    await startGuest(new WebAssembly.Module(await wat(text)), host);
    assert.deepEqual(host.lines, [{ level: 2, text: "trace: hi 1.5 2" }]);
  });

  test("emscripten_memcpy_js refuses what is outside of the memory", async () => {
    const p = new Probe();
    const host = new FakeHost();
    await startGuest(
      await p.module({ _initialize: p.call("emscripten_memcpy_js", out, outside, 4) }),
      host,
    );
    assert.deepEqual(host.reports(), ["06"]);
  });
});
