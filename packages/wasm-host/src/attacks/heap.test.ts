import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import type { LoadedVersion } from "../model/engine.ts";
import type { GuestHost } from "../model/guest-host.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { callOnce, definitionOf, textOf, type DefinitionParts } from "../testing/engine.ts";
import { echoBody, guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, modes, say } from "./testing/arena.ts";

const setPairs = `(import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))`;
const getState = `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`;
const ask = `(drop (call $get_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24) (i32.const 28)))`;

/** Octets of the value below. */
const valueBytes = 250_000;
/** Sets headers and trailers of its request to one line of 250 000 octets each: half a MiB of the heap for each context. */
const largeHeaders = `
  (i32.store (i32.const 8192) (i32.const 1))
  (i32.store (i32.const 8196) (i32.const 1))
  (i32.store (i32.const 8200) (i32.const ${valueBytes}))
  (memory.fill (i32.const 8204) (i32.const 0x61) (i32.const ${valueBytes + 3}))
  (i32.store8 (i32.const 8205) (i32.const 0))
  (i32.store8 (i32.const ${8206 + valueBytes}) (i32.const 0))
  (drop (call $set_pairs (i32.const 0) (i32.const 8192) (i32.const ${valueBytes + 15})))
  (drop (call $set_pairs (i32.const 1) (i32.const 8192) (i32.const ${valueBytes + 15})))`;

/** Each of its calls leaves a context that waits for an end that never comes. */
const hoarder = guestText({
  imports: setPairs,
  memory: "8",
  onBody: `${largeHeaders} ${echoBody}`,
  onDone: "(i32.const 0)",
});

/** Its calls pause, and never go on. */
const pausing = guestText({
  imports: setPairs,
  memory: "8",
  onBody: `${largeHeaders} (i32.const 1)`,
});

const ten = Array.from({ length: 10 }, (_, index) => index);
/** Ten tables that grow as far as they may in code that V8 cannot stop, full of references. */
const growTables = ten
  .map((index) => [13, 12, 11, 10].map((bits) => `(drop (table.grow $t${index} (ref.func $same) (i32.const ${2 ** bits})))`).join(" "))
  .join(" "); // prettier-ignore
const tables = `(elem declare func $same) (func $same) ${ten.map((index) => `(table $t${index} 1 funcref)`).join(" ")}`;
/** Has all the tables that it may have while its host is asked. */
const tableHolder = guestText({
  imports: getState,
  fields: tables,
  onBody: `${growTables} ${ask} ${echoBody}`,
});
/** Needs much of the heap in each call, and keeps nothing. */
const demanding = guestText({ fields: tables, onBody: `${growTables} ${echoBody}` });

/** A host that answers after so many ms. */
function slowHost(ms: number): GuestHost {
  const answer = { status: WasmStatus.NOT_FOUND, value: new Uint8Array(0), extra: 0 };
  return {
    release() {},
    handle: (_caller, _call, reply) => void setTimeout(() => reply(answer), ms),
  };
}

for (const mode of modes) {
  describe(`the heap that functions share, host calls by ${mode}`, () => {
    let arena: Arena;
    // All share one thread.
    const made = (host: GuestHost = slowHost(0)): Arena =>
      (arena = new Arena(mode, { host, workers: { min: 1, max: 1 } }));
    const load = async (name: string, text: string, parts: DefinitionParts = {}): Promise<LoadedVersion> =>
      await arena.engine.load(await wat(text), definitionOf(name, parts));
    const call = async (version: LoadedVersion): Promise<void> =>
      assert.equal(textOf(await callOnce(arena.engine, version, "x")), "x");
    afterEach(() => arena.close());

    test("what functions keep between their calls ends no call of others, and is counted against them", async () => {
      made();
      const good = await Promise.all([
        load("good", guestText()),
        load("demanding", demanding, { isolation: "fresh" }),
      ]);
      // So many that some share a thread, though functions that are quick have further ones.
      const hoarders = await Promise.all(ten.map((index) => load(`hoarder ${index}`, hoarder)));
      for (let round = 0; round < 120; round++) {
        for (const version of hoarders) await call(version);
        if (round % 4 === 0) for (const version of good) await call(version);
      }
      for (const { definition, stats } of good.map((version) => ({ definition: version.definition, stats: version.stats() })))
        assert.deepEqual(stats.faults, {}, definition.name);
      const faults = hoarders.map((version) => version.stats().faults);
      say(`${mode}, hoarders: ${JSON.stringify(faults)}`);
      for (const each of faults) assert.deepEqual(Object.keys(each).filter((kind) => kind !== "trap"), []);
      const named = hoarders.flatMap(({ definition }) => arena.faults(definition.name));
      assert.ok(named.length > 0, "nobody is blamed");
      for (const { message } of named) assert.match(message, /kept \d+ MiB of the heap/u);
    });

    test("streams that hold more of the heap than they may fail; the next function has the thread", async () => {
      made();
      const good = await load("good", guestText());
      const bad = await load("bad", pausing, { limits: { timeoutMs: 20_000 } });
      const calls = Array.from({ length: 200 }, () => callOnce(arena.engine, bad, "x"));
      const faults = (await Promise.all(calls.slice(0, 70))).map(({ fault }) => fault?.kind);
      assert.ok(faults.includes("trap"), faults.join(" "));
      arena.assertNamed(bad, "trap");
      await arena.engine.unload(good);
    });

    test("tables of guests that wait together come to no more than a thread has: only they are ended", async () => {
      made(slowHost(100));
      const good = await load("good", guestText());
      // Small memories: as many as may wait on a thread.
      const limits = { timeoutMs: 20_000, cpuMs: 10_000, memoryBytes: 2 * 1024 * 1024 };
      const bad = await load("bad", tableHolder, { isolation: "fresh", instances: 64, limits });
      const calls = Array.from({ length: 64 }, () => callOnce(arena.engine, bad, "x"));
      const meanwhile = Array.from({ length: 10 }, () => call(good));
      const outputs = await Promise.all(calls);
      await Promise.all(meanwhile);
      const failed = outputs.flatMap(({ fault }) => fault?.kind ?? []);
      say(`${mode}, guests with tables: ${failed.join(" ")}`);
      for (const kind of failed) assert.match(kind, /^(?:trap|lost)$/u);
      if (mode === "jspi") arena.assertNamed(bad, "trap");
      assert.deepEqual(good.stats().faults, {});
    });

    test("a function in whose thread another one was ended goes on with its ticks", async () => {
      made();
      const ticking = guestText({
        imports: `(import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
          (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))`,
        onVmStart: `(drop (call $tick (i32.const 5))) (i32.const 1)`,
        fields: `(data (i32.const 64) "tick")`,
        onTick: `(drop (call $log (i32.const 2) (i32.const 64) (i32.const 4)))`,
      });
      const clock = await load("clock", ticking);
      const bad = await load("bad", guestText({ onBody: "(loop $again (br $again)) (i32.const 0)" }), { limits: { cpuMs: 30 } });
      assert.equal((await callOnce(arena.engine, bad, "x")).fault?.kind, "cpu");
      const ticks = (): number => clock.stats().calls + arena.lines.filter((line) => line.function === "clock").length;
      const before = ticks();
      for (let tries = 0; ticks() <= before; tries++) {
        assert.ok(tries < 200, "it ticks no more");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.deepEqual(clock.stats().faults, {});
    });
  });
} // prettier-ignore
