/**
 * Hosts with faults on real sockets, under a steady load through every way into the mesh, with the settings that the
 * documentation recommends.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scopeOf } from "../harness/scope.ts";
import { isLong, measureFor } from "../harness/wait.ts";
import { startFaultWorld } from "./fault-world.ts";
import { type Fault, faults, type HostProtocol } from "./hosts-messages.ts";
import { startCarried, SteadyLoad, tallyText } from "./steady-load.ts";

/** Of each way, per second; less where the machine is too slow or too busy. */
const rate = 500;
const rates = isLong ? [rate] : [rate, 200, 100, 50];
/** The time in which ejection acts. */
const warmUpMs = 5000;
const measuredMs = isLong ? 60_000 : 2500;
/** Of calls that may run twice. */
const wantedShare = 0.999;

describe("one of five hosts is broken", () => {
  for (const fault of faults) {
    it(`${fault}: calls that may run twice succeed, others run once`, async (test) => {
      const scope = scopeOf(test);
      const { hosts, callers } = await startFaultWorld(scope);
      const carried = await startCarried(callers, rates);
      const { loads } = carried;
      await hosts.setFault(fault, [2]);
      await measureFor(warmUpMs);
      for (const load of loads) load.mark();
      await measureFor(measuredMs);
      await Promise.all(loads.map((load) => load.stop()));
      const report = await hosts.report();
      for (const { caller, gets, creates } of loads) {
        const result = `${tallyText(gets)} | ${tallyText(creates)}`;
        test.diagnostic(`${fault} ${caller.name} at ${carried.rate}/s: ${result}`);
      }
      for (const { caller, gets } of loads) {
        assert.ok(gets.calls > (carried.rate * measuredMs) / 2000, `${caller.name}: only ${gets.calls} calls`); // prettier-ignore
        const share = 1 - gets.failed / gets.calls;
        assert.ok(share >= wantedShare, `${caller.name}: ${tallyText(gets)}`);
      }
      assert.ok(report.once > 0);
      assert.deepEqual(report.repeated, [], "calls that must run once");
    });
  }
});

/** Counted by the hosts: those that refuse connections see nothing. */
const allBroken: readonly Fault[] = isLong
  ? ["errors", "reset", "hang", "trickle", "lies", "garbage"]
  : ["errors", "reset"];

const seenBy: Readonly<Record<string, HostProtocol>> = { grpc: "grpc", bolt: "bolt" };

describe("all five hosts are broken", () => {
  for (const fault of allBroken) {
    it(`${fault}: at most 1.2 attempts per call`, async (test) => {
      const scope = scopeOf(test);
      const { hosts, callers } = await startFaultWorld(scope);
      // The hosts count HTTP calls of both ways together.
      const loads = callers.map((caller) => new SteadyLoad(caller, rate, 0));
      await hosts.setFault(fault, [0, 1, 2, 3, 4]);
      for (const load of loads) load.start();
      await measureFor(isLong ? 5000 : 1500);
      const before = await hosts.report();
      // What is under way may still be sent again: it counts as a call of this time.
      const underWay = loads.map((load) => load.pending);
      for (const load of loads) load.mark();
      await measureFor(measuredMs);
      await Promise.all(loads.map((load) => load.stop()));
      const { seen, repeated } = await hosts.report();
      for (const protocol of ["http", "grpc", "bolt"] as const) {
        const calls = loads.reduce((sum, { caller, gets }, i) =>
          (seenBy[caller.name] ?? "http") === protocol ? sum + gets.calls + (underWay[i] ?? 0) : sum, 0); // prettier-ignore
        const attempts = seen[protocol] - before.seen[protocol];
        test.diagnostic(`${fault} ${protocol}: ${attempts} attempts of ${calls} calls`);
        assert.ok(attempts <= 1.2 * calls, `${protocol}: ${attempts} attempts of ${calls} calls`);
      }
      assert.deepEqual(repeated, []);
    });
  }
});
