import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Background } from "../cluster/background.ts";
import type { Host } from "../cluster/host.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { ConsistentHash } from "./consistent-hash.ts";
import { hashText } from "./hashing.ts";
import type { TableBuilder } from "./hash-table.ts";
import { maglevBuilder, primeFrom } from "./maglev.ts";
import { ringBuilder } from "./ring.ts";
import { assertNear, assertShares, balancerOf, contextOf, countsOf, hostsOf, nth, tally } from "./testing/simulation.ts"; // prettier-ignore

const KEYS = Array.from({ length: 20_000 }, (_, index) => hashText(`user-${index}`));

/** Deviation of a host's share from the fair one that is bearable, relative. */
const builders: readonly { name: string; build: TableBuilder; deviation: number }[] = [
  { name: "ring_hash", build: ringBuilder(balancerOf()), deviation: 0.5 },
  { name: "maglev", build: maglevBuilder(65_537), deviation: 0.12 },
];

for (const { name, build, deviation } of builders) {
  describe(`ConsistentHash with ${name}`, () => {
    it("sends the same hash to the same host, whatever order the hosts come in", async () => {
      const hosts = hostsOf(50);
      const here = await started(build, hosts);
      const there = await started(build, hosts.toReversed());
      assert.deepEqual(placesOf(here), placesOf(there));
    });

    it("spreads hashes evenly", async () => {
      const hosts = hostsOf(20);
      const counts = countsOf(hosts, countPlaces(await started(build, hosts)));
      for (const count of counts) assertNear(count, 1000, 1000 * deviation);
    });

    it("gives shares in proportion to the weights", async () => {
      const hosts = hostsOf([100, 200, 300, 400]);
      const counts = countsOf(hosts, countPlaces(await started(build, hosts)));
      counts.forEach((count, index) => assertNear(count, 2000 * (index + 1), 2000 * (index + 1) * deviation)); // prettier-ignore
    });

    it("moves only the hashes of an unfit host, and spreads them over the others", async () => {
      const hosts = hostsOf(20);
      const balancer = await started(build, hosts);
      const before = placesOf(balancer);
      const lost = nth(hosts, 7);
      balancer.setLive(hosts.filter((host) => host !== lost));
      const heirs = new Set<Host | undefined>();
      placesOf(balancer).forEach((host, index) => {
        if (before[index] !== lost) assert.equal(host, before[index]);
        else heirs.add(host);
      });
      assert.ok(heirs.size >= 15 && !heirs.has(lost), `${heirs.size} hosts took over`);
      balancer.setLive(hosts);
      assert.deepEqual(placesOf(balancer), before);
    });

    it("moves few hashes of the other hosts when one is removed or added", async () => {
      const hosts = hostsOf(100);
      const balancer = await started(build, hosts);
      const before = placesOf(balancer);
      const left = hosts.slice(0, 99);
      const after = placesOf(await started(build, left));
      const others = before.filter((host) => host !== nth(hosts, 99)).length;
      let moved = 0;
      before.forEach((host, index) => {
        if (host !== nth(hosts, 99) && host !== after[index]) moved += 1;
      });
      // Ring: none at all. Maglev: "minimal", §5.3 of the paper; a naive remainder moves 99 %.
      assert.ok(moved <= others * (name === "maglev" ? 0.03 : 0), `${moved} of ${others} moved`);
    });

    it("walks on to another host for each attempt of a call", async () => {
      const hosts = hostsOf(5);
      const balancer = await started(build, hosts);
      const tried: Host[] = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const host = balancer.pick(contextOf({ hash: 42, tried }));
        assert.ok(host !== undefined && !tried.includes(host));
        tried.push(host);
      }
      assert.ok(balancer.pick(contextOf({ hash: 42, tried })) !== undefined);
    });

    it("finds the last live host of many and stays with it", async () => {
      const hosts = hostsOf(1000);
      const balancer = await started(build, hosts);
      balancer.setLive(hosts.slice(17, 18));
      assert.deepEqual(new Set(placesOf(balancer)), new Set(hosts.slice(17, 18)));
    });

    it("chooses at random without a hash", async () => {
      const hosts = hostsOf(5);
      const balancer = await started(build, hosts);
      const even = countsOf(hosts, countPlaces(balancer));
      assertShares(countsOf(hosts, tally(balancer, 20_000)), even);
    });

    it("serves from the old table while a new one is built, and never picks who left", async () => {
      const hosts = hostsOf(60);
      const background = new Background();
      const balancer = await started(build, hosts, background);
      const before = placesOf(balancer);
      const left = hosts.slice(1);
      balancer.setHosts(left);
      balancer.setLive(left);
      placesOf(balancer).forEach((host, index) => {
        assert.notEqual(host, hosts[0]);
        if (before[index] !== hosts[0]) assert.equal(host, before[index]);
      });
      await background.idle();
      assert.deepEqual(placesOf(balancer), placesOf(await started(build, left)));
    });

    it("answers before the first table is there", () => {
      const hosts = hostsOf(1000);
      const balancer = new ConsistentHash(build, new Background(), seededRandom(1));
      balancer.setHosts(hosts);
      balancer.setLive(hosts);
      assertShares(
        countsOf(hosts, countPlaces(balancer)),
        hosts.map(() => 1),
      );
      assert.deepEqual(placesOf(balancer), placesOf(balancer));
      balancer.close();
    });

    it("builds a new table when only weights change", async () => {
      const hosts = hostsOf(40);
      const background = new Background();
      const balancer = await started(build, hosts, background);
      const fair = countPlaces(balancer).get(nth(hosts, 0)) ?? 0;
      nth(hosts, 0).weight = 400;
      balancer.setHosts(hosts);
      await background.idle();
      assert.ok((countPlaces(balancer).get(nth(hosts, 0)) ?? 0) > 2.5 * fair);
    });

    it("builds the table of the last of many changes", async () => {
      const hosts = hostsOf(100);
      const background = new Background();
      const balancer = await started(build, hosts, background);
      for (let count = 90; count > 40; count -= 1) balancer.setHosts(hosts.slice(0, count));
      balancer.setLive(hosts.slice(0, 41));
      await background.idle();
      assert.deepEqual(placesOf(balancer), placesOf(await started(build, hosts.slice(0, 41))));
    });
  });
}

