import type { HostConfig } from "../../model/host.ts";

/** A host while it is being read. */
export type HostDraft = { -readonly [K in keyof HostConfig]: HostConfig[K] };

/** Hosts in one place. */
interface Group {
  /** Share of the place among those of its priority. */
  readonly weight: number | undefined;
  readonly priority: number;
  readonly hosts: readonly HostDraft[];
}

const maxWeight = 10_000;

/**
 * Makes one list of all hosts, with weights of 1 to 10 000. Where places have weights, a place without one gets nothing,
 * and a host's weight is its share of the weight of its place; otherwise hosts keep their own. Without any weight all are
 * alike.
 */
export function spreadWeights(groups: readonly Group[]): readonly HostConfig[] {
  const hosts = groups.flatMap((group) => group.hosts);
  if (groups.some(({ weight }) => weight !== undefined)) {
    for (const group of groups) weigh(group);
    for (const priority of new Set(groups.map((group) => group.priority))) {
      scale(groups.filter((group) => group.priority === priority).flatMap((group) => group.hosts));
    }
  } else if (hosts.some(({ weight }) => weight !== undefined)) {
    for (const host of hosts) host.weight ??= 1;
    if (hosts.some(({ weight = 1 }) => weight > maxWeight)) scale(hosts);
  }
  return hosts;
}

function weigh({ weight: share = 0, hosts }: Group): void {
  let sum = 0;
  for (const { weight = 1 } of hosts) sum += weight;
  for (const host of hosts) host.weight = sum === 0 ? 0 : (share * (host.weight ?? 1)) / sum;
}

/** The largest becomes 10 000; nobody who had something is left with nothing. */
function scale(hosts: readonly HostDraft[]): void {
  let largest = 0;
  for (const { weight = 0 } of hosts) largest = Math.max(largest, weight);
  if (largest === 0) return;
  for (const host of hosts) {
    const weight = host.weight ?? 0;
    host.weight = weight === 0 ? 0 : Math.max(1, Math.round((weight * maxWeight) / largest));
  }
}
