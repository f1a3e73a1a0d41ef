import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { prepareModule } from "../prepare.ts";
import { Counted, counting } from "../testing/counted.ts";
import { rawFunction, repeatedFunction } from "../testing/raw-module.ts";

const countDown = `(module (func (export "run") (param $n i32)
  (block $out (loop $again
    (br_if $out (i32.eqz (local.get $n)))
    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
    (br $again)))))`;

const fibonacci = `(module (func $fib (export "fib") (param i32) (result i32)
  (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
    (then (local.get 0))
    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                   (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`;

/** What the function above executes. */
function fibonacciCost(n: number): number {
  return n < 2 ? 5 : 13 + fibonacciCost(n - 1) + fibonacciCost(n - 2);
}

describe("counted code", () => {
  it("counts what is executed, and nothing for places", async () => {
    const guest = await Counted.of(`(module
      (func (export "nothing"))
      (func (export "places") (block (block nop)) (loop nop))
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`);
    assert.equal(guest.cost("nothing"), 0);
    assert.equal(guest.cost("places"), 0);
    assert.equal(guest.cost("add", 2, 3), 3);
  });

  it("counts each round of a loop", async () => {
    const guest = await Counted.of(countDown);
    // Each round 3 and 5, the last only 3.
    for (const n of [0, 1, 7, 1000]) assert.equal(guest.cost("run", n), n * 8 + 3);
  });

  it("counts the branch that is taken, and calls", async () => {
    const guest = await Counted.of(fibonacci);
    for (const n of [0, 1, 2, 10, 15]) assert.equal(guest.cost("fib", n), fibonacciCost(n));
    assert.equal(guest.call("fib", 20), 6765);
  });

  it("counts the way that a branch table takes", async () => {
    const guest = await Counted.of(`(module (func (export "run") (param i32) (result i32)
      (block $a (block $b (block $c
        (br_table $c $b $a (local.get 0)))
        (drop (i32.const 1)) (drop (i32.const 1)) (return (i32.const 3)))
        (return (i32.const 2)))
      (i32.const 1)))`);
    assert.deepEqual(
      [0, 1, 2, 99].map((n) => guest.call("run", n)),
      [3, 2, 1, 1],
    );
    assert.deepEqual(
      [0, 1, 2, 99].map((n) => guest.cost("run", n)),
      [8, 4, 3, 3],
    );
  });

  it("charges operations by what they move", async () => {
    const guest =
      await Counted.of(`(module (memory 1 10) (table $t 10 20 externref) (data $d "${"x".repeat(64)}")
      (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 7) (local.get 0)))
      (func (export "copy") (param i32) (memory.copy (i32.const 9) (i32.const 0) (local.get 0)))
      (func (export "init") (param i32) (memory.init $d (i32.const 9) (i32.const 0) (local.get 0)))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "growTable") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0))))`);
    assert.equal(guest.cost("fill", 0), 4);
    assert.equal(guest.cost("fill", 16_000), 4 + 1000);
    assert.equal(guest.cost("copy", 160), 4 + 10);
    assert.equal(guest.cost("init", 64), 4 + 4);
    assert.equal(guest.cost("grow", 2), 2 + 2 * 4096);
    assert.equal(guest.cost("growTable", 5), 3 + 5);
    // The numbers of the guest are unsigned: this one is refused, and charged as 2³² / 16.
    assert.throws(() => guest.call("fill", -1), WebAssembly.RuntimeError);
    assert.ok(guest.fuel < counting.fuel - 2 ** 28 + 1);
  });

  it("charges growth only when it succeeds", async () => {
    const guest = await Counted.of(`(module (memory 1 10) (table $t 1 20 funcref)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "growTable") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))`);
    assert.equal(guest.call("grow", 100), -1);
    assert.equal(guest.cost("grow", 100), 2);
    assert.equal(guest.cost("grow", 9), 2 + 9 * 4096);
    assert.equal(guest.call("grow", 0), 10);
    assert.equal(guest.call("growTable", -1), -1);
    assert.equal(guest.cost("growTable", 100), 3);
    assert.equal(guest.call("growTable", 3), 1);
  });

  it("refuses functions that are too large for what counts", () => {
    assert.doesNotThrow(() => prepareModule(repeatedFunction(4_000_000, 0x01), counting));
    const branches = repeatedFunction(1_000_000, 0x41, 0, 0x0d, 0);
    assert.throws(() => prepareModule(branches, counting), {
      reason: "UNSUPPORTED_MODULE",
      message: /has a function that is too large to be counted at octet \d+/u,
    });
  });

  it("ends endless loops and recursion, with less than nothing left", async () => {
    const guest = await Counted.of(`(module
      (func (export "br") (loop (br 0)))
      (func (export "outer") (loop (loop) (br 0)))
      (func (export "table") (loop (br_table 0 0 (i32.const 1))))
      (func $a (export "mutual") (call $b)) (func $b (call $a)))`);
    for (const name of ["br", "outer", "table"]) {
      guest.fuel = 1_000_000;
      assert.throws(() => guest.call(name), WebAssembly.RuntimeError, name);
      assert.ok(guest.fuel < 0, name);
      assert.ok(guest.fuel > -10, name);
    }
    guest.fuel = 1000;
    assert.throws(() => guest.call("mutual"), WebAssembly.RuntimeError);
    assert.equal(guest.fuel, -1);
  });

  it("leaves something when the guest traps by itself", async () => {
    const guest = await Counted.of(`(module (func (export "run") unreachable))`);
    guest.fuel = 5;
    assert.throws(() => guest.call("run"), WebAssembly.RuntimeError);
    assert.equal(guest.fuel, 4);
  });

  it("counts the start function", async () => {
    const loop = `(module (func $s (loop (br 0))) (start $s))`;
    await assert.rejects(
      Counted.of(loop, undefined, { ...counting, fuel: 1000 }),
      WebAssembly.RuntimeError,
    );
    const guest = await Counted.of(`(module (func $s (drop (i32.const 1))) (start $s))`);
    assert.equal(guest.fuel, counting.fuel - 2);
  });

  it("traps a bulk operation before it is done", async () => {
    const guest = await Counted.of(`(module (memory (export "memory") 16)
      (func (export "run") (memory.fill (i32.const 0) (i32.const 7) (i32.const 1000000))))`);
    guest.fuel = 1000;
    assert.throws(() => guest.call("run"), WebAssembly.RuntimeError);
    const { memory } = guest.exports;
    assert.ok(memory instanceof WebAssembly.Memory);
    assert.equal(new Uint8Array(memory.buffer)[0], 0);
  });

  it("knows vectors, tail calls, atomics and exceptions", () => {
    const splat = [0xfd, 0x0c, ...Array<number>(16).fill(1), 0x1a];
    const lanes = [0x41, 1, 0xfd, 0x0f, 0xfd, 0x16, 3, 0x1a];
    const programs: [string, number[], number][] = [
      ["v128.const, i8x16.extract_lane", [...splat, ...lanes], 6],
      ["return_call", [0x41, 0, 0x04, 0x40, 0x12, 0, 0x0b], 2],
      ["atomic.fence", [0xfe, 0x03, 0x00], 1],
      ["try, catch_all", [0x06, 0x40, 0x41, 1, 0x1a, 0x19, 0x41, 2, 0x1a, 0x0b], 2],
      [
        "i32.trunc_sat_f64_s, i32.extend8_s",
        [0x44, ...Array<number>(8).fill(0), 0xfc, 2, 0xc0, 0x1a],
        4,
      ],
      ["typed select", [0xd0, 0x70, 0xd0, 0x70, 0x41, 1, 0x1c, 1, 0x70, 0xd1, 0x1a], 6],
    ];
    for (const [name, code, cost] of programs) {
      assert.equal(new Counted(rawFunction(...code)).cost("run"), cost, name);
    }
  });

  it("counts on where an exception is caught", (t) => {
    // block (try_table (catch_all 0) throw 0) drop(1) end drop(1): what follows the throw is not reached.
    const code = [
      0x02, 0x40, 0x1f, 0x40, 1, 2, 0, 0x08, 0, 0x0b, 0x41, 1, 0x1a, 0x0b, 0x41, 1, 0x1a,
    ];
    const bytes = rawFunction(...code);
    const tagged = Uint8Array.of(...bytes.subarray(0, 18), 13, 3, 1, 0, 0, ...bytes.subarray(18));
    if (!WebAssembly.validate(tagged)) return t.skip("this Node.js has no try_table");
    assert.equal(new Counted(tagged).cost("run"), 3);
  });

  it("names an instruction that it does not know", () => {
    const refusal = (...code: number[]) => {
      assert.throws(() => prepareModule(rawFunction(...code), counting), {
        reason: "UNSUPPORTED_MODULE",
        message: /uses the unknown instruction .*do not count its instructions \(`fuel: 0`\)/u,
      });
    };
    refusal(0xfb, 0x07);
    refusal(0xfc, 0x20);
    refusal(0x14, 0x00);
    refusal(0xd0, 0x6e);
    assert.doesNotThrow(() => prepareModule(rawFunction(0xfb, 0x07), { ...counting, fuel: 0 }));
  });

  it("refuses broken code", () => {
    const broken = (text: RegExp, ...code: number[]) => {
      assert.throws(() => prepareModule(rawFunction(...code), counting), {
        reason: "INVALID_MODULE",
        message: text,
      });
    };
    broken(/there is no label 1/u, 0x0c, 0x01);
    broken(/octets follow the end of a function/u, 0x0b, 0x01);
    broken(/it ends too early/u, 0x02, 0x40);
    broken(/4294967295 labels are announced/u, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f);
    broken(/an alignment is too large/u, 0x28, 0x40, 0x00);
  });
});
