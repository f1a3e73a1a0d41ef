import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Background } from "../cluster/background.ts";
import { Host } from "../cluster/host.ts";
import type { BalancerPolicy, SlowStartConfig } from "../model/cluster.ts";
import { SimulatedClock } from "../resilience/testing/simulation.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { createBalancer } from "./create-balancer.ts";
import { rampFactor } from "./slow-start.ts";
import { addresses, assertNear, assertShares, balancerOf, countsOf, hostsOf, nth, tally } from "./testing/simulation.ts"; // prettier-ignore

const config: SlowStartConfig = { windowMs: 60_000, aggression: 1, minWeightPercent: 10 };

describe("rampFactor", () => {
  it("is max(age / window, min weight)^(1 / aggression), at most 1", () => {
    assert.equal(rampFactor(config, 0), 0.1);
    assert.equal(rampFactor(config, 30_000), 0.5);
    assert.equal(rampFactor(config, 60_000), 1);
    assert.equal(rampFactor(config, 90_000), 1);
    assertNear(rampFactor({ ...config, aggression: 2 }, 15_000), 0.5, 1e-12);
    assertNear(rampFactor({ ...config, aggression: 0.5 }, 30_000), 0.25, 1e-12);
  });
});

describe("SlowStart", () => {
  const free: readonly BalancerPolicy[] = [
    "round_robin",
    "random",
    "weighted_round_robin",
    "least_request",
    "least_connection",
    "peak_ewma",
  ];
  for (const policy of free) {
    for (const ageMs of [0, 15_000, 45_000]) {
      it(`gives a host of ${ageMs / 1000} s its part of a full share with ${policy}`, () => {
        const hosts = [...hostsOf(9), newcomer(1_000_000)];
        const clock = new SimulatedClock();
        const balancer = createBalancer(balancerOf({ policy, slowStart: config }), tools(clock));
        clock.advanceTo(1_000_000 + ageMs);
        balancer.setLive(hosts);
        const counts = countsOf(hosts, tally(balancer, 20_000));
        const factor = rampFactor(config, ageMs);
        assertNear(nth(counts, 9) / 20_000, factor / (9 + factor), 0.008);
      });
    }
  }

  it("thins the turns of weighted hosts as well", () => {
    const hosts = [...hostsOf([100, 300]), newcomer(1_000_000, 200)];
    const clock = new SimulatedClock();
    clock.advanceTo(1_030_000);
    for (const policy of ["weighted_round_robin", "least_request"] as const) {
      const balancer = createBalancer(balancerOf({ policy, slowStart: config }), tools(clock));
      balancer.setLive(hosts);
      assertShares(countsOf(hosts, tally(balancer, 20_000)), [100, 300, 200 * 0.5]);
    }
  });

  it("follows the time without being told, to the end of the window", () => {
    const hosts = [...hostsOf(4), newcomer(1_000_000)];
    const clock = new SimulatedClock();
    clock.advanceTo(1_000_000);
    const balancer = createBalancer(
      balancerOf({ policy: "random", slowStart: config }),
      tools(clock),
    );
    balancer.setLive(hosts);
    const shares = [0, 0.25, 0.5, 0.75, 1].map((part) => {
      clock.advanceTo(1_000_000 + part * config.windowMs);
      return nth(countsOf(hosts, tally(balancer, 20_000)), 4) / 20_000;
    });
    const expected = [0.1, 0.25, 0.5, 0.75, 1].map((factor) => factor / (4 + factor));
    shares.forEach((share, index) => assertNear(share, nth(expected, index), 0.01));
  });

  it("holds nobody back when all hosts are new", () => {
    const hosts = hostsOf(5, 1000);
    const clock = new SimulatedClock();
    clock.advanceTo(1000);
    const balancer = createBalancer(
      balancerOf({ policy: "round_robin", slowStart: config }),
      tools(clock),
    );
    balancer.setLive(hosts);
    assert.deepEqual(countsOf(hosts, tally(balancer, 50)), [10, 10, 10, 10, 10]);
  });
});

function newcomer(joinedAt: number, weight = 100): Host {
  return new Host({ ...nth(addresses(200), 199), weight }, joinedAt);
}

function tools(clock: SimulatedClock): Parameters<typeof createBalancer>[1] {
  return { clock, random: seededRandom(7), background: new Background() };
}
