import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Host } from "../cluster/host.ts";
import { SimulatedClock } from "../resilience/testing/simulation.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { ewmaCost, PeakEwma, recordLatency } from "./peak-ewma.ts";
import { assertNear, assertShares, balancerOf, contextOf, countsOf, hostsOf, nth, tally } from "./testing/simulation.ts"; // prettier-ignore

const config = balancerOf({ policy: "peak_ewma" });

describe("recordLatency", () => {
  it("believes a peak at once", () => {
    const host = nth(hostsOf(1), 0);
    recordLatency(host, 10, 10_000, 0);
    recordLatency(host, 900, 10_000, 1);
    assert.equal(host.ewmaMs, 900);
  });

  it("moves down by 1 − exp(−t / decay) of the difference", () => {
    const host = nth(hostsOf(1), 0);
    recordLatency(host, 900, 10_000, 0);
    recordLatency(host, 100, 10_000, 5000);
    assertNear(host.ewmaMs, 100 + 800 * Math.exp(-0.5), 1e-9);
  });

  it("does not move when no time has passed", () => {
    const host = nth(hostsOf(1), 0);
    recordLatency(host, 900, 10_000, 7);
    recordLatency(host, 100, 10_000, 7);
    assert.equal(host.ewmaMs, 900);
  });
});

describe("ewmaCost", () => {
  it("is the faded estimate times the calls under way and one", () => {
    const host = nth(hostsOf(1), 0);
    recordLatency(host, 200, 10_000, 1000);
    host.active = 3;
    assertNear(ewmaCost(host, config, 11_000), 200 * Math.exp(-1) * 4, 1e-9);
  });

  it("takes an unknown host for the default", () => {
    const host = nth(hostsOf(1), 0);
    host.active = 1;
    assert.equal(ewmaCost(host, config, 5), 60);
  });
});

describe("PeakEwma", () => {
  it("gives equal hosts equal shares", () => {
    const hosts = hostsOf(10);
    const { balancer } = started(hosts);
    assertShares(
      countsOf(hosts, tally(balancer, 50_000)),
      hosts.map(() => 1),
    );
  });

  it("makes hosts candidates in proportion to their weights", () => {
    const hosts = hostsOf([1, 2, 3, 4]);
    const { balancer } = started(hosts, { choices: 1 });
    assertShares(countsOf(hosts, tally(balancer, 50_000)), [1, 2, 3, 4]);
  });

  it("steers away from a slow host, and comes back when it is fast again", () => {
    const hosts = hostsOf(5);
    const simulation = new Simulation(hosts, (host) => (host === nth(hosts, 0) ? 500 : 10));
    simulation.run(20_000);
    const slow = simulation.share(nth(hosts, 0));
    assert.ok(slow < 0.01, `${slow} of the calls went to the slow host`);
    simulation.latencyOf = () => 10;
    simulation.run(120_000);
    simulation.counts.clear();
    simulation.run(20_000);
    assertNear(simulation.share(nth(hosts, 0)), 0.2, 0.02);
  });

  it("serves sooner than random choice and least request when a host is slow", () => {
    const mean = (choices: number): number => {
      const hosts = hostsOf(5);
      const simulation = new Simulation(
        hosts,
        (host) => (host === nth(hosts, 0) ? 500 : 10),
        choices,
      );
      simulation.run(20_000);
      return simulation.meanMs();
    };
    assert.ok(mean(1) > 100, "one choice is random choice: a fifth of the calls take 500 ms");
    assert.ok(mean(2) < 15);
  });

  it("sends a slow host a call again some day, because its estimate fades", () => {
    const hosts = hostsOf(2);
    const { balancer, clock } = started(hosts);
    recordLatency(nth(hosts, 0), 1000, config.decayMs, 0);
    let back: number | undefined;
    for (let second = 1; second < 120 && back === undefined; second += 1) {
      clock.advanceTo(second * 1000);
      recordLatency(nth(hosts, 1), 10, config.decayMs, second * 1000);
      if (balancer.pick(contextOf()) === nth(hosts, 0)) back = second;
    }
    // 1000 × exp(−t / 10 s) falls below 10 after 10 s × ln 100 = 46 s.
    assert.equal(back, 47);
  });
});

function started(
  hosts: readonly Host[],
  part: Parameters<typeof balancerOf>[0] = {},
): { balancer: PeakEwma; clock: SimulatedClock } {
  const clock = new SimulatedClock();
  const balancer = new PeakEwma(balancerOf({ ...config, ...part }), clock, seededRandom(1));
  balancer.setLive(hosts);
  return { balancer, clock };
}

/** A call every millisecond; each takes the latency of its host. */
class Simulation {
  latencyOf: (host: Host) => number;
  readonly counts = new Map<Host, number>();
  readonly #balancer: PeakEwma;
  readonly #clock: SimulatedClock;
  #sumMs = 0;

  constructor(hosts: readonly Host[], latencyOf: (host: Host) => number, choices = 2) {
    this.latencyOf = latencyOf;
    const { balancer, clock } = started(hosts, { choices });
    this.#balancer = balancer;
    this.#clock = clock;
  }

  run(forMs: number): void {
    for (let ms = 0; ms < forMs; ms += 1) {
      this.#call();
      this.#clock.advance(1);
    }
  }

  share(host: Host): number {
    return (this.counts.get(host) ?? 0) / this.#total();
  }

  meanMs(): number {
    return this.#sumMs / this.#total();
  }

  #total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  #call(): void {
    const host = this.#balancer.pick(contextOf());
    if (host === undefined) return;
    const ms = this.latencyOf(host);
    this.#sumMs += ms;
    this.counts.set(host, (this.counts.get(host) ?? 0) + 1);
    host.active += 1;
    this.#clock.after(ms, () => {
      host.active -= 1;
      recordLatency(host, ms, config.decayMs, this.#clock.monotonic());
    });
  }
}
