import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { Grade } from "../call/verdict.ts";
import { Host, Unfit } from "../cluster/host.ts";
import type { OutlierConfig } from "../model/cluster.ts";
import { OutlierDetector, type OutlierEvent } from "./outlier-detector.ts";
import { seededRandom, SimulatedClock } from "./testing/simulation.ts";

const defaults: OutlierConfig = {
  consecutiveErrors: 5,
  consecutiveGatewayErrors: 5,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 10,
  successRateFactor: 1.9,
  failurePercent: 85,
  rateMultiple: 0,
  minHosts: 5,
  minRequests: 50,
};

const noStreaks = { consecutiveErrors: 0, consecutiveGatewayErrors: 0 } as const;
const noRates = { successRateFactor: 0, failurePercent: 0 } as const;

class Bench {
  readonly clock = new SimulatedClock();
  hosts: Host[];
  readonly detector: OutlierDetector;
  readonly changes: string[] = [];

  constructor(size: number, config: Partial<OutlierConfig> = {}) {
    this.hosts = Array.from({ length: size }, (_, i) => {
      return new Host({ address: `10.0.0.${i}:80` }, this.clock.monotonic());
    });
    this.detector = new OutlierDetector({ ...defaults, ...config }, {
      hosts: () => this.hosts,
      clock: this.clock,
      changed: (host) => this.changes.push(`${host.name} ${host.unfit}`),
      log: silentLogger,
    }); // prettier-ignore
  }

  host(index: number): Host {
    const host = this.hosts[index];
    assert.ok(host);
    return host;
  }

  record(index: number, event: OutlierEvent, times = 1): void {
    for (let i = 0; i < times; i += 1) this.detector.record(this.host(index), event);
  }

  /** `of` answers, of which `bad` are errors, never five in a row at the beginning. */
  rate(index: number, bad: number, of: number): void {
    this.record(index, Grade.SUCCESS, of - bad);
    this.record(index, Grade.SERVER_ERROR, bad);
  }

  get out(): number[] {
    return this.hosts.flatMap((host, i) => ((host.unfit & Unfit.OUTLIER) === 0 ? [] : [i]));
  }
}

describe("OutlierDetector, streaks", () => {
  for (const event of [
    Grade.SERVER_ERROR,
    Grade.GATEWAY_ERROR,
    "failed",
    "connect-failed",
    "timeout",
  ] as const) {
    it(`ejects after five of ${event} in a row`, () => {
      const bench = new Bench(5);
      bench.record(2, event, 4);
      bench.record(2, Grade.SUCCESS);
      bench.record(2, event, 4);
      assert.deepEqual(bench.out, []);
      bench.record(2, event);
      assert.deepEqual(bench.out, [2]);
      assert.deepEqual(bench.changes, ["10.0.0.2 2"]);
    });
  }

  it("hears nothing of overload and of the callers' own mistakes", () => {
    const bench = new Bench(5);
    bench.record(1, Grade.OVERLOAD, 500);
    bench.record(1, Grade.CLIENT_ERROR, 500);
    bench.clock.advance(10_000);
    assert.deepEqual(bench.out, []);
    // Nor do they end a streak.
    for (const event of [
      Grade.OVERLOAD,
      Grade.CLIENT_ERROR,
      Grade.OVERLOAD,
      Grade.CLIENT_ERROR,
      Grade.OVERLOAD,
    ]) {
      // prettier-ignore
      bench.record(1, "failed");
      bench.record(1, event);
    }
    assert.deepEqual(bench.out, [1]);
  });

  it("counts gateway errors apart: any other answer ends their streak", () => {
    const bench = new Bench(5, { consecutiveErrors: 0, consecutiveGatewayErrors: 3 });
    bench.record(0, "connect-failed", 2);
    bench.record(0, Grade.SERVER_ERROR, 20);
    bench.record(0, Grade.GATEWAY_ERROR, 2);
    assert.deepEqual(bench.out, []);
    bench.record(0, "timeout");
    assert.deepEqual(bench.out, [0]);
    assert.match(bench.detector.state(bench.host(0))?.reason ?? "", /3 gateway failures in a row/);
  });

  it("is off at 0", () => {
    const bench = new Bench(5, noStreaks);
    bench.record(0, "failed", 49);
    assert.deepEqual(bench.out, []);
  });
});

