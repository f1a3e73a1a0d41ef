import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspectModule } from "../module/inspect.ts";
import { wat } from "../testing/wat.ts";
import { trialModule } from "./trial-module.ts";

describe("trialModule", () => {
  test("has imports and memory of the program, and does nothing", async () => {
    const program = await wat(`(module
      (type $unused (func (param i64)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "env" "log" (func (param i32 i32) (result i32)))
      (memory (export "memory") 2 5)
      (data (i32.const 0) "x")
      (func $main unreachable)
      (start $main)
      (func (export "_start") (call $exit (i32.const 3))))`);
    const trial = trialModule(program);
    const [found, wanted] = [inspectModule(trial), inspectModule(program)];
    assert.deepEqual(found.imports, wanted.imports);
    assert.deepEqual(found.memory, wanted.memory);
    const called: string[] = [];
    const imports = {
      wasi_snapshot_preview1: { proc_exit: () => called.push("proc_exit") },
      env: { log: () => called.push("log") },
    };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(trial), imports);
    (exports["_start"] as () => void)(); // exported by trialModule
    assert.deepEqual(called, []);
    assert.equal((exports["memory"] as WebAssembly.Memory).buffer.byteLength, 2 * 65_536);
  });

  test("works for a program without types, imports and memory", () => {
    const trial = trialModule(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(trial));
    assert.deepEqual(Object.keys(exports), ["_start"]);
  });
});
