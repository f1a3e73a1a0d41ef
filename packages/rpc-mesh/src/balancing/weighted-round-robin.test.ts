import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../testing/seeded-random.ts";
import { contextOf, countsOf, hostsOf, nth, tally } from "./testing/simulation.ts";
import { WeightedRoundRobin } from "./weighted-round-robin.ts";

describe("WeightedRoundRobin", () => {
  for (const weights of [
    [5, 1, 1],
    [100, 100, 100],
    [1, 2, 3, 4, 5],
    [7, 3, 10_000],
    [1, 1, 98, 33],
  ]) {
    it(`gives exact shares in every run of ${weights.join(" + ")} picks`, () => {
      const hosts = hostsOf(weights);
      const sum = weights.reduce((total, weight) => total + weight, 0);
      for (let seed = 0; seed < 5; seed += 1) {
        const balancer = started(hosts, seed);
        tally(balancer, seed * 3 + 1); // begin anywhere
        for (let run = 0; run < 5; run += 1) {
          assert.deepEqual(countsOf(hosts, tally(balancer, sum)), weights);
        }
      }
    });
  }

  it("never drifts from the exact shares, not after millions of picks", () => {
    const hosts = hostsOf([3, 7, 11]);
    const balancer = started(hosts, 7);
    assert.deepEqual(countsOf(hosts, tally(balancer, 2_100_000)), [300_000, 700_000, 1_100_000]);
    assert.deepEqual(countsOf(hosts, tally(balancer, 21)), [3, 7, 11]);
  });

  it("takes fractions for weights", () => {
    const hosts = hostsOf([0.5, 1.5]);
    assert.deepEqual(countsOf(hosts, tally(started(hosts, 8), 4000)), [1000, 3000]);
  });

  it("spreads the turns of a heavy host evenly", () => {
    const hosts = hostsOf([50, 25, 25]);
    const balancer = started(hosts, 9);
    let inARow = 0;
    for (let i = 0; i < 1000; i += 1) {
      inARow = balancer.pick(contextOf()) === nth(hosts, 0) ? inARow + 1 : 0;
      assert.ok(inARow <= 2);
    }
  });

  it("keeps the shares of the others while a host flaps at every pick", () => {
    const hosts = hostsOf([6, 3, 1, 5]);
    const balancer = started(hosts, 10);
    const counts = new Map<unknown, number>();
    for (let i = 0; i < 10_000; i += 1) {
      balancer.setLive(i % 2 === 0 ? hosts.slice(0, 3) : hosts);
      const host = balancer.pick(contextOf());
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    const [six = 0, three = 0, one = 0] = hosts.map((host) => counts.get(host) ?? 0);
    assert.ok(
      Math.abs(six / one - 6) < 0.1 && Math.abs(three / one - 3) < 0.05,
      `${six} ${three} ${one}`,
    );
  });

  it("treats hosts alike when none has a weight", () => {
    const hosts = hostsOf([0, 0]);
    assert.deepEqual(countsOf(hosts, tally(started(hosts, 11), 100)), [50, 50]);
  });

  it("finds an untried host of weight 1 behind a tried one of weight 10000", () => {
    const hosts = hostsOf([10_000, 1]);
    const balancer = started(hosts, 12);
    const counts = tally(balancer, 100, () => contextOf({ tried: hosts.slice(0, 1) }));
    assert.deepEqual(countsOf(hosts, counts), [0, 100]);
  });
});

function started(hosts: ReturnType<typeof hostsOf>, seed: number): WeightedRoundRobin {
  const balancer = new WeightedRoundRobin(seededRandom(seed));
  balancer.setLive(hosts);
  return balancer;
}
