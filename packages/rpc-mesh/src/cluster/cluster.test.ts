import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addresses, clusterOf, contextOf, nth, tally } from "../balancing/testing/simulation.ts";
import { SimulatedClock } from "../resilience/testing/simulation.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { Cluster } from "./cluster.ts";
import { Unfit } from "./host.ts";

describe("Cluster.setHosts", () => {
  it("keeps the Host of a known address and takes over its new configuration", () => {
    const cluster = create();
    cluster.setHosts([{ address: "a:1", weight: 5 }, { address: "b:1" }]);
    const [a, b] = cluster.hosts;
    assert.ok(a !== undefined && b !== undefined);
    a.unfit |= Unfit.OUTLIER;
    cluster.setHosts([
      { address: "b:1", zone: "z" },
      { address: "a:1", weight: 7, healthy: false },
    ]);
    assert.deepEqual(cluster.hosts, [b, a]);
    assert.deepEqual([a.weight, a.unfit, b.config.zone], [7, Unfit.OUTLIER | Unfit.REGISTRY, "z"]);
    cluster.setHosts([{ address: "a:1" }, { address: "b:1" }]);
    assert.deepEqual([a.weight, a.unfit], [100, Unfit.OUTLIER]);
  });

  it("drains hosts that are no longer named and makes new ones of returning addresses", () => {
    const cluster = create();
    cluster.setHosts([{ address: "a:1" }, { address: "b:1" }]);
    const a = nth(cluster.hosts, 0);
    let drained = 0;
    a.pool("p", () => ({ connections: 1, drain: () => (drained += 1), close: () => {} }));
    cluster.setHosts([{ address: "b:1" }]);
    assert.deepEqual([a.removed, drained], [true, 1]);
    cluster.setHosts([{ address: "a:1" }]);
    assert.notEqual(nth(cluster.hosts, 0), a);
  });

  it("tells who joined and who left, and nothing when nobody did", () => {
    const cluster = create();
    const events: string[][][] = [];
    const stop = cluster.onHosts((added, removed) =>
      events.push([added.map((host) => host.address), removed.map((host) => host.address)]),
    );
    cluster.setHosts([{ address: "a:1" }, { address: "b:1" }]);
    cluster.setHosts([{ address: "b:1", weight: 1 }, { address: "a:1" }]);
    cluster.setHosts([{ address: "b:1" }, { address: "c:1" }]);
    stop();
    cluster.setHosts([]);
    assert.deepEqual(events, [[["a:1", "b:1"], []], [["c:1"], ["a:1"]]]); // prettier-ignore
  });

  it("takes the last of two configurations for one address", () => {
    const cluster = create();
    cluster.setHosts([
      { address: "a:1", weight: 1 },
      { address: "a:1", weight: 2 },
    ]);
    assert.deepEqual(
      cluster.hosts.map((host) => host.weight),
      [2],
    );
  });

  it("bears weights that registries should not send", () => {
    const cluster = create();
    const weights = [-5, NaN, 1e9, 3];
    cluster.setHosts(addresses(4).map((host, index) => ({ ...host, weight: weights[index] })));
    assert.deepEqual(
      cluster.hosts.map((host) => host.weight),
      [0, 0, 10_000, 3],
    );
  });

  it("makes the cluster ready, also without hosts", () => {
    const cluster = create();
    assert.equal(cluster.ready, false);
    cluster.setHosts([]);
    assert.equal(cluster.ready, true);
  });

  it("reads the time at which hosts join from the clock", () => {
    const clock = new SimulatedClock();
    const cluster = new Cluster(clusterOf(), { clock, random: seededRandom(1) });
    clock.advance(500);
    cluster.setHosts(addresses(1));
    assert.equal(nth(cluster.hosts, 0).joinedAt, 500);
  });
});

describe("Cluster.update", () => {
  it("changes the policy and keeps hosts, health and counts", () => {
    const cluster = create();
    cluster.setHosts(addresses(3));
    const { hosts } = cluster;
    nth(hosts, 0).unfit = Unfit.CHECK;
    cluster.fitChanged(nth(hosts, 0));
    cluster.update(clusterOf({ policy: "request_round_robin" }));
    assert.equal(cluster.hosts, hosts);
    assert.deepEqual([...tally(cluster, 10)], [[nth(hosts, 1), 10]]);
  });

  it("does not disturb the schedule when the balancer stays the same", () => {
    const cluster = create("round_robin");
    cluster.setHosts(addresses(3));
    const counts = new Map(cluster.hosts.map((host) => [host, 0]));
    for (let i = 0; i < 30; i += 1) {
      cluster.update(clusterOf({ policy: "round_robin" }, { connectTimeoutMs: i }));
      const host = cluster.pick(contextOf());
      if (host !== undefined) counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    assert.deepEqual([...counts.values()], [10, 10, 10]);
  });
});

describe("Cluster.why", () => {
  it("names every reason", () => {
    const cluster = create();
    cluster.setHosts([{ address: "a:1" }, { address: "b:1", weight: 0, healthy: false }]);
    const [a, b] = cluster.hosts;
    assert.ok(a !== undefined && b !== undefined);
    assert.equal(cluster.why(a), "");
    b.unfit |= Unfit.CHECK | Unfit.OUTLIER | Unfit.DRAINING | Unfit.BREAKER;
    assert.equal(
      cluster.why(b),
      "failed health checks, ejected as an outlier, unhealthy in its registry, asked for no new calls, " +
        "circuit breaker is open, weight is 0",
    );
    cluster.setHosts([{ address: "b:1", weight: 0 }]);
    assert.equal(cluster.why(a), "left the cluster");
    b.unfit = 0;
    assert.equal(cluster.why(b), "", "weight 0 gets calls when all have weight 0");
  });
});

describe("Cluster.drain", () => {
  it("drains its hosts, tells that they left, and picks none", () => {
    const cluster = create();
    cluster.setHosts(addresses(2));
    const { hosts } = cluster;
    const left: unknown[] = [];
    cluster.onHosts((_, removed) => left.push(...removed));
    cluster.drain();
    cluster.drain();
    cluster.setHosts(addresses(3));
    assert.deepEqual(left, hosts);
    assert.deepEqual(
      hosts.map((host) => host.removed),
      [true, true],
    );
    assert.equal(cluster.pick(contextOf()), undefined);
  });

  it("is part of close, which closes the connections", () => {
    const cluster = create();
    cluster.setHosts(addresses(1));
    const events: string[] = [];
    const pool = {
      connections: 1,
      drain: () => events.push("drain"),
      close: () => events.push("close"),
    };
    nth(cluster.hosts, 0).pool("p", () => pool);
    cluster.close();
    assert.deepEqual(events, ["drain", "close"]);
  });
});

function create(policy: "least_request" | "round_robin" = "least_request"): Cluster {
  const options = { clock: new SimulatedClock(), random: seededRandom(1) };
  return new Cluster(clusterOf({ policy }), options);
}
