import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { FaultKind } from "../model/fault.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { callOnce, definitionOf, hostOf, textOf } from "../testing/engine.ts";
import { echoBody, guestText, type GuestParts } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, modes } from "./testing/arena.ts";

/** What a guest does when its body is "!"; otherwise it echoes. */
function moody(attack: string, parts: GuestParts = {}): string {
  return guestText({
    ...parts,
    onBody: `
      (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
      (if (i32.eq (i32.load8_u (i32.load (i32.const 16))) (i32.const 33)) (then ${attack}))
      ${echoBody}`,
  });
}

const log = `(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))`;
const getState = `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`;
const properties = `(import "env" "proxy_get_property" (func $get_property (param i32 i32 i32 i32) (result i32)))`;
const deep = (before: string): string =>
  `(func $deep (param $n i32) (result i32) ${before} (i32.add (i32.const 1) (call $deep (i32.add (local.get $n) (i32.const 1)))))`;

/** The allocator asks its host for something that needs the allocator again. */
const circular = `(drop (call $get_property (i32.const 64) (i32.const 11) (i32.const 72) (i32.const 76)))`;

const attacks: Readonly<Record<string, readonly [kind: FaultKind, message: RegExp, text: string]>> =
  {
    unreachable: ["trap", /unreachable/u, moody("unreachable")],
    "a division by zero": [
      "trap",
      /divide by zero/u,
      moody("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
    ],
    "a remainder by zero": [
      "trap",
      /remainder by zero/u,
      moody("(drop (i64.rem_s (i64.const 1) (i64.const 0)))"),
    ],
    "an overflowing division": [
      "trap",
      /result unrepresentable/u,
      moody("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
    ],
    "a number that is no integer": [
      "trap",
      /unrepresentable/u,
      moody("(drop (i32.trunc_f64_s (f64.const nan)))"),
    ],
    "a load outside of its memory": [
      "trap",
      /out of bounds/u,
      moody("(drop (i64.load offset=4294967295 (i32.const -1)))"),
    ],
    "a store outside of its memory": [
      "trap",
      /out of bounds/u,
      moody("(i64.store (i32.const 65530) (i64.const 1))"),
    ],
    "a fill outside of its memory": [
      "trap",
      /out of bounds/u,
      moody("(memory.fill (i32.const 0) (i32.const 1) (i32.const -1))"),
    ],
    "an indirect call of another type": [
      "trap",
      /signature/u,
      moody("(call_indirect (param f64) (f64.const 1) (i32.const 0))", {
        fields: `(table 2 2 funcref) (elem (i32.const 0) $same) (func $same)`,
      }),
    ],
    "an indirect call of nothing": [
      "trap",
      /null|signature/u,
      moody("(call_indirect (i32.const 1))", { fields: `(table 2 2 funcref)` }),
    ],
    "an indirect call outside of the table": [
      "trap",
      /out of bounds|index/u,
      moody("(call_indirect (i32.const 7))", { fields: `(table 2 2 funcref)` }),
    ],
    "an overflow of its stack": [
      "stack",
      /stack overflow/u,
      moody("(drop (call $deep (i32.const 0)))", { fields: deep("") }),
    ],
    "an overflow of its stack with host functions": [
      "stack",
      /stack overflow/u,
      moody("(drop (call $deep (i32.const 0)))", {
        imports: log,
        fields: deep("(drop (call $log (i32.const 2) (i32.const 0) (i32.const 8)))"),
      }),
    ],
    "an overflow of its stack with calls of its host": [
      "stack",
      /stack overflow/u,
      moody("(drop (call $deep (i32.const 0)))", {
        imports: getState,
        fields: deep(
          `(if (i32.eqz (i32.rem_u (local.get $n) (i32.const 2000))) (then (drop (call $get_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24) (i32.const 28)))))`,
        ),
        memory: "2",
      }),
    ],
    "an allocator in a circle with its host": [
      "stack",
      /stack overflow/u,
      moody(`(global.set $circular (i32.const 1)) ${circular}`, {
        imports: properties,
        fields: `(global $circular (mut i32) (i32.const 0)) (data (i32.const 64) "plugin_name")`,
        onAllocate: `(if (global.get $circular) (then ${circular}))`,
      }),
    ],
    "an exit": [
      "exit",
      /exit code 3/u,
      moody("(call $exit (i32.const 3))", {
        imports: `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`,
      }),
    ],
    "an abort": [
      "trap",
      /abort/u,
      moody("(call $abort (i32.const 0) (i32.const -1) (i32.const 1) (i32.const 2))", {
        imports: `(import "env" "abort" (func $abort (param i32 i32 i32 i32)))`,
      }),
    ],
  };

for (const mode of modes) {
  describe(`faults, host calls by ${mode}`, () => {
    const answer = { status: WasmStatus.OK, value: Buffer.from("v"), extra: 0 };
    const arena = new Arena(mode, { host: hostOf(() => answer) });
    after(() => arena.close());

    for (const [what, [kind, message, text]] of Object.entries(attacks)) {
      test(`${what} fails its call, is named in the log, and the next call works`, async () => {
        const version = await arena.engine.load(await wat(text), definitionOf(what));
        const { fault } = await callOnce(arena.engine, version, "!");
        assert.equal(fault?.kind, kind, fault?.message);
        assert.match(fault?.message ?? "", message);
        assert.match(fault?.message ?? "", /proxy_on_(request_body|memory_allocate)/u);
        arena.assertNamed(version, kind);
        assert.equal(textOf(await callOnce(arena.engine, version, "again")), "again");
        await arena.engine.unload(version);
      });
    }

    test("neighbours go on while all of them fail again and again", async () => {
      const versions = await Promise.all(
        Object.entries(attacks).slice(0, 12).map(async ([what, [, , text]]) => arena.engine.load(await wat(text), definitionOf(what))),
      );
      await arena.beside(`${mode}, faults without end`, async () => {
        for (let round = 0; round < 10; round++)
          await Promise.all(versions.map((version) => callOnce(arena.engine, version, "!")));
      });
      for (const version of versions) {
        assert.equal(textOf(await callOnce(arena.engine, version, "again")), "again");
        assert.ok(version.stats().instances <= 1);
      }
    });
  });
} // prettier-ignore
