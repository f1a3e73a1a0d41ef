import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RetryBudgetConfig } from "../model/cluster.ts";
import { RetryBudget } from "./retry-budget.ts";
import { exponential, seededRandom, SimulatedClock } from "./testing/simulation.ts";

const defaults: RetryBudgetConfig = { ratio: 0.2, minRetriesPerSecond: 10 };

interface Run {
  readonly clock: SimulatedClock;
  readonly budget: RetryBudget;
  calls: number;
  retries: number;
}

function start(config: Partial<RetryBudgetConfig> = {}): Run {
  const clock = new SimulatedClock();
  const budget = new RetryBudget({ ...defaults, ...config }, clock);
  return { clock, budget, calls: 0, retries: 0 };
}

/** One call that fails, and whose retries fail, each of which would like `wanted` more. */
function failingCall(run: Run, wanted = 3): void {
  run.budget.call();
  run.calls += 1;
  for (let i = 0; i < wanted && run.budget.tryRetry(); i += 1) run.retries += 1;
}

describe("RetryBudget, everything fails", () => {
  for (const perSecond of [500, 5000]) {
    for (const pace of ["even", "random"] as const) {
      it(`sends attempts <= 1.2 × calls at every prefix of 5 min at ${perSecond}/s (${pace})`, () => {
        const run = start();
        const random = seededRandom(perSecond);
        const mean = 1000 / perSecond;
        for (let at = 0; at < 300_000; at += pace === "even" ? mean : exponential(mean, random)) {
          run.clock.advanceTo(at);
          failingCall(run);
          if (at < 1000) continue;
          if (run.retries * 5 > run.calls)
            assert.fail(`${run.retries} of ${run.calls} at ${at} ms`);
        }
        // Nor does it waste what there is: about one retry a second.
        const unused = run.calls / 5 - run.retries;
        assert.ok(unused <= 400, `${run.retries} retries of ${run.calls} calls`);
      });
    }
  }

  it("holds from any moment on, however much was saved while all was well", () => {
    const run = start();
    for (let i = 0; i < 60_000; i += 1) {
      run.clock.advance(2);
      run.budget.call();
    }
    for (let i = 1; i <= 10_000; i += 1) {
      run.clock.advance(2);
      failingCall(run, 1);
      if (i >= 500) assert.ok(run.retries * 5 <= run.calls, `${run.retries} of ${run.calls}`);
    }
  });

  it("holds between any two moments a second apart, with outbursts at random", () => {
    const run = start();
    const random = seededRandom(7);
    const history: { calls: number; retries: number }[] = [];
    let isFailing = true;
    for (let slot = 0; slot < 600; slot += 1) {
      if (random() < 0.1) isFailing = !isFailing;
      for (let i = 0; i < 60; i += 1) {
        run.clock.advance(100 / 60);
        const most = random() < 0.05 ? 50 : 1;
        failingCall(run, isFailing ? most : 0);
      }
      history.push({ calls: run.calls, retries: run.retries });
    }
    for (const [from, a] of history.entries()) {
      for (const b of history.slice(from + 10)) {
        assert.ok((b.retries - a.retries) * 5 <= b.calls - a.calls);
      }
    }
    assert.ok(run.retries > 0.1 * run.calls);
  });
});

describe("RetryBudget", () => {
  it("grants the floor at low rates: the larger of both, not their sum", () => {
    const run = start();
    for (let i = 0; i < 20 * 600; i += 1) {
      run.clock.advance(50);
      failingCall(run);
    }
    // 20 calls/s earn 4/s, so 10/s hold, less up to one for parts of a retry.
    assert.ok(run.retries <= 10 * 601 && run.retries >= 9 * 600, `${run.retries} retries`);
  });

  it("grants every wanted retry while they are below the ratio", () => {
    const run = start();
    for (let i = 1; i <= 100_000; i += 1) {
      run.clock.advance(1);
      run.budget.call();
      if (i % 6 === 0) assert.equal(run.budget.tryRetry(), true);
    }
  });

  it("lets the first call after start and after hours of silence be retried", () => {
    for (const minRetriesPerSecond of [10, 3, 1, 0.5]) {
      const { clock, budget } = start({ minRetriesPerSecond });
      budget.call();
      assert.equal(budget.tryRetry(), true, `${minRetriesPerSecond} at start`);
      while (budget.tryRetry());
      clock.advance(5 * 3_600_000 + 123.4);
      budget.call();
      assert.equal(budget.tryRetry(), true, `${minRetriesPerSecond} after silence`);
    }
  });

  it("holds at most what one period earns", () => {
    const { clock, budget } = start();
    assert.ok(budget.balance >= 9 && budget.balance <= 10, `${budget.balance}`);
    for (let i = 0; i < 30_000; i += 1) {
      clock.advance(1);
      budget.call();
    }
    assert.ok(budget.balance >= 179 && budget.balance <= 200, `${budget.balance}`);
    const { balance } = budget;
    for (let i = 0; i < balance; i += 1) assert.equal(budget.tryRetry(), true);
    assert.equal(budget.tryRetry(), false);
    assert.equal(budget.balance, 0);
  });

  it("goes by the ratio alone without a floor", () => {
    const run = start({ minRetriesPerSecond: 0 });
    for (let i = 0; i < 1000; i += 1) {
      run.clock.advance(250);
      failingCall(run);
      assert.ok(run.retries * 5 <= run.calls);
    }
    assert.ok(run.retries >= 170, `${run.retries} retries`);
  });

  it("grants nothing with nothing configured", () => {
    const run = start({ ratio: 0, minRetriesPerSecond: 0 });
    for (let i = 0; i < 100; i += 1) {
      run.clock.advance(100);
      failingCall(run);
    }
    assert.equal(run.retries, 0);
  });
});
