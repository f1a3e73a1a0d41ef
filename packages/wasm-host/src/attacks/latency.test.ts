import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { after, before, describe, test } from "node:test";
import { BackOff, isCrash } from "../functions/back-off.ts";
import type { LoadedVersion } from "../model/engine.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { callOnce, definitionOf, hostOf, textOf, type DefinitionParts } from "../testing/engine.ts";
import { forEver, guestText } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, long, modes, say } from "./testing/arena.ts";

/** The neighbour's p99 may be so many times what it is without attackers. */
const SLOWER = 2;
/**
 * A p99 below this is no matter of waiting for a thread, ms: on two processors, threads that are started for those that
 * were ended take some turns of 4 ms each of the system's scheduler. See docs/performance.md for what is measured.
 */
const FLOOR_MS = 15;
/** The same on a machine that is busy with other things: still far from waiting for what computes. */
const BUSY_FLOOR_MS = 100;
/** The machine is busy when the main thread waits for a processor for more than this part of the time without attackers. */
const BUSY = 0.02;
/** Rounds, each with a part without attackers and one with them, and how long a part is, ms. */
const [ROUNDS, PART_MS] = long ? [21, 1000] : [7, 300];

const getState = `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`;
const ask = `(drop (call $get_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24) (i32.const 28)))`;

const loops: DefinitionParts = { limits: { cpuMs: 100 } };
const attackers: Readonly<Record<string, readonly [text: string, parts: DefinitionParts]>> = {
  "loops in a body": [guestText({ onBody: `${forEver} (i32.const 0)` }), loops],
  "loops in headers": [guestText({ onHeaders: `${forEver} (i32.const 0)` }), loops],
  "loops in a context": [
    guestText({ onContextCreate: `(if (local.get $parent) (then ${forEver}))` }),
    loops,
  ],
  "loops for long": [
    guestText({ onBody: `${forEver} (i32.const 0)` }),
    { limits: { cpuMs: 500, timeoutMs: 5000 } },
  ],
  grows: [
    guestText({
      onBody: `(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536))) (i32.const 0)`,
    }),
    { isolation: "fresh", limits: { memoryBytes: 16 * 1024 * 1024 } },
  ],
  traps: [guestText({ onBody: "unreachable" }), {}],
  "asks its host without end": [
    guestText({
      imports: getState,
      memory: "2",
      onBody: `(loop $again ${ask} (br $again)) (i32.const 0)`,
    }),
    { limits: { cpuMs: 500, timeoutMs: 5000 } },
  ],
};

/** Calls a function again and again, as its callers do: it rests when it crashes and crashes. */
class Attacker {
  readonly #arena: Arena;
  readonly #version: LoadedVersion;
  readonly #backOff = new BackOff(() => performance.now());
  calls = 0;

  constructor(arena: Arena, version: LoadedVersion) {
    this.#arena = arena;
    this.#version = version;
  }

  async attack(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      if (!this.#backOff.admits()) await new Promise((resolve) => setTimeout(resolve, 5));
      else await this.#call();
    }
  }

  async #call(): Promise<void> {
    const isTrial = this.#backOff.isTrying;
    const { fault } = await callOnce(this.#arena.engine, this.#version, "x");
    this.calls++;
    if (fault === undefined) this.#backOff.onSuccess(isTrial);
    else if (isCrash(fault.kind)) this.#backOff.onCrash();
    else this.#backOff.onNothing(isTrial);
  }
}

/** How long the main thread has waited for a processor, ms; 0 where the system does not say. */
function waitedMs(): number {
  try {
    const [, ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
    return Number(ns) / 1e6;
  } catch {
    return 0;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

for (const mode of modes) {
  describe(`a neighbour's latency, host calls by ${mode}`, () => {
    const value = { status: WasmStatus.OK, value: new Uint8Array(8), extra: 0 };
    const arena = new Arena(mode, { host: hostOf(() => value) });
    const all: Attacker[] = [];
    after(() => arena.close());
    before(async () => {
      await arena.neighbour();
      for (const [name, [text, parts]] of Object.entries(attackers))
        all.push(new Attacker(arena, await arena.engine.load(await wat(text), definitionOf(name, parts))));
    });

    /** p99 of the neighbour's calls, one after the other, ms, and how busy the machine was. */
    async function measured(): Promise<{ p99: number; busy: number }> {
      const version = await arena.neighbour();
      const times: number[] = [];
      const [begun, waited] = [performance.now(), waitedMs()];
      while (performance.now() - begun < PART_MS) {
        const at = performance.now();
        assert.equal(textOf(await callOnce(arena.engine, version, "x")), "x");
        times.push(performance.now() - at);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
      return { p99, busy: (waitedMs() - waited) / (performance.now() - begun) };
    }

    // Rounds follow each other closely, so that what else the machine does is in both of their parts; the median of the
    // rounds leaves out those where it was in one of them only. Where the machine is busy all the time, its scheduler
    // decides on what is measured: then it is only seen to that nobody waits for a thread.
    test("its calls do not wait for attackers: p99 at most twice, or some turns of the scheduler", async () => {
      const [alone, attacked, busy]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < ROUNDS; round++) {
        const before = await measured();
        let over = false;
        const attacking = Promise.all(all.map((each) => each.attack(() => !over)));
        const meanwhile = await measured();
        over = true;
        await attacking;
        alone.push(before.p99);
        attacked.push(meanwhile.p99);
        busy.push(before.busy);
      }
      const [before, meanwhile] = [median(alone), median(attacked)];
      const isBusy = median(busy) > BUSY;
      say(`${mode}: p99 of the neighbour ${before.toFixed(2)} → ${meanwhile.toFixed(2)} ms (rounds ${alone.map((each, i) => `${each.toFixed(2)}/${(attacked[i] ?? 0).toFixed(2)}`).join(" ")}); calls of attackers ${all.map(({ calls }) => calls).join(" ")}${isBusy ? "; the machine is busy" : ""}`);
      const floor = isBusy ? BUSY_FLOOR_MS : FLOOR_MS;
      assert.ok(meanwhile <= Math.max(before * SLOWER, floor), `${before} → ${meanwhile} ms`);
      for (const { calls } of all) assert.ok(calls > 0);
    });
  });
} // prettier-ignore