describe("OutlierDetector, ejection", () => {
  it("takes one bad of five out and brings it back after the base time × ejections", () => {
    const bench = new Bench(5, noRates);
    bench.record(3, "failed", 5);
    assert.deepEqual(bench.detector.state(bench.host(3)), {
      ejections: 1,
      untilMs: bench.clock.now() + 30_000,
      reason: "5 failures in a row",
    });
    bench.clock.advance(29_999);
    assert.deepEqual(bench.out, [3]);
    bench.clock.advance(1);
    assert.deepEqual(bench.out, []);
    assert.equal(bench.detector.state(bench.host(3)), undefined);
    assert.deepEqual(bench.changes, ["10.0.0.3 2", "10.0.0.3 0"]);
  });

  it("lengthens the time with each ejection up to the maximum, and shortens it with time in service", () => {
    const bench = new Bench(5, { ...noRates, maxEjectionMs: 100_000 });
    bench.record(0, "failed", 4);
    for (const ms of [30_000, 60_000, 90_000, 100_000, 100_000]) {
      bench.record(0, "failed");
      bench.clock.advance(ms - 1);
      assert.deepEqual(bench.out, [0], `${ms} ms`);
      bench.clock.advance(1);
      assert.deepEqual(bench.out, []);
    }
    bench.record(0, Grade.SUCCESS);
    // 5 ejections, one less with each whole interval.
    bench.clock.advance(30_000);
    bench.record(0, "failed", 5);
    assert.equal(bench.detector.state(bench.host(0))?.ejections, 3);
  });

  it("puts a host that is back on probation until its first success", () => {
    const bench = new Bench(5, noRates);
    bench.record(0, "failed", 5);
    bench.clock.advance(30_000);
    bench.record(0, "timeout");
    assert.deepEqual(bench.out, [0]);
    bench.clock.advance(60_000);
    bench.record(0, Grade.SUCCESS);
    bench.record(0, "timeout", 4);
    assert.deepEqual(bench.out, []);
  });

  it("ignores what was under way when the host was ejected", () => {
    const bench = new Bench(5, noRates);
    bench.record(0, "failed", 500);
    bench.clock.advance(30_000);
    assert.deepEqual(bench.out, []);
  });

  it("never takes out the only host", () => {
    const bench = new Bench(1, { maxEjectionPercent: 100 });
    bench.record(0, "failed", 1000);
    assert.deepEqual(bench.out, []);
  });

  for (const [size, percent, most] of [
    [2, 10, 1],
    [5, 10, 1],
    [5, 40, 2],
    [5, 100, 5],
    [19, 10, 1],
    [20, 10, 2],
    [100, 33, 33],
    [100, 0, 1],
  ] as const) {
    it(`ejects at most ${most} of ${size} hosts at ${percent} %, and ejects as many when all are bad`, () => {
      const bench = new Bench(size, { maxEjectionPercent: percent });
      const random = seededRandom(size + percent);
      let worst = 0;
      for (let i = 0; i < 20_000; i += 1) {
        bench.clock.advance(10);
        bench.record(Math.floor(random() * size), "failed");
        if (i % 20 === 0) worst = Math.max(worst, bench.out.length);
      }
      assert.equal(worst, most);
    });
  }

  it("makes room when ejected hosts leave the cluster", () => {
    const bench = new Bench(5);
    bench.record(0, "failed", 5);
    bench.record(1, "failed", 5);
    assert.deepEqual(bench.out, [0]);
    const gone = bench.hosts.shift();
    gone?.drain();
    bench.record(0, "failed", 5);
    assert.deepEqual(bench.out, [0]);
    bench.clock.advance(60_000);
    assert.deepEqual(bench.changes, ["10.0.0.0 2", "10.0.0.1 2", "10.0.0.1 0"]);
  });

  it("brings hosts back when the cluster has become too small for so many to be out", () => {
    const bench = new Bench(20);
    for (const index of [3, 5, 7]) bench.record(index, "failed", 5);
    assert.deepEqual(bench.out, [3, 5]);
    for (const host of bench.hosts.splice(6)) host.drain();
    bench.clock.advance(10_000);
    assert.deepEqual(bench.out, [5]);
    for (const host of bench.hosts.splice(0, 5)) host.drain();
    bench.clock.advance(10_000);
    assert.deepEqual(bench.out, []);
  });

  it("leaves other reasons to be out alone", () => {
    const bench = new Bench(5);
    bench.host(0).unfit = Unfit.CHECK;
    bench.record(0, "failed", 5);
    assert.equal(bench.host(0).unfit, Unfit.CHECK | Unfit.OUTLIER);
    bench.clock.advance(30_000);
    assert.equal(bench.host(0).unfit, Unfit.CHECK);
  });

  it("brings all hosts back and leaves no timer when it is closed", () => {
    const bench = new Bench(5, { maxEjectionPercent: 60 });
    for (const index of [0, 1, 2]) bench.record(index, "failed", 5);
    assert.deepEqual(bench.out, [0, 1, 2]);
    bench.detector.close();
    bench.record(0, "failed", 50);
    assert.deepEqual(bench.out, []);
    assert.equal(bench.clock.pending, 0);
  });
});

