import type { OutlierConfig } from "../model/cluster.ts";
import type { OutlierHost } from "./outlier-host.ts";

/** Comparing says nothing below this: where all others never fail, a single failure stands out. */
const MIN_FAILURE_RATE = 0.05;

/** A host that stands out, and why. */
export interface Outlier {
  readonly entry: OutlierHost;
  readonly reason: string;
}

/**
 * Hosts whose rates of an interval stand out, worst first. Over the hosts with at least `minRequests`, if they are at
 * least `minHosts`:
 *
 * - success rate below mean − successRateFactor × standard deviation (of the population), as in Envoy;
 * - failures at or above failurePercent, as in Envoy;
 * - failure rate at or above rateMultiple × the mean failure rate, as in MOSN's fault_tolerance.
 *
 * Hosts are compared with each other (the first and the third) only if at least 5 % of their calls failed.
 */
export function findOutliers(
  entries: Iterable<OutlierHost>,
  config: OutlierConfig,
): readonly Outlier[] {
  const eligible = [...entries].filter(
    ({ requests, ejected }) => requests >= config.minRequests && ejected === undefined,
  );
  if (eligible.length === 0 || eligible.length < config.minHosts) return [];
  eligible.sort((a, b) => b.failureRate - a.failureRate);
  const limits = rateLimits(eligible, config);
  return eligible.flatMap((entry) => {
    const reason = reasonOf(entry, limits, config);
    return reason === undefined ? [] : [{ entry, reason }];
  });
}

interface RateLimits {
  /** Success rates below. */
  readonly success: number;
  /** Failure rates at or above. */
  readonly multiple: number;
}

function rateLimits(entries: readonly OutlierHost[], config: OutlierConfig): RateLimits {
  const meanFailure = mean(entries.map((entry) => entry.failureRate));
  const variance = mean(entries.map((entry) => (entry.failureRate - meanFailure) ** 2));
  const { successRateFactor: factor, rateMultiple } = config;
  return {
    success: factor > 0 ? 1 - meanFailure - factor * Math.sqrt(variance) : -Infinity,
    multiple: rateMultiple > 0 && meanFailure > 0 ? rateMultiple * meanFailure : Infinity,
  };
}

function reasonOf(
  entry: OutlierHost,
  limits: RateLimits,
  config: OutlierConfig,
): string | undefined {
  const { failureRate } = entry;
  const failed = `${percent(failureRate)} of ${entry.requests} calls failed`;
  if (config.failurePercent > 0 && failureRate * 100 >= config.failurePercent) return failed;
  if (failureRate < MIN_FAILURE_RATE) return undefined;
  if (1 - failureRate < limits.success) {
    return `${failed}, success rate below ${percent(limits.success)}`;
  }
  // The mean of n hosts times n may come out a hair above the only rate there is.
  if (failureRate >= limits.multiple - 1e-9) {
    return `${failed}, ${config.rateMultiple} times the average of all hosts`;
  }
  return undefined;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
