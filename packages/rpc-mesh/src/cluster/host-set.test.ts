import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addresses, assertNear, assertShares, clusterOf, contextOf, nth, tally } from "../balancing/testing/simulation.ts"; // prettier-ignore
import { hashText } from "../balancing/hashing.ts";
import type { BalancerConfig, BalancerPolicy } from "../model/cluster.ts";
import type { HostConfig } from "../model/host.ts";
import { SimulatedClock } from "../resilience/testing/simulation.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { Cluster } from "./cluster.ts";
import { type Host, Unfit } from "./host.ts";
import type { PickContext } from "./pick.ts";

const POLICIES: readonly BalancerPolicy[] = [
  "round_robin",
  "random",
  "weighted_round_robin",
  "least_request",
  "least_connection",
  "peak_ewma",
  "ring_hash",
  "maglev",
  "request_round_robin",
];

describe("Cluster.pick", () => {
  for (const policy of POLICIES) {
    it(`never picks an unfit host outside a panic with ${policy}`, () => {
      const cluster = clusterWith(Array(10).fill({}), { policy });
      spoil(cluster, [1, 4, 6]);
      assertUsed(cluster, [0, 2, 3, 5, 7, 8, 9]);
    });

    it(`never gives a host of weight 0 traffic while others live with ${policy}`, () => {
      const cluster = clusterWith([{ weight: 0 }, { weight: 5 }, { weight: 0 }, { weight: 9 }], {
        policy,
      });
      assertUsed(cluster, [1, 3]);
      spoil(cluster, [1, 3]);
      assertUsed(cluster, [0, 2]);
    });

    it(`avoids tried hosts while others are left with ${policy}`, () => {
      const cluster = clusterWith(Array(4).fill({}), { policy });
      const tried = cluster.hosts.slice(0, 3);
      for (let call = 0; call < 50; call += 1) {
        assert.equal(
          cluster.pick(contextOf({ hash: hashText(`${call}`), tried })),
          cluster.hosts[3],
        );
      }
      assert.ok(cluster.pick(contextOf({ tried: cluster.hosts })) !== undefined);
    });
  }

  it("says nothing when there are no hosts", () => {
    assert.equal(clusterWith([]).pick(contextOf()), undefined);
  });
});

