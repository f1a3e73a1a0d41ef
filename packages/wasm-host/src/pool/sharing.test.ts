import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { canSuspend } from "../engine.ts";
import type { Engine, LoadedVersion } from "../model/engine.ts";
import type { StreamOutput } from "../model/streams.ts";
import {
  callOnce,
  definitionOf,
  hostOf,
  requestOf,
  testEngine,
  textOf,
} from "../testing/engine.ts";
import { forEver, guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { RunningVersion } from "./running-version.ts";

/** By the first octet of its body: `?` traps, `w` asks its host, `W` asks it and loops; `l` computes for long. The others are echoed. */
const moody = guestText({
  imports: `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`,
  memory: "2",
  onBody: `(local $first i32) (local $i i32)
    (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
    (local.set $first (i32.load8_u (i32.load (i32.const 16))))
    (if (i32.eq (local.get $first) (i32.const 63)) (then unreachable))
    (if (i32.eq (i32.and (local.get $first) (i32.const 0xdf)) (i32.const 87)) (then
      (drop (call $get_state (i32.const 64) (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 24) (i32.const 28)))))
    (if (i32.eq (local.get $first) (i32.const 87)) (then ${forEver}))
    (if (i32.eq (local.get $first) (i32.const 108)) (then
      (loop $more (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const 200000000))))))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 16)) (i32.load (i32.const 20))))
    (i32.const 0)`,
});

/** Opens a filter's stream and resolves with what its first phase brings; the stream stays open. */
function openFilter(engine: Engine, version: LoadedVersion): Promise<StreamOutput> {
  return new Promise((resolve) => {
    engine.open(version, requestOf("x", "filter"), { onOutput: resolve });
  });
}

for (const hostCalls of canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const)) {
  describe(`threads and guests shared, host calls by ${hostCalls}`, () => {
    const engines: Engine[] = [];
    const made = (options: Parameters<typeof testEngine>[0] = {}): Engine => {
      const engine = testEngine({ hostCalls, ...options });
      engines.push(engine);
      return engine;
    };
    after(() => Promise.all(engines.map((engine) => engine.close())));

    test("calls that were sent ahead to a guest that traps run on the next one, in their order", async () => {
      const engine = made();
      const version = await engine.load(await wat(moody), definitionOf("moody"));
      for (let i = 0; i < 60; i++) await callOnce(engine, version, "even");
      const order: string[] = [];
      const calls = ["?", "a", "b", "c", "d"].map(async (body) => {
        const output = await callOnce(engine, version, body);
        order.push(body);
        return output;
      });
      const [trap, ...others] = await Promise.all(calls);
      assert.equal(trap?.fault?.kind, "trap");
      assert.deepEqual(others.map(textOf), ["a", "b", "c", "d"]);
      assert.deepEqual(order, ["?", "a", "b", "c", "d"]);
      const { faults, instances, recycled } = version.stats();
      assert.deepEqual({ faults, instances, recycled }, { faults: { trap: 1 }, instances: 1, recycled: 1 });
    });

    test("streams that are open and idle leave threads to other functions", async () => {
      const engine = made({ workers: { min: 2, max: 8 } });
      const bytes = await wat(guestText());
      for (let i = 0; i < 6; i++) {
        const version = await engine.load(bytes, definitionOf(`filter${i}`));
        assert.equal((await openFilter(engine, version)).outcome, "continue");
      }
    });

    test("streams that are open and idle count against no limit that others need", async () => {
      const engine = made({ workers: { min: 1, max: 4 } });
      const bytes = await wat(guestText());
      for (let i = 0; i < 6; i++) {
        const version = await engine.load(bytes, definitionOf(`filter${i}`));
        assert.equal((await openFilter(engine, version)).outcome, "continue", `stream ${i}`);
      }
      const other = await engine.load(await wat(moody), definitionOf("other"));
      const outputs = await Promise.all(["a", "b", "c"].map((body) => callOnce(engine, other, body)));
      assert.deepEqual(outputs.map(textOf), ["a", "b", "c"]);
    });

    test("functions that wait for their host leave threads to others", async () => {
      const engine = made({ workers: { min: 2, max: 8 }, host: hostOf(() => new Promise(() => {})) });
      const bytes = await wat(moody);
      const versions: LoadedVersion[] = [];
      for (let i = 0; i < 6; i++) versions.push(await engine.load(bytes, definitionOf(`f${i}`)));
      const [free, ...asking] = versions;
      assert.ok(free !== undefined);
      for (const version of asking) engine.open(version, requestOf("w"), { onOutput: () => {} });
      assert.equal(textOf(await callOnce(engine, free, "free")), "free");
    });

    test("functions take turns where there is one thread, however many calls of a quick one wait", async () => {
      const answer = { status: 1, value: new Uint8Array(0), extra: 0 } as const;
      const host = { release() {}, handle: (_: unknown, __: unknown, reply: (with_: typeof answer) => void) => void setTimeout(() => reply(answer), 20) };
      for (const isolation of ["fresh", "pooled"] as const) {
        const engine = made({ workers: { min: 1, max: 1 }, host });
        const bytes = await wat(moody);
        const busy = await engine.load(bytes, definitionOf("busy", { isolation, instances: 100 }));
        const [unknown, slow] = [await engine.load(bytes, definitionOf("unknown")), await engine.load(bytes, definitionOf("slow"))];
        assert.equal(textOf(await callOnce(engine, slow, "long")), "long");
        let over = false;
        const calls = Array.from({ length: 60 }, () => callOnce(engine, busy, "w").then(() => over));
        await Promise.all([callOnce(engine, unknown, "a"), callOnce(engine, slow, "b")]);
        over = true;
        const after = (await Promise.all(calls)).filter(Boolean).length;
        if (hostCalls === "atomics") assert.ok(after > 30, `${isolation}: ${after} of 60 after the others`);
      }
    });

    test("a function is not without guests because streams hold those that are to be replaced", async () => {
      const engine = made();
      const recycling = { calls: 1, memoryBytes: 0 };
      const version = await engine.load(await wat(guestText()), definitionOf("worn", { recycling }));
      for (let i = 0; i < 5; i++) assert.equal((await openFilter(engine, version)).outcome, "continue");
    });

    test("what waits when the engine is closed ends then", async () => {
      let asked = false;
      const host = hostOf(() => {
        asked = true;
        return new Promise(() => {});
      });
      const engine = made({ host });
      const bytes = await wat(moody);
      const version = await engine.load(bytes, definitionOf("moody"));
      const calls = ["w", "b", "c"].map((body) => callOnce(engine, version, body));
      await eventually("the first call is under way", () => asked);
      await engine.close();
      const [, ...queued] = await Promise.all([...calls, callOnce(engine, version, "later")]);
      for (const { fault } of queued) assert.equal(fault?.kind, "gone");
      await assert.rejects(engine.load(bytes, definitionOf("late")), { reason: "INTERNAL" });
    });

    test("a function that ran for long once goes last until four of its calls were short", async () => {
      const engine = made();
      const version = await engine.load(await wat(moody), definitionOf("moody", { limits: { cpuMs: 2000 } }));
      assert.ok(version instanceof RunningVersion);
      for (let i = 0; i < 20; i++) await callOnce(engine, version, "even");
      assert.deepEqual([version.isSlow, version.isQuick], [false, true]);
      assert.equal(textOf(await callOnce(engine, version, "long")), "long");
      assert.deepEqual([version.isSlow, version.isQuick], [true, false]);
      for (let i = 0; i < 3; i++) await callOnce(engine, version, "even");
      assert.equal(version.isSlow, true);
      await callOnce(engine, version, "even");
      assert.equal(version.isSlow, false);
      for (let i = 0; i < 20; i++) await callOnce(engine, version, "even");
      assert.equal(version.isQuick, true);
    });

    const skip = hostCalls === "atomics" ? "where host calls block, calls do not take turns" : false;
    test("of calls that go on together, the one that loops is the one that is found", { skip }, async () => {
      const replies: (() => void)[] = [];
      const answer = { status: 0, value: Buffer.from("v"), extra: 0 } as const;
      const host = { release() {}, handle: (_: unknown, __: unknown, reply: (with_: typeof answer) => void) => void replies.push(() => reply(answer)) };
      const engine = made({ host, workers: { min: 1, max: 1 } });
      const definition = definitionOf("moody", { isolation: "fresh", instances: 4, limits: { cpuMs: 50 } });
      const version = await engine.load(await wat(moody), definition);
      const calls = ["W", "w", "w"].map((body) => callOnce(engine, version, body));
      await eventually("all have asked", () => replies.length === 3);
      for (const reply of replies) reply();
      assert.equal((await (calls[0] ?? assert.fail())).fault?.kind, "cpu");
    });
  });
} // prettier-ignore
