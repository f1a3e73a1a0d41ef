import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../testing/seeded-random.ts";
import { RandomChoice } from "./random.ts";
import { RequestRoundRobin } from "./request-round-robin.ts";
import { RoundRobin } from "./round-robin.ts";
import { assertShares, contextOf, countsOf, hostsOf, nth, tally } from "./testing/simulation.ts";

describe("RoundRobin", () => {
  it("gives every host exactly the same, whatever the weights", () => {
    const hosts = hostsOf([1, 2, 3, 4]);
    const balancer = new RoundRobin(seededRandom(1));
    balancer.setLive(hosts);
    assert.deepEqual(countsOf(hosts, tally(balancer, 400)), [100, 100, 100, 100]);
  });

  it("starts anywhere", () => {
    const hosts = hostsOf(8);
    const random = seededRandom(2);
    const first = { pick: () => started(hosts, random).pick(contextOf()) };
    assertShares(
      countsOf(hosts, tally(first, 4000)),
      hosts.map(() => 1),
    );
  });

  it("favours nobody while a host flaps at every pick", () => {
    const hosts = hostsOf(5);
    const balancer = started(hosts, seededRandom(3));
    const flapping = {
      pick: () => {
        balancer.setLive(hosts.slice(0, 4));
        balancer.setLive(hosts);
        return balancer.pick(contextOf());
      },
    };
    assert.deepEqual(countsOf(hosts, tally(flapping, 500)), [100, 100, 100, 100, 100]);
  });

  it("passes over hosts that were tried while others are left", () => {
    const hosts = hostsOf(3);
    const balancer = started(hosts, seededRandom(4));
    const counts = tally(balancer, 300, () => contextOf({ tried: hosts.slice(0, 2) }));
    assert.deepEqual(countsOf(hosts, counts), [0, 0, 300]);
    assert.ok(balancer.pick(contextOf({ tried: hosts })) !== undefined);
  });
});

describe("RandomChoice", () => {
  it("gives every host the same probability", () => {
    const hosts = hostsOf([1, 50, 100, 100, 7]);
    const balancer = new RandomChoice(seededRandom(5));
    balancer.setLive(hosts);
    assertShares(
      countsOf(hosts, tally(balancer, 50_000)),
      hosts.map(() => 1),
    );
  });

  it("spreads the calls of a host that was tried over all others", () => {
    const hosts = hostsOf(5);
    const balancer = new RandomChoice(seededRandom(6));
    balancer.setLive(hosts);
    const counts = tally(balancer, 40_000, () => contextOf({ tried: [nth(hosts, 2)] }));
    assert.equal(counts.get(nth(hosts, 2)), undefined);
    const others = hosts.filter((_, index) => index !== 2);
    assertShares(countsOf(others, counts), [1, 1, 1, 1]);
  });
});

describe("RequestRoundRobin", () => {
  it("starts every call with the first host and takes the next with each retry", () => {
    const hosts = hostsOf(3);
    const balancer = new RequestRoundRobin();
    balancer.setLive(hosts);
    const picks = [0, 1, 2, 3].map((retry) =>
      balancer.pick(contextOf({ tried: hosts.slice(0, retry) })),
    );
    assert.deepEqual(picks, [...hosts, nth(hosts, 0)]);
  });

  it("takes the first untried host also when a tried one is no longer live", () => {
    const hosts = hostsOf(4);
    const balancer = new RequestRoundRobin();
    balancer.setLive(hosts.slice(2));
    const tried = [nth(hosts, 0), nth(hosts, 2)];
    assert.equal(balancer.pick(contextOf({ tried })), nth(hosts, 3));
  });
});

function started(hosts: ReturnType<typeof hostsOf>, random: () => number): RoundRobin {
  const balancer = new RoundRobin(random);
  balancer.setLive(hosts);
  return balancer;
}
