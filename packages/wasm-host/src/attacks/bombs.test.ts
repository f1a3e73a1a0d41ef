import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { WasmStatus } from "../model/host-calls.ts";
import type { GuestHost } from "../model/guest-host.ts";
import type { StreamOutput } from "../model/streams.ts";
import { callOnce, definitionOf } from "../testing/engine.ts";
import { answerWord, guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, long, modes } from "./testing/arena.ts";

const pageBytes = 65_536;
const memoryBytes = 512 * pageBytes;
const memoryMb = memoryBytes / 2 ** 20;
/** Instances of their own that are under way on two threads may come to so much, MB. */
const underWayMb = 2 * 512;

/** Grows its memory until that is refused and writes to each page; the number of pages is at address 32. */
const growAll = `
  (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
  (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const ${pageBytes})))
  (i32.store (i32.const 32) (memory.size))`;

const getState = `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`;

function slowHost(ms: number): GuestHost {
  const answer = { status: WasmStatus.NOT_FOUND, value: new Uint8Array(0), extra: 0 };
  return {
    release() {},
    handle: (_caller, _call, reply) => void setTimeout(() => reply(answer), ms),
  };
}

function wordOf({ answer, fault }: StreamOutput): number {
  assert.ok(answer !== undefined, `${fault?.kind} ${fault?.message}`);
  return Buffer.from(answer.body).readUInt32LE();
}

for (const mode of modes) {
  describe(`bombs, host calls by ${mode}`, () => {
    let arena: Arena;
    const made = (options: ConstructorParameters<typeof Arena>[1] = {}): Arena => (arena = new Arena(mode, options));
    afterEach(() => arena.close());
    const limits = { memoryBytes, timeoutMs: 20_000, cpuMs: 5000 };

    test("memories grow to their limit and no further, in all instances at once", async () => {
      const { engine } = made();
      const text = guestText({ onBody: `${growAll} ${answerWord}`, memory: "1" });
      const version = await engine.load(await wat(text), definitionOf("bomb", { limits, instances: 4 }));
      await arena.beside(`${mode}, memory bombs`, async () => {
        for (let round = 0; round < (long ? 50 : 3); round++) {
          const outputs = await Promise.all([1, 2, 3, 4].map(() => callOnce(engine, version, "x")));
          for (const output of outputs) assert.equal(wordOf(output), memoryBytes / pageBytes);
        }
      }, 4 * 2 * memoryMb);
      assert.equal(version.stats().memoryBytes, memoryBytes);
      assert.ok(version.stats().recycled >= 3, "they are replaced at the high-water mark");
    });

    test("memories of instances that are used once are given back", async () => {
      const { engine } = made();
      const text = guestText({ onBody: `${growAll} ${answerWord}` });
      const version = await engine.load(await wat(text), definitionOf("bomb", { limits, instances: 2, isolation: "fresh" }));
      await arena.beside(`${mode}, memory bombs in fresh instances`, async () => {
        for (let round = 0; round < (long ? 400 : 6); round++)
          await Promise.all([1, 2].map(() => callOnce(engine, version, "x")));
      }, 16 * memoryMb);
    });

    test("instances that hold their memory while they are paused are bounded by the memory they may have", async () => {
      const { engine } = made();
      const text = guestText({ onBody: `${growAll} (i32.const 1)` });
      const version = await engine.load(await wat(text), definitionOf("bomb", { limits: { ...limits, timeoutMs: 1500 }, instances: 2, isolation: "fresh" }));
      let most = 0;
      await arena.beside(`${mode}, paused memory bombs`, async () => {
        const calls = Array.from({ length: 34 }, async () => {
          const output = await callOnce(engine, version, "x");
          most = Math.max(most, version.stats().instances);
          return output;
        });
        for (const { fault } of await Promise.all(calls)) assert.equal(fault?.kind, "timeout");
      }, underWayMb);
      assert.ok(most <= 40, `${most} instances`);
    });

    test("instances that hold their memory while their host is asked are bounded by the memory they may have", async () => {
      const { engine } = made({ host: slowHost(50) });
      const text = guestText({ imports: getState, onBody: `${growAll} (drop (call $get_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24) (i32.const 28))) ${answerWord}` });
      const version = await engine.load(await wat(text), definitionOf("bomb", { limits, instances: 2, isolation: "fresh" }));
      let most = 0;
      await arena.beside(`${mode}, memory bombs that wait`, async () => {
        const calls = Array.from({ length: 30 }, async () => {
          await callOnce(engine, version, "x");
          most = Math.max(most, version.stats().instances);
        });
        await Promise.all(calls);
      }, underWayMb);
      assert.ok(most <= 40, `${most} instances`);
    });

    test("tables grow to their limit and no further", async () => {
      const { engine } = made();
      const text = guestText({
        fields: Array.from({ length: 10 }, (_, i) => `(table $t${i} 1 funcref)`).join("\n"),
        onBody: `${Array.from({ length: 10 }, (_, i) => `(loop $more${i} (br_if $more${i} (i32.ne (table.grow $t${i} (ref.null func) (i32.const 1000)) (i32.const -1))))`).join("\n")}
          (i32.store (i32.const 32) (table.size $t9)) ${answerWord}`,
      });
      const version = await engine.load(await wat(text), definitionOf("bomb", { limits: { tableElements: 20_001 }, instances: 2 }));
      await arena.beside(`${mode}, table bombs`, async () => {
        for (let round = 0; round < 20; round++) {
          assert.equal(wordOf(await callOnce(engine, version, "x")), 20_001);
        }
      });
    });
  });
} // prettier-ignore
