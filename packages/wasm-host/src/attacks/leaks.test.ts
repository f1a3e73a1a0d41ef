import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Engine, LoadedVersion } from "../model/engine.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { callOnce, definitionOf, hostOf } from "../testing/engine.ts";
import { guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, long, modes, say } from "./testing/arena.ts";

const CALLS = long ? 1_000_000 : 30_000;
const AT_ONCE = 16;
/** What the main thread's heap may grow by, MB: what was compiled and optimized meanwhile. */
const HEAP_MB = 12;
const pageBytes = 65_536;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void; // what the flag shows

/** Calls a function so often. @returns faults by their kind */
async function callMany(engine: Engine, version: LoadedVersion, calls: number): Promise<Map<string, number>> {
  const kinds = new Map<string, number>();
  let left = calls;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const { fault } = await callOnce(engine, version, "some body");
      if (fault !== undefined) kinds.set(fault.kind, (kinds.get(fault.kind) ?? 0) + 1);
      if (left % 64 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return kinds;
} // prettier-ignore

async function heapMb(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const reads = {
  imports: `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`,
  onBody: `(drop (call $get_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24) (i32.const 28))) (i32.const 0)`,
};

/** Asks its host, then traps. */
const traps = { ...reads, onBody: `(drop ${reads.onBody.slice(6, -15)}) unreachable` };

for (const mode of modes) {
  describe(`leaks, host calls by ${mode}`, () => {
    let arena: Arena;
    afterEach(() => arena.close());

    test("a guest that leaks is replaced at the high-water mark without a failed call", async () => {
      arena = new Arena(mode);
      const leaking = guestText({
        memory: "1 16",
        fields: `(global $leak (mut i32) (i32.const 8192))`,
        onBody: `
          (global.set $leak (i32.add (global.get $leak) (i32.const 55)))
          (if (i32.gt_u (global.get $leak) (i32.mul (memory.size) (i32.const ${pageBytes})))
            (then (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))
          (i32.const 0)`,
      });
      const definition = definitionOf("leaking", { instances: 2, limits: { memoryBytes: 16 * pageBytes } });
      const version = await arena.engine.load(await wat(leaking), definition);
      const kinds = await callMany(arena.engine, version, CALLS);
      assert.deepEqual([...kinds], []);
      const { recycled, memoryBytes, instances } = version.stats();
      say(`${mode}: ${CALLS} calls, ${recycled} instances replaced, at most ${memoryBytes} octets`);
      assert.ok(recycled >= Math.floor((CALLS * 55) / (16 * pageBytes)) - 1, `${recycled}`);
      assert.ok(memoryBytes <= 10 * pageBytes);
      assert.ok(instances <= 2);
    });

    test("nothing stays behind of calls, faults, paused streams and host calls", async () => {
      const host = hostOf(() => ({ status: WasmStatus.OK, value: Buffer.from("v"), extra: 0 }));
      arena = new Arena(mode, { host });
      const versions = await Promise.all(
        Object.entries({ reads: guestText(reads), traps: guestText(traps), pauses: guestText({ onBody: "(i32.const 1)" }), echoes: guestText() }).map(
          async ([name, text], index) => {
            const limits = { timeoutMs: name === "pauses" ? 20 : 10_000 };
            const isolation = index % 2 === 0 ? "pooled" : "fresh";
            return arena.engine.load(await wat(text), definitionOf(name, { instances: 2, limits, isolation }));
          },
        ),
      );
      const counts: Readonly<Record<string, number>> = { reads: CALLS / 10, echoes: CALLS / 10, traps: 200, pauses: 200 };
      const run = async (): Promise<void> => {
        for (const version of versions) await callMany(arena.engine, version, counts[version.definition.name] ?? 0);
      };
      await run();
      arena.lines.length = 0;
      const before = await heapMb();
      await run();
      arena.lines.length = 0;
      const after = await heapMb();
      say(`${mode}: heap of the main thread ${before.toFixed(1)} → ${after.toFixed(1)} MB`);
      assert.ok(after - before < HEAP_MB, `${before} → ${after} MB`);
      for (const version of versions) {
        const { queued, openStreams, instances } = version.stats();
        assert.deepEqual({ queued, openStreams }, { queued: 0, openStreams: 0 }, version.definition.name);
        assert.ok(instances <= 2, `${version.definition.name}: ${instances} instances`);
        await arena.engine.unload(version);
        assert.equal(version.stats().instances, 0);
      }
    });
  });
} // prettier-ignore
