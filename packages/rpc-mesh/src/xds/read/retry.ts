import type { HedgePolicy, RetryPolicy } from "@layotto/proto/envoy/config/route/v3/route";
import { defaultRetry } from "../../config/defaults.ts";
import type {
  HedgePolicy as Hedge,
  RetryPolicy as Retry,
  RetryCondition,
} from "../../model/route.ts";
import { type ReadContext, ResourceFault } from "../resource.ts";
import { millis } from "./values.ts";

/** Names of `retry_on` that mean the same here, or the nearest that is no wider. */
const conditions: Readonly<Record<string, RetryCondition>> = {
  "5xx": "5xx",
  "gateway-error": "gateway-error",
  "reset": "reset",
  "reset-before-request": "refused-stream",
  "connect-failure": "connect-failure",
  "refused-stream": "refused-stream",
  "retriable-4xx": "retriable-4xx",
  "envoy-ratelimited": "rate-limited",
  "cancelled": "cancelled",
  "deadline-exceeded": "deadline-exceeded",
  "internal": "internal",
  "resource-exhausted": "resource-exhausted",
  "unavailable": "unavailable",
}; // prettier-ignore

/** The status codes of the policy do the work. */
const byCode = "retriable-status-codes";

/** A policy as a route has it. */
export interface ReadRetry {
  readonly retry: Retry | undefined;
  readonly perTryTimeoutMs: number;
  readonly hedge: Hedge | undefined;
}

/**
 * Reads `retry_policy`. What may have run is still sent again only where a call is idempotent: no management server can
 * know that of a verb.
 *
 * @throws ResourceFault
 */
export function readRetry(
  policy: RetryPolicy | undefined,
  hedge: HedgePolicy | undefined,
  { warn }: ReadContext,
): ReadRetry {
  if (policy === undefined) return { retry: undefined, perTryTimeoutMs: 0, hedge: undefined };
  const names = policy.retryOn.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => name !== "" && name !== byCode && !(name in conditions));
  if (unknown.length > 0) warn(`retry_on ${unknown.join(", ")} is left out`);
  const retries = policy.numRetries ?? 1;
  const perTryTimeoutMs = millis(policy.perTryTimeout) ?? 0;
  const hedged = hedge?.hedgeOnPerTryTimeout === true && perTryTimeoutMs > 0 && retries > 0;
  return {
    retry: {
      ...defaultRetry,
      on: names.flatMap((name) => conditions[name] ?? []),
      statusCodes: names.includes(byCode) ? policy.retriableStatusCodes : [],
      retries,
      ...backOff(policy),
    },
    // A hedged attempt is not given up when its time is over, another one begins.
    perTryTimeoutMs: hedged ? 0 : perTryTimeoutMs,
    hedge: hedged ? { maxAttempts: retries + 1, delayMs: perTryTimeoutMs } : undefined,
  };
}

function backOff({ retryBackOff: given }: RetryPolicy) {
  const { backoffMs: standard, maxBackoffMs } = defaultRetry;
  if (given === undefined) return { backoffMs: standard, maxBackoffMs };
  const backoffMs = millis(given.baseInterval) ?? standard;
  const max = millis(given.maxInterval) ?? backoffMs * 10;
  if (backoffMs <= 0 || max < backoffMs) {
    throw new ResourceFault("retry_back_off must have a base_interval above 0, not above its max");
  }
  return { backoffMs, maxBackoffMs: max };
}
