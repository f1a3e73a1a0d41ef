import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BreakerConfig } from "../model/cluster.ts";
import { Breaker, type BreakerState } from "./breaker.ts";
import { seededRandom, SimulatedClock } from "./testing/simulation.ts";

const defaults: BreakerConfig = {
  strategy: "error_ratio",
  threshold: 0.5,
  windowMs: 10_000,
  minRequests: 10,
  slowMs: 1000,
  openMs: 5000,
  probes: 1,
};

class Bench {
  readonly clock = new SimulatedClock();
  readonly breaker: Breaker;
  readonly states: BreakerState[] = [];

  constructor(config: Partial<BreakerConfig> = {}) {
    this.breaker = new Breaker({ ...defaults, ...config }, this.clock);
    this.breaker.onChange = (state) => this.states.push(state);
  }

  /** Calls that take `ms` each, one after the other: "." succeeds, "x" fails, "c" says nothing. */
  run(calls: string, ms = 1): void {
    for (const call of calls) {
      assert.equal(this.breaker.tryPass(), true, "the breaker lets the call pass");
      this.clock.advance(ms);
      if (call === "c") this.breaker.cancel();
      else this.breaker.record(call === ".", ms);
    }
  }
}

/** `:` lets the open time pass, `|` a window, `-` expects that no call passes. */
const table: readonly (readonly [string, Partial<BreakerConfig>, string, BreakerState])[] = [
  ["stays closed below minRequests", {}, "xxxxxxxxx", "closed"],
  ["opens at the ratio with minRequests", {}, ".....xxxxx", "open"],
  ["opens when a success makes up minRequests", {}, "xxxxx.....", "open"],
  ["stays closed below the ratio", {}, "......xxxx", "closed"],
  ["stays closed without any failure at threshold 0", { threshold: 0 }, "..........", "closed"],
  ["forgets what has left the window", {}, "xxxxxxxxx|x.........", "closed"],
  ["lets nothing pass while open", {}, "xxxxxxxxxx-", "open"],
  ["closes when the probe succeeds", {}, "xxxxxxxxxx:.", "closed"],
  ["opens again when the probe fails", {}, "xxxxxxxxxx:x-", "open"],
  ["waits for a probe that says something", {}, "xxxxxxxxxx:c", "half-open"],
  ["closes with the probe after one that said nothing", {}, "xxxxxxxxxx:c.", "closed"],
  ["begins anew when it has closed", {}, "xxxxxxxxxx:.xxxxxxxxx", "closed"],
  ["wants all probes", { probes: 3 }, "xxxxxxxxxx:..", "half-open"],
  ["closes after all probes", { probes: 3 }, "xxxxxxxxxx:...", "closed"],
  ["opens at the first probe that fails", { probes: 3 }, "xxxxxxxxxx:.x-", "open"],
  ["counts errors", { strategy: "error_count", threshold: 4 }, "..xxx.....", "closed"],
  ["opens at the count", { strategy: "error_count", threshold: 4 }, "..xxx....x", "open"],
  ["counts streaks whatever minRequests", { strategy: "consecutive", threshold: 3 }, "xxx", "open"],
  ["ends a streak", { strategy: "consecutive", threshold: 3 }, "xx.xx.xx", "closed"],
  ["keeps streaks beyond the window", { strategy: "consecutive", threshold: 3 }, "xx|x", "open"],
  ["minds no failures with slow_ratio", { strategy: "slow_ratio" }, "xxxxxxxxxxxx", "closed"],
]; // prettier-ignore

