import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { hostFunction, hostFunctionNames } from "../abi/import-table.ts";
import { WasmStatus, type HostAnswer } from "../model/host-calls.ts";
import { callOnce, definitionOf, hostOf, textOf } from "../testing/engine.ts";
import { echoBody, guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, long, modes } from "./testing/arena.ts";

const CALLS = long ? 1_000_000 : 60_000;
/** Calls of one activation. */
const PER_CALL = 5000;
const SEED = 20_261_122;

/** What ends its guest, as it should. */
const endings = new Set(["abort", "_abort_js", "proc_exit"]);

/** Numbers that hurt careless hosts; the memory has two pages. */
const hostile = [
  0, 1, 2, 3, 4, 7, 8, 9, 16, 48, 255, 1024, 4096, 65_535, 65_536, 131_064, 131_068, 131_070,
  131_071, 131_072, 131_073, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_fff8, 0xffff_fffc,
  0xffff_ffff,
];

const functions = hostFunctionNames().filter(({ name }) => !endings.has(name));

const wasmTypes: Readonly<Record<string, string>> = { i: "i32", s: "i32", I: "i64", d: "f64" };
const randoms: Readonly<Record<string, string>> = {
  i: "(call $argument)",
  s: "(call $argument)",
  I: "(i64.extend_i32_s (call $argument))",
  d: "(f64.convert_i32_s (call $argument))",
};

function letters({ module, name }: { module: string; name: string }): string[] {
  return (hostFunction(module, name)?.params ?? "").split("");
}

/** Each function as an import of its own type. */
const imports = functions
  .map(
    (each, index) =>
      `(import "${each.module}" "${each.name}" (func $host${index} (param ${letters(each)
        .map((letter) => wasmTypes[letter])
        .join(" ")}) (result i32)))`,
  )
  .join("\n");

/** Chooses among bodies by $which. */
function choose(bodies: readonly string[]): string {
  const labels = bodies.map((_, index) => `$case${index}`);
  const opening = [...labels]
    .reverse()
    .map((label) => `(block ${label}`)
    .join(" ");
  return `(block $done ${opening} (br_table ${labels.join(" ")} $done (local.get $which))) ${bodies.map((body, index) => `${body} (br $done)${index === bodies.length - 1 ? "" : ")"}`).join("\n")})`;
}

/** xorshift, in a global: hosts write to the memory. */
const fields = `
  (global $state (mut i32) (i32.const ${SEED}))
  (func $random (result i32) (local $x i32)
    (local.set $x (global.get $state))
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
    (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
    (global.set $state (local.get $x))
    (local.get $x))
  (func $argument (result i32) (local $which i32) (local $out i32)
    (local.set $which (i32.rem_u (call $random) (i32.const ${hostile.length + 8})))
    (if (i32.ge_u (local.get $which) (i32.const ${hostile.length})) (then
      (return (i32.and (call $random) (select (i32.const 0x1ffff) (i32.const 63) (i32.and (call $random) (i32.const 1)))))))
    ${choose(hostile.map((value) => `(local.set $out (i32.const ${value}))`))}
    (local.get $out))
  (func $one (param $which i32)
    ${choose(
      functions.map(
        (each, index) =>
          `(drop (call $host${index} ${letters(each)
            .map((letter) => randoms[letter])
            .join(" ")}))`,
      ),
    )})`;

const fuzz = guestText({
  imports,
  fields,
  memory: "2 2",
  // What it gives may be anywhere, too.
  onAllocate: `(if (i32.eqz (i32.rem_u (call $random) (i32.const 8))) (then (return (call $argument))))
    (if (i32.gt_u (global.get $top) (i32.const 100000)) (then (global.set $top (i32.const 4096))))`,
  onBody: `(local $n i32)
    (if (i32.ne (local.get $size) (i32.const 1)) (then
      (global.set $state (i32.add (global.get $state) (local.get $size)))
      (loop $again
        (call $one (i32.rem_u (call $random) (i32.const ${functions.length})))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const ${PER_CALL}))))
      (return (i32.const 0))))
    ${echoBody}`,
});

/** Answers with anything. */
function anything(): () => HostAnswer {
  let turn = 0;
  const statuses = Object.values(WasmStatus);
  return () => {
    turn++;
    const status =
      turn % 3 === 0 ? (statuses[turn % statuses.length] ?? WasmStatus.OK) : WasmStatus.OK;
    return {
      status,
      value: new Uint8Array([0, 8, 1, 100, 40_000][turn % 5] ?? 0),
      extra: turn % 7 === 0 ? 0xffff_ffff : turn,
    };
  };
}

for (const mode of modes) {
  describe(`hostile arguments, host calls by ${mode}`, () => {
    const asked = new Set<string>();
    const answer = anything();
    const host = hostOf((call) => {
      asked.add(call.op);
      return answer();
    });
    const arena = new Arena(mode, { host });
    after(() => arena.close());

    test("whatever arguments host functions are called with, they refuse or do it", async () => {
      const limits = { cpuMs: 20_000, timeoutMs: 60_000, bodyBytes: 1_000_000 };
      const version = await arena.engine.load(await wat(fuzz), definitionOf("fuzz", { limits }));
      await arena.beside(`${mode}, ${CALLS} calls of ${functions.length} functions`, async () => {
        for (let call = 0; call < CALLS / PER_CALL; call++) {
          const { fault } = await callOnce(arena.engine, version, "x".repeat(call + 2));
          // It may answer itself, close the stream, and run out of its own stack; a failure is one of the host.
          assert.equal(fault, undefined, `call ${call} of seed ${SEED}: ${fault?.kind} ${fault?.message}`);
        }
      });
      assert.deepEqual(version.stats().faults, {});
      // Some arguments are right: not all that is hostile is refused at once.
      assert.ok(asked.size > 10, [...asked].join(" "));
      await arena.engine.unload(version);
      const again = await arena.engine.load(await wat(fuzz), definitionOf("again"));
      assert.equal(textOf(await callOnce(arena.engine, again, "x")), "x");
    });
  });
} // prettier-ignore
