/**
 * Shares of the load that go to a chain of zones, the preferred first. A zone can take
 * min(1, fit hosts / all hosts / spill), the next takes what is left, and so on; when all together cannot take
 * everything, each takes its part in proportion (Envoy's priority load with an overprovisioning factor of 1 / spill).
 *
 * @param fitShares share of fit hosts of each zone, 0 to 1
 * @param spillPercent share of fit hosts, percent, from which a zone can take everything; 0: one host is enough
 * @returns loads that add up to 1, or all 0 when no zone has a fit host
 */
export function spillLoads(fitShares: readonly number[], spillPercent: number): number[] {
  const capacities = fitShares.map((share) => zoneCapacity(share, spillPercent));
  const total = capacities.reduce((sum, capacity) => sum + capacity, 0);
  if (total === 0) return capacities;
  let left = 1;
  return capacities.map((capacity) => {
    const load = Math.min(left, total < 1 ? capacity / total : capacity);
    left = Math.max(0, left - load);
    return load;
  });
}

/** Share of the load that a zone can take, 0 to 1. */
export function zoneCapacity(fitShare: number, spillPercent: number): number {
  if (fitShare === 0) return 0;
  return spillPercent <= 0 ? 1 : Math.min(1, (fitShare * 100) / spillPercent);
}
