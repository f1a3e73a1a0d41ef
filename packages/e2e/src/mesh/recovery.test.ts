/** What the mesh does about connections that nobody answers on any more, and about answers that stand still. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { scopeOf } from "../harness/scope.ts";
import { measureFor } from "../harness/wait.ts";
import { startFaultWorld } from "./fault-world.ts";
import { ONCE } from "./hosts-messages.ts";
import { SteadyLoad, tallyText } from "./steady-load.ts";

const rate = 100;
/**
 * A call that has waited for too long makes the mesh ask the host for a sign of life: three misses take 3 s. The rest is
 * for busy machines.
 */
const recoveryMs = 20_000;

describe("all connections to all hosts have fallen silent", () => {
  it("each way finds out and goes on over new ones", { timeout: 90_000 }, async (test) => {
    const scope = scopeOf(test);
    const { hosts, callers } = await startFaultWorld(scope);
    const loads = callers.map((caller) => new SteadyLoad(caller, rate, 0));
    for (const load of loads) load.start();
    await measureFor(500);
    for (const load of loads) load.mark();
    await hosts.deafen();
    const began = performance.now();
    await Promise.all(
      loads.map(async (load) => {
        let failed = -1;
        let quietSince = began;
        const isWell = (): boolean => {
          if (load.gets.failed !== failed) quietSince = performance.now();
          failed = load.gets.failed;
          return load.pending < rate / 10 && performance.now() - quietSince > 1500;
        };
        await eventually(`${load.caller.name} to go on: ${tallyText(load.gets)}`, isWell, recoveryMs);
        test.diagnostic(`${load.caller.name}: well after ${Math.round(quietSince - began)} ms, ${tallyText(load.gets)}`);
      }),
    );
    for (const load of loads) load.mark();
    await measureFor(1000);
    await Promise.all(loads.map((load) => load.stop()));
    for (const { caller, gets } of loads) assert.equal(gets.failed, 0, `${caller.name}: ${tallyText(gets)}`);
  }); // prettier-ignore
});

describe("answers that stand still", () => {
  it("are cut off when the time of the call is over", { timeout: 60_000 }, async (test) => {
    const scope = scopeOf(test);
    const { hosts, callers } = await startFaultWorld(scope);
    await hosts.setFault("lies", [0, 1, 2, 3, 4]);
    for (const { name, create } of callers) {
      // Every other lie is followed by silence. Callers themselves would say "no answer in time" after 8 s.
      const ids = Array.from({ length: 10 }, (_, i) => `${ONCE}${name}-still-${i}`);
      const outcomes = await Promise.allSettled(ids.map((id) => create(id)));
      for (const outcome of outcomes) {
        const text = outcome.status === "rejected" ? String(outcome.reason) : "an answer";
        assert.doesNotMatch(text, /^an answer|no answer in time|wrong answer/, name);
      }
    }
    assert.deepEqual((await hosts.report()).repeated, []);
  });
});
