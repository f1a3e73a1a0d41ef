import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { Reason } from "../call/failure.ts";
import { Grade } from "../call/verdict.ts";
import { Host } from "../cluster/host.ts";
import { defaultOutlier, defaultRetry, defaultRetryBudget } from "../config/defaults.ts";
import { OutlierDetector } from "./outlier-detector.ts";
import { RetryBudget } from "./retry-budget.ts";
import { compileRetry } from "./retry-rules.ts";
import { seededRandom, SimulatedClock } from "./testing/simulation.ts";

/** A cluster of five whose calls are idempotent and retried once, with the defaults of everything. */
class Bench {
  readonly clock = new SimulatedClock();
  readonly random = seededRandom(77);
  readonly hosts = Array.from({ length: 5 }, (_, i) => new Host({ address: `h${i}:80` }, 0));
  readonly budget = new RetryBudget(defaultRetryBudget, this.clock);
  readonly rules = compileRetry(defaultRetry);
  readonly outlier = new OutlierDetector(defaultOutlier, {
    hosts: () => this.hosts,
    clock: this.clock,
    changed: () => undefined,
    log: silentLogger,
  });
  calls = 0;
  attempts = 0;
  succeeded = 0;

  /** One call; `fails` says which hosts fail. */
  call(fails: (index: number) => boolean): void {
    this.calls += 1;
    this.budget.call();
    this.attempt(fails, undefined);
  }

  private attempt(fails: (index: number) => boolean, tried: Host | undefined): void {
    const fit = this.hosts.filter((host) => host.unfit === 0 && host !== tried);
    const host = fit[Math.floor(this.random() * fit.length)];
    assert.ok(host);
    this.attempts += 1;
    if (!fails(this.hosts.indexOf(host))) {
      this.succeeded += 1;
      return this.outlier.record(host, Grade.SUCCESS);
    }
    this.outlier.record(host, "failed");
    if (tried !== undefined || !this.rules.allowsFailure(Reason.RESET, true)) return;
    if (!this.budget.tryRetry()) return;
    this.clock.after(this.rules.backoffMs(1, this.random), () => this.attempt(fails, host));
  }
}

describe("RetryBudget, RetryRules and OutlierDetector together", () => {
  for (const perSecond of [20, 500, 5000]) {
    it(`hide one failing host of five from the callers at ${perSecond}/s`, () => {
      const bench = new Bench();
      const calls = perSecond * 120;
      for (let i = 0; i < calls; i += 1) {
        if (i === perSecond * 5) Object.assign(bench, { calls: 0, attempts: 0, succeeded: 0 });
        bench.clock.advance(1000 / perSecond);
        bench.call((index) => index === 2);
      }
      bench.clock.advance(1000);
      const rate = bench.succeeded / bench.calls;
      assert.ok(rate >= 0.9999, `${rate} succeeded`);
    });
  }

  it("send at most 1.2 attempts per call when every host fails", () => {
    const bench = new Bench();
    for (let i = 1; i <= 500 * 60; i += 1) {
      bench.clock.advance(2);
      bench.call(() => true);
      if (i >= 500) assert.ok(bench.attempts * 5 <= bench.calls * 6, `${bench.attempts} attempts`);
    }
    assert.equal(bench.succeeded, 0);
  });
});
