// What simulations of balancers are made of.
import assert from "node:assert/strict";
import { Host } from "../../cluster/host.ts";
import { anyHost, type PickContext } from "../../cluster/pick.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import { defaultBalancer, defaultCluster } from "../../config/defaults.ts";
import type { HostConfig } from "../../model/host.ts";
import type { BalancerConfig } from "../../model/cluster.ts";

/** Addresses 10.0.0.0:80 and following. */
export function addresses(count: number): HostConfig[] {
  return Array.from({ length: count }, (_, i) => ({ address: `10.0.${i >> 8}.${i & 255}:80` }));
}

/** Hosts that have joined at the time 0; weights as given, or all alike. */
export function hostsOf(countOrWeights: number | readonly number[], joinedAt = 0): Host[] {
  const weights = typeof countOrWeights === "number" ? [] : countOrWeights;
  const count = typeof countOrWeights === "number" ? countOrWeights : countOrWeights.length;
  return addresses(count).map((config, i) => new Host({ ...config, weight: weights[i] }, joinedAt));
}

/** A host of the list; fails the test when it is not there. */
export function nth<T>(list: readonly T[], index: number): T {
  const item = list[index];
  assert.ok(item !== undefined, `there is an item ${index}`);
  return item;
}

/** A balancer's configuration. */
export function balancerOf(part: Partial<BalancerConfig> = {}): BalancerConfig {
  return { ...defaultBalancer, ...part };
}

/** A cluster's configuration. */
export function clusterOf(
  balancer: Partial<BalancerConfig> = {},
  part: Partial<ClusterConfig> = {},
): ClusterConfig {
  const source = { type: "static", hosts: [] } as const;
  return { ...defaultCluster, name: "c", source, balancer: balancerOf(balancer), ...part };
}

/** A context of a call. */
export function contextOf(part: Partial<PickContext> = {}): PickContext {
  return { ...anyHost, ...part };
}

/** How often each host is picked in a number of calls. */
export function tally(
  picker: { pick(context: PickContext): Host | undefined },
  picks: number,
  context: (call: number) => PickContext = () => anyHost,
): Map<Host, number> {
  const counts = new Map<Host, number>();
  for (let call = 0; call < picks; call += 1) {
    const host = picker.pick(context(call));
    assert.ok(host !== undefined, "a host is picked");
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return counts;
}

/** Counts in the order of the hosts. */
export function countsOf(hosts: readonly Host[], counts: ReadonlyMap<Host, number>): number[] {
  return hosts.map((host) => counts.get(host) ?? 0);
}

/**
 * Pearson's chi-squared test: fails when counts differ so much from the expected shares that chance explains it less than
 * once in ten thousand (quantile by Wilson and Hilferty, PNAS 17, 1931).
 */
export function assertShares(counts: readonly number[], shares: readonly number[]): void {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  let chiSquared = 0;
  counts.forEach((count, index) => {
    const expected = (total * (shares[index] ?? 0)) / whole;
    chiSquared += (count - expected) ** 2 / expected;
  });
  const freedom = counts.length - 1;
  const spread = 2 / (9 * freedom);
  const limit = freedom * (1 - spread + 3.719 * Math.sqrt(spread)) ** 3;
  const text = `χ² ${chiSquared.toFixed(1)} of ${freedom} degrees of freedom is at most ${limit.toFixed(1)}`;
  assert.ok(chiSquared <= limit, `${text}: ${counts.slice(0, 20).join(" ")}`);
}

/** Fails when two numbers differ by more than a tolerance. */
export function assertNear(actual: number, expected: number, tolerance: number): void {
  const near = Math.abs(actual - expected) <= tolerance;
  assert.ok(near, `${actual} is within ${tolerance} of ${expected}`);
}
