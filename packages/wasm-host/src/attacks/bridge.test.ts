import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { WasmStatus } from "../model/host-calls.ts";
import { Control, controlBytes } from "../worker/control.ts";
import { callOnce, definitionOf, hostOf, textOf } from "../testing/engine.ts";
import { echoBody, forEver, guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, modes, say } from "./testing/arena.ts";

const getState = `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`;
const ask = `(drop (call $get_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24) (i32.const 28)))`;

/** Goes as deep as the 32 bits of its body say, asks its host there, and overflows its stack on the way back or forth. */
const deep = guestText({
  imports: getState,
  memory: "2",
  fields: `(func $deep (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then ${ask} (return (i32.const 0))))
    (i32.add (i32.const 1) (call $deep (i32.sub (local.get $n) (i32.const 1)))))`,
  onBody: `
    (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
    (drop (call $deep (i32.load (i32.load (i32.const 16)))))
    (i32.const 0)`,
});

/** Answers what its host says. */
const reader = guestText({
  imports: getState,
  memory: "2",
  onBody: `${ask} (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 24)) (i32.load (i32.const 28)))) (i32.const 0)`,
});

function word(value: number): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(value);
  return new Uint8Array(octets);
}

for (const mode of modes) {
  describe(`host calls at the end of the stack, ${mode}`, () => {
    let arena: Arena;
    afterEach(() => arena.close());

    test("a host call that fails on its way leaves nothing to whoever has the thread next", async () => {
      const ours = { status: WasmStatus.OK, value: Buffer.from("secret"), extra: 0 };
      const theirs = { status: WasmStatus.OK, value: Buffer.from("theirs"), extra: 0 };
      let turn = 0;
      const host = hostOf(async ({ args }) => {
        const late = turn++ % 2 === 0 ? 2 : 0;
        await new Promise((resolve) => setTimeout(resolve, late));
        return args.length > 0 && bad ? ours : theirs;
      });
      let bad = true;
      arena = new Arena(mode, { host, workers: { min: 1, max: 1 } });
      const limits = { cpuMs: 100, timeoutMs: 2000 };
      const attacker = await arena.engine.load(
        await wat(deep),
        definitionOf("attacker", { limits }),
      );
      const victim = await arena.engine.load(await wat(reader), definitionOf("victim"));
      // The deepest call that is possible lies somewhere in between: the last depths are tried one by one.
      const overflows = async (depth: number): Promise<boolean> => {
        bad = true;
        const { fault } = await callOnce(arena.engine, attacker, word(depth));
        assert.ok(
          fault === undefined || fault.kind === "stack",
          `${fault?.kind} ${fault?.message}`,
        );
        return fault !== undefined;
      };
      let [low, high] = [0, 0];
      // Code that is optimized meanwhile needs less of the stack.
      for (let round = 0; round < 4; round++) {
        [low, high] = [100, 4_000_000];
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (await overflows(middle)) high = middle;
          else low = middle;
        }
      }
      let overflown = 0;
      for (let depth = Math.max(1, high - 60); depth < high + 60; depth++) {
        if (await overflows(depth)) overflown++;
        bad = false;
        assert.equal(textOf(await callOnce(arena.engine, victim, "x")), "theirs", `depth ${depth}`);
      }
      say(`${mode}: deepest call ${low}, ${overflown} of 120 overflowed`);
    });

    test("a thread whose host call failed on its way is still watched", async () => {
      arena = new Arena(mode, { host: hostOf(), workers: { min: 1, max: 1 } });
      const moody = guestText({
        onBody: `(drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20))) (if (i32.eq (i32.load8_u (i32.load (i32.const 16))) (i32.const 33)) (then ${forEver})) ${echoBody}`,
      });
      const attacker = await arena.engine.load(await wat(deep), definitionOf("attacker"));
      const looping = await arena.engine.load(
        await wat(moody),
        definitionOf("looping", { limits: { cpuMs: 50, timeoutMs: 60_000 } }),
      );
      await callOnce(arena.engine, attacker, word(10_000_000));
      assert.equal((await callOnce(arena.engine, looping, "!")).fault?.kind, "cpu");
    });
  });
}

describe("the block that a thread shares", () => {
  test("takes the answer that is waited for and no other", () => {
    const control = new Control(new SharedArrayBuffer(controlBytes));
    const answer = (text: string) => ({ status: WasmStatus.OK, value: Buffer.from(text), extra: 0 });
    const large = (): never => assert.fail("it fits");
    const first = control.expect();
    const second = control.expect();
    control.answer(first, answer("of the one before"), large);
    assert.equal(control.waiting, true);
    control.answer(second, answer("right"), large);
    control.answer(second, answer("twice"), large);
    assert.equal(Buffer.from(control.await(second, large).value).toString(), "right");
  });

  test("forgets a host call that was not sent when the next activation begins", () => {
    const control = new Control(new SharedArrayBuffer(controlBytes));
    control.expect();
    control.enter(1, 1);
    assert.equal(control.waiting, false);
  });
}); // prettier-ignore
