import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addresses, clusterOf, contextOf, tally } from "../balancing/testing/simulation.ts";
import type { SubsetConfig } from "../model/cluster.ts";
import { SimulatedClock } from "../resilience/testing/simulation.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { Cluster } from "./cluster.ts";

type Labels = Readonly<Record<string, string>>;

const LABELS: readonly Labels[] = [
  { version: "1", stage: "prod" },
  { version: "1", stage: "dev" },
  { version: "2", stage: "prod" },
  {},
];
const config: SubsetConfig = {
  fallback: "none",
  default: { stage: "prod" },
  selectors: [["version"], ["version", "stage"]],
};

describe("Cluster.pick with subsets", () => {
  it("uses the hosts with the values of the request", () => {
    const cluster = clusterWith(config);
    assert.deepEqual(used(cluster, { version: "1" }), [0, 1]);
    assert.deepEqual(used(cluster, { version: "2" }), [2]);
    assert.deepEqual(used(cluster, { stage: "dev", version: "1" }), [1]);
  });

  it("takes the selector with exactly the keys of the request, wherever it stands", () => {
    const cluster = clusterWith({ ...config, selectors: config.selectors.toReversed() });
    assert.deepEqual(used(cluster, { version: "1" }), [0, 1]);
  });

  const unmatched: readonly (readonly [string, Labels | undefined])[] = [
    ["no values", undefined],
    ["an unknown value", { version: "3" }],
    ["keys that no selector has", { stage: "prod" }],
    ["more keys than a selector has", { version: "1", stage: "prod", zone: "a" }],
    ["the name of a built-in property", { constructor: "1" }],
  ];
  for (const [what, match] of unmatched) {
    it(`falls back for a request with ${what}`, () => {
      assert.equal(clusterWith(config).pick(contextOf({ metadataMatch: match })), undefined);
      assert.deepEqual(used(clusterWith({ ...config, fallback: "any" }), match), [0, 1, 2, 3]);
      assert.deepEqual(used(clusterWith({ ...config, fallback: "default" }), match), [0, 2]);
    });
  }

  it("follows changes of hosts and of health", () => {
    const cluster = clusterWith(config);
    assert.deepEqual(used(cluster, { version: "1" }), [0, 1]);
    const [first] = cluster.hosts;
    assert.ok(first !== undefined);
    first.unfit = 1;
    cluster.fitChanged(first);
    assert.deepEqual(used(cluster, { version: "1" }), [1]);
    cluster.setHosts(addresses(4).map((host) => ({ ...host, metadata: { version: "1" } })));
    assert.deepEqual(used(cluster, { version: "1" }), [1, 2, 3]);
    assert.equal(cluster.pick(contextOf({ metadataMatch: { version: "2" } })), undefined);
  });

  it("keeps values with odd contents apart", () => {
    const cluster = clusterWith({ ...config, selectors: [["a", "b"]] }, [
      { a: "1:b1", b: "" },
      { a: "1", b: "b1:" },
    ]);
    assert.deepEqual(used(cluster, { a: "1:b1", b: "" }), [0]);
  });

  it("plays no part when the cluster has none", () => {
    assert.deepEqual(used(clusterWith(undefined), { version: "1" }), [0, 1, 2, 3]);
  });
});

function clusterWith(subsets: SubsetConfig | undefined, labels = LABELS): Cluster {
  const config = clusterOf({ policy: "random", panicThreshold: 0 }, { subsets });
  const cluster = new Cluster(config, { clock: new SimulatedClock(), random: seededRandom(5) });
  cluster.setHosts(addresses(labels.length).map((host, i) => ({ ...host, metadata: labels[i] })));
  return cluster;
}

function used(cluster: Cluster, metadataMatch: Labels | undefined): number[] {
  const counts = tally(cluster, 200, () => contextOf({ metadataMatch }));
  return cluster.hosts.flatMap((host, index) => (counts.has(host) ? [index] : []));
}
