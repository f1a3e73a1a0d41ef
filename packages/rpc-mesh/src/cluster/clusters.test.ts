import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addresses, clusterOf, contextOf } from "../balancing/testing/simulation.ts";
import type { BalancerPolicy, ClusterConfig } from "../model/cluster.ts";
import { SimulatedClock } from "../resilience/testing/simulation.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import type { Cluster } from "./cluster.ts";
import { Clusters } from "./clusters.ts";

describe("Clusters.apply", () => {
  it("adds, updates and removes, and tells so", async () => {
    const { clusters, log } = create();
    await clusters.apply([config("a", 1), config("b", 1)]);
    const a = clusters.get("a");
    await clusters.apply([config("a", 2), config("c", 1)]);
    assert.deepEqual(names(clusters), ["a", "c"]);
    assert.equal(clusters.get("a"), a);
    assert.equal(a?.hosts.length, 2);
    assert.deepEqual(log, ["+a", "feed a", "+b", "feed b", "stop a", "feed a", "+c", "feed c", "stop b", "-b"]); // prettier-ignore
  });

  it("does what is quick before it returns", () => {
    const { clusters } = create();
    void clusters.apply([config("a", 1)]);
    assert.ok(clusters.get("a")?.pick(contextOf()) !== undefined);
  });

  it("keeps the discovery of a cluster whose source is the same", async () => {
    const { clusters, log } = create();
    await clusters.apply([config("a", 3)]);
    await clusters.apply([{ ...config("a", 3), connectTimeoutMs: 7 }]);
    assert.deepEqual(log, ["+a", "feed a"]);
    assert.equal(clusters.get("a")?.config.connectTimeoutMs, 7);
  });

  it("drains what it removes", async () => {
    const { clusters } = create();
    await clusters.apply([config("a", 1)]);
    const [host] = clusters.get("a")?.hosts ?? [];
    await clusters.apply([]);
    assert.equal(host?.removed, true);
  });

  it("lets the last of several calls win", async () => {
    const { clusters } = create();
    const many = (prefix: string): ClusterConfig[] =>
      Array.from({ length: 40 }, (_, i) => config(`${prefix}${i}`, 300, "maglev"));
    const first = clusters.apply(many("a"));
    const second = clusters.apply(many("b"));
    const third = clusters.apply([config("c", 1)]);
    await first;
    assert.deepEqual(names(clusters), ["c"]);
    await Promise.all([second, third]);
    assert.deepEqual(names(clusters), ["c"]);
  });

  it("applies the other clusters when the discovery of one fails, then says so", async () => {
    const { clusters } = create();
    await assert.rejects(clusters.apply([config("broken", 1), config("b", 1)]), /no such registry/);
    assert.equal(clusters.get("b")?.ready, true);
  });
});

describe("Clusters.close", () => {
  it("stops discovery and takes no more changes", async () => {
    const { clusters, log } = create();
    await clusters.apply([config("a", 1)]);
    const cluster = clusters.get("a");
    clusters.close();
    assert.equal(cluster?.pick(contextOf()), undefined);
    await clusters.apply([config("b", 1)]);
    assert.deepEqual(log, ["+a", "feed a", "stop a", "-a"]);
    assert.deepEqual(names(clusters), []);
  });
});

function create(): { clusters: Clusters; log: string[] } {
  const log: string[] = [];
  const feed = (cluster: Cluster): (() => void) => {
    const { name, source } = cluster.config;
    if (name === "broken") throw new Error("no such registry");
    log.push(`feed ${name}`);
    if (source.type === "static") cluster.setHosts(source.hosts);
    return () => log.push(`stop ${name}`);
  };
  const clusters = new Clusters({ clock: new SimulatedClock(), random: seededRandom(1), feed });
  clusters.onChange((added, removed) => {
    if (added !== undefined) log.push(`+${added.name}`);
    if (removed !== undefined) log.push(`-${removed.name}`);
  });
  return { clusters, log };
}

function config(name: string, hosts: number, policy: BalancerPolicy = "random"): ClusterConfig {
  return clusterOf({ policy }, { name, source: { type: "static", hosts: addresses(hosts) } });
}

function names(clusters: Clusters): string[] {
  return Array.from(clusters.all(), (cluster) => cluster.name);
}