describe("maglevBuilder", () => {
  it("gives every host its slots to within one", () => {
    const hosts = hostsOf(7);
    const slots = finish(maglevBuilder(65_537), hosts).slots;
    const counts = hosts.map((_, index) => slots.filter((slot) => slot === index).length);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join(" "));
  });

  it("gives weighted hosts their slots to within two", () => {
    const hosts = hostsOf([1, 2, 7]);
    const slots = finish(maglevBuilder(65_537), hosts).slots;
    const counts = hosts.map((_, index) => slots.filter((slot) => slot === index).length);
    counts.forEach((count, index) => assertNear(count, (65_537 * nth([1, 2, 7], index)) / 10, 2));
  });

  it("takes the next prime for a size that is none, and a larger table for very many hosts", () => {
    assert.equal(finish(maglevBuilder(1000), hostsOf(3)).slots.length, 1009);
    assert.equal(finish(maglevBuilder(7), hostsOf(100)).slots.length, primeFrom(200));
  });
});

describe("ringBuilder", () => {
  it("has at least minRingSize points and at most maxRingSize", () => {
    const few = finish(ringBuilder(balancerOf({ minRingSize: 5000 })), hostsOf(2));
    assertNear(few.slots.length, 5000, 2);
    const many = finish(ringBuilder(balancerOf({ maxRingSize: 2000 })), hostsOf(500));
    assertNear(many.slots.length, 2000, 500);
  });

  it("finds the first point that is not below the hash, and wraps around", () => {
    const table = finish(ringBuilder(balancerOf()), hostsOf(10));
    const slots = Array.from({ length: 4096 }, (_, index) => table.slotOf(index * 2 ** 20));
    const wrapped = slots.indexOf(0, 1) === -1 ? slots.length : slots.lastIndexOf(0);
    const rising = slots.slice(0, wrapped === slots.length - 1 ? -1 : undefined);
    assert.deepEqual(
      rising,
      rising.toSorted((a, b) => a - b),
    );
    assert.equal(table.slotOf(2 ** 32 - 1), 0);
  });
});

async function started(
  build: TableBuilder,
  hosts: readonly Host[],
  background = new Background(),
): Promise<ConsistentHash> {
  const balancer = new ConsistentHash(build, background, seededRandom(9));
  balancer.setHosts(hosts);
  balancer.setLive(hosts);
  await background.idle();
  return balancer;
}

function placesOf(balancer: ConsistentHash): (Host | undefined)[] {
  return KEYS.map((hash) => balancer.pick(contextOf({ hash })));
}

function countPlaces(balancer: ConsistentHash): Map<Host, number> {
  return tally(balancer, KEYS.length, (call) => contextOf({ hash: KEYS[call] }));
}

function finish(
  build: TableBuilder,
  hosts: readonly Host[],
): ReturnType<TableBuilder> extends Generator<void, infer T> ? T : never {
  const building = build(hosts);
  for (;;) {
    const step = building.next();
    if (step.done === true) return step.value;
  }
}
