import type { Host } from "../cluster/host.ts";
import type { Random } from "../clock.ts";
import { Schedule } from "./schedule.ts";
import type { SlowStart } from "./slow-start.ts";

/**
 * Weighted round robin by earliest deadline first: the k-th turn of a host of weight w is due at the time k / w. So in any
 * run of as many picks as the sum of the weights (whole numbers) each host gets exactly its weight, and its turns are
 * spread evenly. The schedule starts at a random time: meshes that start together do not go in step.
 */
export class WeightedRoundRobin extends Schedule {
  constructor(random: Random, slowStart?: SlowStart) {
    super(random, slowStart);
  }

  protected override firstAfter(now: number, host: Host): number {
    const weight = weightOf(host);
    return (Math.floor(now * weight) + 1) / weight;
  }

  protected override nextAfter(now: number, host: Host): number {
    // From whole numbers anew: times that are added up would drift, and hosts that are due together would change order.
    const weight = weightOf(host);
    return (Math.round(now * weight) + 1) / weight;
  }
}

/** Weight 0 comes here only when no host has a weight: then they are alike. */
export function weightOf(host: Host): number {
  return host.weight > 0 ? host.weight : 1;
}