describe("Cluster.pick in a panic", () => {
  it("ignores health when fewer hosts than the threshold are fit", () => {
    const cluster = clusterWith(Array(10).fill({}), { policy: "round_robin" });
    spoil(cluster, [0, 1, 2, 3, 4]);
    assertUsed(cluster, [5, 6, 7, 8, 9]);
    spoil(cluster, [5]);
    assertUsed(cluster, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    spoil(cluster, []);
    mend(cluster, [5]);
    assertUsed(cluster, [5, 6, 7, 8, 9]);
  });

  it("uses all hosts alike when none is fit", () => {
    const cluster = clusterWith(Array(4).fill({}), { policy: "random" });
    spoil(cluster, [0, 1, 2, 3]);
    assertShares(shares(cluster, 20_000), [1, 1, 1, 1]);
  });

  it("does not turn to hosts of weight 0 while one with a weight is fit", () => {
    const cluster = clusterWith([{}, {}, {}, { weight: 0 }]);
    spoil(cluster, [0, 1]);
    assertUsed(cluster, [0, 1, 2]);
    spoil(cluster, [2]);
    assertUsed(cluster, [3]);
  });

  it("gives up when the threshold is 0 and none is fit", () => {
    const cluster = clusterWith(Array(4).fill({}), { panicThreshold: 0 });
    spoil(cluster, [0, 1, 2]);
    assertUsed(cluster, [3]);
    spoil(cluster, [3]);
    assert.equal(cluster.pick(contextOf()), undefined);
  });

  it("leaves out hosts whose breaker is open, and those that drain while others stay", () => {
    const cluster = clusterWith(Array(4).fill({}));
    spoil(cluster, [0], Unfit.BREAKER);
    spoil(cluster, [1], Unfit.DRAINING);
    spoil(cluster, [2, 3], Unfit.OUTLIER);
    assertUsed(cluster, [2, 3]);
    spoil(cluster, [2, 3], Unfit.BREAKER);
    assertUsed(cluster, [1]);
    spoil(cluster, [1], Unfit.BREAKER);
    assert.equal(cluster.pick(contextOf()), undefined);
  });

  it("keeps a hashed request on its host", () => {
    const cluster = clusterWith(Array(10).fill({}), { policy: "maglev" });
    const context = contextOf({ hash: 4711 });
    const host = cluster.pick(context);
    const others = cluster.hosts
      .map((_, index) => index)
      .filter((index) => cluster.hosts[index] !== host);
    spoil(cluster, others.slice(0, 8));
    assert.equal(cluster.pick(context), host);
  });
});

describe("Cluster.pick with priorities", () => {
  const hosts = [0, 0, 0, 0, 1, 1].map((priority) => ({ priority }));

  it("uses the first priority whose fit hosts reach the threshold", () => {
    const cluster = clusterWith(hosts);
    assertUsed(cluster, [0, 1, 2, 3]);
    spoil(cluster, [0, 1]);
    assertUsed(cluster, [2, 3]);
    spoil(cluster, [2]);
    assertUsed(cluster, [4, 5]);
    mend(cluster, [0]);
    assertUsed(cluster, [0, 3]);
  });

  it("uses the next one only when all hosts are unfit where there is no panic", () => {
    const cluster = clusterWith(hosts, { panicThreshold: 0 });
    spoil(cluster, [0, 1, 2]);
    assertUsed(cluster, [3]);
    spoil(cluster, [3]);
    assertUsed(cluster, [4, 5]);
  });

  it("panics where most hosts are fit when no priority has enough", () => {
    const cluster = clusterWith([0, 0, 0, 0, 1, 1, 1].map((priority) => ({ priority })));
    spoil(cluster, [0, 1, 2, 3, 4, 5]);
    assertUsed(cluster, [4, 5, 6]);
  });

  it("lets a retry go to the next priority when the first has only tried hosts", () => {
    const cluster = clusterWith([{ priority: 0 }, { priority: 1 }]);
    assert.equal(cluster.pick(contextOf({ tried: cluster.hosts.slice(0, 1) })), cluster.hosts[1]);
  });

  it("prefers a fit host of the next priority to one of weight 0", () => {
    const cluster = clusterWith([{ priority: 0 }, { priority: 0, weight: 0 }, { priority: 1 }]);
    spoil(cluster, [0]);
    assertUsed(cluster, [2]);
    spoil(cluster, [2]);
    assertUsed(cluster, [1]);
  });
});

describe("Cluster.pick with a locality", () => {
  const zones = ["a", "a", "a", "a", "b", "b", "c", "d", undefined].map((zone) => ({ zone }));
  const locality = { zone: "a", failover: ["c", "b"], spillPercent: 100 };

  it("stays in its own zone", () => {
    assertUsed(clusterWith(zones, { locality }), [0, 1, 2, 3]);
  });

  it("spills over to the next zone what its own cannot take", () => {
    const cluster = clusterWith(zones, { policy: "random", locality });
    spoil(cluster, [0]);
    assertShares(
      shares(cluster, 20_000).filter((count) => count > 0),
      [1, 1, 1, 1],
    );
    assertUsed(cluster, [1, 2, 3, 6]);
  });

  it("takes the share of fit hosts at which it spills from the configuration", () => {
    const cluster = clusterWith(zones, {
      policy: "random",
      locality: { ...locality, spillPercent: 70 },
    });
    spoil(cluster, [0]);
    assertUsed(cluster, [1, 2, 3]);
    spoil(cluster, [1]);
    const counts = shares(cluster, 20_000);
    assertNear(nth(counts, 6) / 20_000, 1 - 0.5 / 0.7, 0.01);
  });

  it("fails over in the order of the zones, others last and all alike", () => {
    const cluster = clusterWith(zones, { locality, panicThreshold: 0 });
    spoil(cluster, [0, 1, 2, 3]);
    assertUsed(cluster, [6]);
    spoil(cluster, [6]);
    assertUsed(cluster, [4, 5]);
    spoil(cluster, [4, 5]);
    assertUsed(cluster, [7, 8]);
  });

  it("does not panic while other zones can take everything", () => {
    const cluster = clusterWith(
      ["a", "a", "a", "a", "b"].map((zone) => ({ zone })),
      { locality },
    );
    spoil(cluster, [0, 1, 2, 3]);
    assertUsed(cluster, [4]);
  });

  it("panics over all zones when together they cannot", () => {
    const cluster = clusterWith(
      ["a", "a", "b", "b", "b"].map((zone) => ({ zone })),
      { locality },
    );
    spoil(cluster, [0, 1, 2]);
    spoil(cluster, [3]);
    assertUsed(cluster, [0, 1, 2, 3, 4]);
  });

  it("lets a retry leave the zone when it has only tried hosts", () => {
    const cluster = clusterWith([{ zone: "a" }, { zone: "b" }], { locality });
    assert.equal(cluster.pick(contextOf({ tried: cluster.hosts.slice(0, 1) })), cluster.hosts[1]);
  });

  it("keeps a hashed request in its zone while load spills", () => {
    const cluster = clusterWith(zones, { policy: "ring_hash", locality });
    spoil(cluster, [0]);
    for (let hash = 1; hash < 1e9; hash += 12_345_678) {
      const first = cluster.pick(contextOf({ hash }));
      assert.equal(cluster.pick(contextOf({ hash })), first);
    }
  });
});

function clusterWith(
  parts: readonly Partial<HostConfig>[],
  balancer: Partial<BalancerConfig> = {},
): Cluster {
  const random = seededRandom(11);
  const cluster = new Cluster(clusterOf(balancer), { clock: new SimulatedClock(), random });
  cluster.setHosts(addresses(parts.length).map((host, index) => ({ ...host, ...parts[index] })));
  return cluster;
}

function spoil(cluster: Cluster, indexes: readonly number[], bit: number = Unfit.CHECK): void {
  for (const index of indexes) nth(cluster.hosts, index).unfit |= bit;
  for (const index of indexes) cluster.fitChanged(nth(cluster.hosts, index));
}

function mend(cluster: Cluster, indexes: readonly number[]): void {
  for (const index of indexes) nth(cluster.hosts, index).unfit = 0;
  for (const index of indexes) cluster.fitChanged(nth(cluster.hosts, index));
}

function shares(cluster: Cluster, picks: number): number[] {
  const counts = tally(cluster, picks, hashed);
  return cluster.hosts.map((host: Host) => counts.get(host) ?? 0);
}

/** A call of its own user. */
function hashed(call: number): PickContext {
  return contextOf({ hash: hashText(`call ${call}`) });
}

/** Every one of these hosts is picked within a few hundred calls, and no other. `request_round_robin` uses the first. */
function assertUsed(cluster: Cluster, indexes: readonly number[]): void {
  const used = shares(cluster, 600).flatMap((count, index) => (count > 0 ? [index] : []));
  const one = cluster.config.balancer.policy === "request_round_robin";
  assert.deepEqual(used, one ? indexes.slice(0, 1) : indexes);
}