describe("OutlierDetector, rates", () => {
  const wide = { ...noStreaks, maxEjectionPercent: 100 } as const;

  it("ejects below mean − 1.9 × deviation of the success rates", () => {
    const bench = new Bench(10, { ...wide, failurePercent: 0 });
    const failures = [0, 1, 2, 0, 1, 2, 0, 1, 2, 30];
    const rates = failures.map((bad) => 1 - bad / 100);
    const mean = rates.reduce((sum, each) => sum + each, 0) / 10;
    const deviation = Math.sqrt(rates.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 10);
    const limit = mean - 1.9 * deviation;
    for (const [index, bad] of failures.entries()) bench.rate(index, bad, 100);
    bench.clock.advance(10_000);
    const expected = rates.flatMap((rate, index) => (rate < limit ? [index] : []));
    assert.deepEqual(expected, [9]);
    assert.deepEqual(bench.out, expected);
  });

  it("ejects nobody when all are alike", () => {
    const bench = new Bench(5, { ...wide, failurePercent: 0, rateMultiple: 5 });
    for (const index of bench.hosts.keys()) bench.rate(index, 40, 100);
    bench.clock.advance(10_000);
    assert.deepEqual(bench.out, []);
  });

  it("ejects at and above the failure percentage", () => {
    const bench = new Bench(5, { ...wide, successRateFactor: 0 });
    for (const [index, bad] of [84, 85, 100, 0, 0].entries()) bench.rate(index, bad, 100);
    bench.clock.advance(10_000);
    assert.deepEqual(bench.out, [1, 2]);
  });

  it("ejects at MOSN's multiple of the average failure rate", () => {
    for (const [others, expected] of [
      [0, [0]],
      [5, []],
    ] as const) {
      // prettier-ignore
      const bench = new Bench(5, { ...wide, ...noRates, rateMultiple: 5 });
      bench.rate(0, 60, 100);
      for (const index of [1, 2, 3, 4]) bench.rate(index, others, 100);
      bench.clock.advance(10_000);
      assert.deepEqual(bench.out, expected);
    }
  });

  it("begins with the worst when not all may be out", () => {
    const bench = new Bench(20, { ...wide, maxEjectionPercent: 10, successRateFactor: 0 });
    for (const index of bench.hosts.keys()) bench.rate(index, 80 + index, 100);
    bench.clock.advance(10_000);
    assert.deepEqual(bench.out, [18, 19]);
  });

  it("says nothing of hosts with few answers, nor with few such hosts", () => {
    const few = new Bench(6, wide);
    few.rate(0, 49, 49);
    for (const index of [1, 2, 3, 4, 5]) few.rate(index, 0, 100);
    few.clock.advance(10_000);
    assert.deepEqual(few.out, []);
    const small = new Bench(4, wide);
    small.rate(0, 100, 100);
    for (const index of [1, 2, 3]) small.rate(index, 0, 100);
    small.clock.advance(10_000);
    assert.deepEqual(small.out, []);
  });

  it("begins to count anew with each interval", () => {
    const bench = new Bench(5, wide);
    for (let round = 0; round < 4; round += 1) {
      for (const index of bench.hosts.keys()) bench.rate(index, index === 0 ? 20 : 0, 40);
      bench.clock.advance(10_000);
    }
    assert.deepEqual(bench.out, []);
  });
});

describe("OutlierDetector, simulation", () => {
  it("keeps a host that fails half of its calls out of service for most of an hour, and no good one", () => {
    const bench = new Bench(10);
    const random = seededRandom(42);
    const outMs = new Array<number>(10).fill(0);
    for (let at = 0; at < 3_600_000; at += 10) {
      bench.clock.advance(10);
      for (const index of bench.out) outMs[index] = (outMs[index] ?? 0) + 10;
      const index = Math.floor(random() * 10);
      if (bench.host(index).unfit !== 0) continue;
      const failing = random() < (index === 4 ? 0.5 : 0.005);
      bench.record(index, failing ? Grade.SERVER_ERROR : Grade.SUCCESS);
    }
    for (const [index, ms] of outMs.entries()) {
      if (index === 4) assert.ok(ms > 0.8 * 3_600_000, `host 4 was out for ${ms} ms`);
      else assert.ok(ms < 0.01 * 3_600_000, `host ${index} was out for ${ms} ms`);
    }
  });
});
