import type { OutlierDetection } from "@layotto/proto/envoy/config/cluster/v3/cluster";
import { defaultOutlier } from "../../config/defaults.ts";
import type { OutlierConfig } from "../../model/cluster.ts";
import { millis } from "./values.ts";

/** Reads `outlier_detection`; without it nothing is ejected. A rule that is never enforced is off. */
export function readOutlier(outlier: OutlierDetection | undefined): OutlierConfig | undefined {
  if (outlier === undefined) return undefined;
  const base = defaultOutlier;
  const ifEnforced = (share: number, value: number) => (share > 0 ? value : 0);
  const baseEjectionMs = millis(outlier.baseEjectionTime) ?? base.baseEjectionMs;
  return {
    consecutiveErrors: ifEnforced(
      outlier.enforcingConsecutive5xx ?? 100,
      outlier.consecutive5xx ?? base.consecutiveErrors,
    ),
    consecutiveGatewayErrors: ifEnforced(
      outlier.enforcingConsecutiveGatewayFailure ?? 0,
      outlier.consecutiveGatewayFailure ?? base.consecutiveGatewayErrors,
    ),
    intervalMs: millis(outlier.interval) ?? base.intervalMs,
    baseEjectionMs,
    maxEjectionMs: Math.max(baseEjectionMs, millis(outlier.maxEjectionTime) ?? base.maxEjectionMs),
    maxEjectionPercent: outlier.maxEjectionPercent ?? base.maxEjectionPercent,
    successRateFactor: ifEnforced(
      outlier.enforcingSuccessRate ?? 100,
      (outlier.successRateStdevFactor ?? base.successRateFactor * 1000) / 1000,
    ),
    failurePercent: ifEnforced(
      outlier.enforcingFailurePercentage ?? 0,
      outlier.failurePercentageThreshold ?? base.failurePercent,
    ),
    rateMultiple: 0,
    minHosts: outlier.successRateMinimumHosts ?? base.minHosts,
    minRequests: outlier.successRateRequestVolume ?? 100,
  };
}
