import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import type { GuestHost } from "../model/guest-host.ts";
import { WasmStatus } from "../model/host-calls.ts";
import type { StreamOutput } from "../model/streams.ts";
import { callOnce, definitionOf, textOf } from "../testing/engine.ts";
import { forEver, guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, modes, say } from "./testing/arena.ts";

const empty = new Uint8Array(0);
const ok = { status: WasmStatus.OK, value: empty, extra: 0 };

const stateImport = `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`;
const askHost = `(drop (call $get_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24) (i32.const 28)))`;

/** A host that answers each call after so many ms. */
function slowHost(ms: number): GuestHost {
  return {
    release() {},
    handle: (_caller, _call, reply) =>
      void (ms === 0 ? reply(ok) : setTimeout(() => reply(ok), ms)),
  };
}

for (const mode of modes) {
  describe(`attacks on the pool, host calls by ${mode}`, () => {
    const arenas: Arena[] = [];
    const made = (options: ConstructorParameters<typeof Arena>[1] = {}): Arena => {
      const arena = new Arena(mode, options);
      arenas.push(arena);
      return arena;
    };
    afterEach(() => Promise.all(arenas.splice(0).map((arena) => arena.close())));

    test("a guest that is started ahead of its call and takes long is in nobody's way", async () => {
      // The start lasts for two seconds, most of which others would wait.
      const arena = made({ host: slowHost(400), workers: { min: 2, max: 2 } });
      const slowStart = guestText({ imports: stateImport, memory: "2", onVmStart: `${askHost.repeat(5)} (i32.const 1)` });
      const bad = await arena.engine.load(await wat(slowStart), definitionOf("bad", { isolation: "fresh", limits: { timeoutMs: 10_000 } }));
      const neighbour = await arena.neighbour();
      for (let round = 0; round < 2; round++) {
        await callOnce(arena.engine, bad, "x");
        const begun = performance.now();
        const outputs = await Promise.all([1, 2, 3, 4].map(() => callOnce(arena.engine, neighbour, "y")));
        for (const output of outputs) assert.equal(textOf(output), "y");
        assert.ok(performance.now() - begun < 1500, `${performance.now() - begun} ms`);
      }
    });

    test("guests that ask their host without end use up their processor time", async () => {
      const arena = made({ host: slowHost(1) });
      const spin = `(local $i i32) (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 3000000))))`;
      const text = guestText({ imports: stateImport, memory: "2", fields: `(func $spin ${spin})`, onBody: `(loop $again (call $spin) ${askHost} (br $again)) (i32.const 0)` });
      const bad = await arena.engine.load(await wat(text), definitionOf("bad", { limits: { cpuMs: 100, timeoutMs: 4000 } }));
      const begun = performance.now();
      const output = await callOnce(arena.engine, bad, "x");
      say(`${mode}: ended after ${Math.round(performance.now() - begun)} ms: ${output.fault?.message}`);
      assert.equal(output.fault?.kind, "cpu");
    });

    test("instances that are to be replaced and hold a paused stream count", async () => {
      const arena = made({ workers: { min: 2, max: 8 } });
      const text = guestText({ memory: "1 64", onBody: `(drop (memory.grow (i32.const 8))) (i32.const 1)` });
      const limits = { timeoutMs: 1500, memoryBytes: 64 * 65_536 };
      const bad = await arena.engine.load(await wat(text), definitionOf("bad", { limits, recycling: { calls: 0, memoryBytes: 65_536 } }));
      const neighbour = await arena.neighbour();
      const paused = Array.from({ length: 30 }, () => callOnce(arena.engine, bad, "x"));
      await new Promise((resolve) => setTimeout(resolve, 300));
      say(`${mode}: ${bad.stats().instances} instances`);
      assert.ok(bad.stats().instances <= 2, `${bad.stats().instances} instances`);
      assert.equal(textOf(await callOnce(arena.engine, neighbour, "x")), "x");
      for (const output of await Promise.all(paused)) assert.equal(output.fault?.kind, "timeout");
    });

    test("a function that always has calls waiting lets others have their turn", async () => {
      const arena = made({ workers: { min: 2, max: 2 } });
      const text = guestText({ onBody: `${forEver} (i32.const 0)` });
      const bad = await arena.engine.load(await wat(text), definitionOf("bad", { instances: 4, limits: { cpuMs: 30, timeoutMs: 60_000 } }));
      const neighbour = await arena.neighbour();
      let ended = 0;
      const loops = Array.from({ length: 16 }, () => callOnce(arena.engine, bad, "x").then((output) => (ended++, output)));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(textOf(await callOnce(arena.engine, neighbour, "x")), "x");
      say(`${mode}: ${ended} loops ended before the neighbour's call`);
      assert.ok(ended < 8);
      for (const output of await Promise.all(loops)) assert.equal(output.fault?.kind, "cpu");
    });

    test("a fault is named in the log though the guest has filled it", async () => {
      const arena = made();
      const text = guestText({
        imports: `(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))`,
        onBody: `(local $i i32) (loop $l (drop (call $log (i32.const 2) (i32.const 0) (i32.const 16000))) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 1000)))) unreachable`,
      });
      const bad = await arena.engine.load(await wat(text), definitionOf("bad"));
      for (let i = 0; i < 3; i++) assert.equal((await callOnce(arena.engine, bad, "x")).fault?.kind, "trap");
      arena.assertNamed(bad, "trap");
    });

    test("paused streams end at their deadline and are named", async () => {
      const arena = made();
      const limits = { timeoutMs: 300, streams: 1000 };
      const bad = await arena.engine.load(await wat(guestText({ onBody: `(i32.const 1)` })), definitionOf("bad", { limits }));
      const outputs: StreamOutput[] = await arena.beside(`${mode} 3000 paused streams`, () =>
        Promise.all(Array.from({ length: 3000 }, async () => callOnce(arena.engine, bad, "x"))),
      );
      const count = (kind: string): number => outputs.filter(({ fault }) => fault?.kind === kind).length;
      assert.equal(count("timeout") + count("overload"), 3000);
      assert.ok(count("timeout") <= 2024);
      arena.assertNamed(bad, "timeout");
      // The caller is told first; then the guest is.
      await eventually("the end of all streams", () => bad.stats().openStreams === 0 && bad.stats().queued === 0);
    });

    test("the longest tick period is no flood", async () => {
      const arena = made();
      const text = guestText({
        imports: `(import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))`,
        onVmStart: `(drop (call $tick (i32.const -1))) (i32.const 1)`,
        onTick: "unreachable",
      });
      const bad = await arena.engine.load(await wat(text), definitionOf("bad"));
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(bad.stats().faults, {});
    });
  });
} // prettier-ignore
