import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Host } from "../cluster/host.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { LeastLoad } from "./least-load.ts";
import { assertNear, assertShares, balancerOf, contextOf, countsOf, hostsOf, nth, tally } from "./testing/simulation.ts"; // prettier-ignore

const byActive = (host: Host): number => host.active;

describe("LeastLoad with equal weights", () => {
  it("gives idle hosts equal shares", () => {
    const hosts = hostsOf(10);
    assertShares(
      countsOf(hosts, tally(started(hosts), 50_000)),
      hosts.map(() => 1),
    );
  });

  it("picks the host of rank r of n with probability 2(n − r) / n(n − 1)", () => {
    // With two different candidates: the r-th best wins against the n − r worse ones out of n(n − 1)/2 pairs.
    const hosts = hostsOf(6);
    hosts.forEach((host, index) => (host.active = index));
    const shares = [5, 4, 3, 2, 1];
    const counts = countsOf(hosts, tally(started(hosts), 50_000));
    assert.equal(counts.pop(), 0);
    assertShares(counts, shares);
  });

  it("always takes the less loaded of two hosts", () => {
    const hosts = hostsOf(2);
    nth(hosts, 0).active = 1;
    const counts = countsOf(hosts, tally(started(hosts), 10_000));
    assert.deepEqual(counts, [0, 10_000]);
  });

  it("compares as many hosts as `choices` says", () => {
    const hosts = hostsOf(20);
    hosts.forEach((host, index) => (host.active = index));
    const mean = (choices: number): number => meanLoad(hosts, started(hosts, { choices }));
    // The minimum of d of n ranks is (n + 1) / (d + 1) on average, counted from 1.
    assertNear(mean(1), 9.5, 0.2);
    assertNear(mean(2), 21 / 3 - 1, 0.2);
    assertNear(mean(5), 21 / 6 - 1, 0.3);
  });

  it("keeps queues short where random choice lets them grow", () => {
    const longest = (choices: number): number => {
      const hosts = hostsOf(200);
      const balancer = started(hosts, { choices });
      for (let i = 0; i < 2000; i += 1) {
        const host = balancer.pick(contextOf());
        if (host !== undefined) host.active += 1;
      }
      return Math.max(...hosts.map(byActive));
    };
    // Balls into bins: mean 10; one choice some 20 at most, two choices log log n more than the mean.
    assert.ok(longest(1) >= 17);
    assert.ok(longest(2) <= 13);
  });

  it("avoids tried hosts", () => {
    const hosts = hostsOf(3);
    nth(hosts, 2).active = 100;
    const tried = hosts.slice(0, 2);
    assert.deepEqual(
      countsOf(
        hosts,
        tally(started(hosts), 100, () => contextOf({ tried })),
      ),
      [0, 0, 100],
    );
    assert.ok(started(hosts).pick(contextOf({ tried: hosts })) !== undefined);
  });
});

describe("LeastLoad with different weights", () => {
  it("gives idle hosts shares in proportion to their weights", () => {
    const hosts = hostsOf([10, 20, 70]);
    const counts = countsOf(hosts, tally(started(hosts), 100_000));
    assertNear(nth(counts, 0), 10_000, 2);
    assertNear(nth(counts, 1), 20_000, 2);
  });

  for (const bias of [0, 0.5, 1, 2]) {
    it(`gives shares in proportion to weight / (active + 1)^${bias}`, () => {
      const hosts = hostsOf([10, 20, 70, 70]);
      [0, 1, 4, 9].forEach((active, index) => (nth(hosts, index).active = active));
      const balancer = started(hosts, { activeRequestBias: bias });
      const shares = hosts.map((host) => host.weight / (host.active + 1) ** bias);
      const sum = shares.reduce((total, share) => total + share, 0);
      const counts = countsOf(hosts, tally(balancer, 100_000));
      counts.forEach((count, i) => assertNear(count, (100_000 * nth(shares, i)) / sum, 4));
    });
  }

  it("measures connections when told so", () => {
    const hosts = hostsOf([1, 2]);
    for (let i = 0; i < 3; i += 1)
      nth(hosts, 1).pool(`p${i}`, () => ({ connections: 1, drain() {}, close() {} }));
    const balancer = new LeastLoad(balancerOf(), (host) => host.connections, seededRandom(4));
    balancer.setLive(hosts);
    const counts = countsOf(hosts, tally(balancer, 3000));
    assertNear(nth(counts, 0), 2000, 2); // 1/1 : 2/4
  });
});

function started(hosts: readonly Host[], part: Parameters<typeof balancerOf>[0] = {}): LeastLoad {
  const balancer = new LeastLoad(balancerOf(part), byActive, seededRandom(3));
  balancer.setLive(hosts);
  return balancer;
}

function meanLoad(hosts: readonly Host[], balancer: LeastLoad): number {
  const picks = 20_000;
  let sum = 0;
  for (const [host, count] of tally(balancer, picks)) sum += host.active * count;
  assert.ok(hosts.length > 0);
  return sum / picks;
}