describe("Breaker", () => {
  for (const [name, config, script, expected] of table) {
    it(name, () => {
      const bench = new Bench(config);
      for (const step of script) {
        if (step === ":") bench.clock.advance(5000);
        else if (step === "|") bench.clock.advance(10_000);
        else if (step === "-") assert.equal(bench.breaker.tryPass(), false);
        else bench.run(step);
      }
      assert.equal(bench.breaker.state, expected);
    });
  }

  it("opens for slow calls, and for a slow probe again", () => {
    const bench = new Bench({ strategy: "slow_ratio", threshold: 0.5, windowMs: 60_000 });
    bench.run(".....", 1000);
    bench.run("....", 1001);
    assert.equal(bench.breaker.state, "closed");
    bench.run(".", 1001);
    assert.equal(bench.breaker.state, "open");
    bench.clock.advance(5000);
    bench.run(".", 2000);
    assert.equal(bench.breaker.state, "open");
    bench.clock.advance(10_000);
    bench.run("x", 5);
    assert.equal(bench.breaker.state, "closed");
    assert.deepEqual(bench.states, ["open", "half-open", "open", "half-open", "closed"]);
  });

  it("doubles the open time with each failed probe up to ten times, and begins anew after a success", () => {
    const bench = new Bench();
    bench.run("xxxxxxxxxx");
    for (const ms of [5000, 10_000, 20_000, 40_000, 50_000, 50_000]) {
      assert.equal(bench.breaker.probeInMs, ms);
      bench.clock.advance(ms - 1);
      assert.equal(bench.breaker.tryPass(), false);
      bench.clock.advance(1);
      bench.run("x");
    }
    bench.clock.advance(50_000);
    bench.run(".");
    assert.equal(bench.breaker.probeInMs, 0);
    bench.run("xxxxxxxxxx");
    assert.equal(bench.breaker.probeInMs, 5000);
  });

  it("lets no more probes pass at once than are wanted", () => {
    const { clock, breaker } = new Bench({ probes: 2 });
    for (let i = 0; i < 10; i += 1) breaker.record(false, 0);
    clock.advance(5000);
    assert.deepEqual([1, 2, 3].map(() => breaker.tryPass()), [true, true, false]); // prettier-ignore
    clock.advance(10);
    breaker.record(true, 10);
    assert.equal(breaker.tryPass(), false);
    breaker.record(true, 10);
    assert.equal(breaker.state, "closed");
  });

  it("ignores calls from before it opened", () => {
    const { clock, breaker } = new Bench();
    for (let i = 0; i < 10; i += 1) breaker.record(false, 0);
    breaker.record(true, 0);
    assert.equal(breaker.state, "open");
    clock.advance(5000);
    assert.equal(breaker.tryPass(), true);
    clock.advance(200);
    breaker.record(false, 6000);
    breaker.record(true, 6000);
    assert.equal(breaker.state, "half-open");
    breaker.record(true, 200);
    assert.equal(breaker.state, "closed");
    for (let i = 0; i < 50; i += 1) breaker.record(false, 9000);
    assert.equal(breaker.state, "closed");
  });

  it("lets another probe pass when one never reports", () => {
    const { clock, breaker } = new Bench();
    for (let i = 0; i < 10; i += 1) breaker.record(false, 0);
    clock.advance(5000);
    assert.equal(breaker.tryPass(), true);
    clock.advance(4999);
    assert.equal(breaker.tryPass(), false);
    clock.advance(1);
    assert.equal(breaker.tryPass(), true);
    breaker.record(true, 1);
    assert.equal(breaker.state, "closed");
  });

  it("agrees with the formula over a sliding window, call by call", () => {
    const { clock, breaker } = new Bench({ threshold: 0.6, minRequests: 20, windowMs: 1000 });
    const random = seededRandom(11);
    const past: { readonly bucket: number; readonly bad: boolean }[] = [];
    let badness = 0.3;
    for (let i = 0; i < 20_000 && breaker.state === "closed"; i += 1) {
      clock.advance(random() * 20);
      badness = Math.min(0.8, badness + 0.0001);
      const bad = random() < badness;
      const bucket = Math.floor(clock.monotonic() / 100);
      past.push({ bucket, bad });
      const counted = past.filter((each) => each.bucket > bucket - 10);
      const failed = counted.filter((each) => each.bad).length;
      const trips = counted.length >= 20 && failed >= 0.6 * counted.length;
      breaker.record(!bad, 0);
      assert.equal(breaker.state, trips ? "open" : "closed", `call ${i}`);
    }
    assert.equal(breaker.state, "open");
  });
});
