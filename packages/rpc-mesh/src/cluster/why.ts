import { type Host, Unfit } from "./host.ts";

const REASONS: readonly (readonly [number, string])[] = [
  [Unfit.CHECK, "failed health checks"],
  [Unfit.OUTLIER, "ejected as an outlier"],
  [Unfit.REGISTRY, "unhealthy in its registry"],
  [Unfit.DRAINING, "asked for no new calls"],
  [Unfit.BREAKER, "circuit breaker is open"],
];

/**
 * Why a host gets no calls, for people; empty: it gets some.
 *
 * @param othersWeighted whether a host of its cluster has a weight above 0
 */
export function whyUnfit(host: Host, othersWeighted: boolean): string {
  if (host.removed) return "left the cluster";
  const reasons = REASONS.filter(([bit]) => (host.unfit & bit) !== 0).map(([, text]) => text);
  if (host.weight === 0 && othersWeighted) reasons.push("weight is 0");
  return reasons.join(", ");
}
