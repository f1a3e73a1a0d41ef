import type { Random } from "../clock.ts";
import { Reason } from "../call/failure.ts";
import type { Verdict } from "../call/verdict.ts";
import type { Protocol } from "../model/host.ts";
import type { RetryPolicy } from "../model/route.ts";
import { conditionBits, conditionsOfCode, conditionsOfReason, REFUSED } from "./conditions.ts";

/** A retry policy made ready: whether an attempt may be sent again, and after what time. Counts no retries. */
export interface RetryRules {
  /** After an attempt without an answer. */
  allowsFailure(reason: Reason, idempotent: boolean): boolean;
  /** After an answer; a host that asks for no retries (negative `retryAfterMs`) gets none. */
  allowsVerdict(verdict: Verdict, protocol: Protocol, idempotent: boolean): boolean;
  /**
   * Pause before retry 1, 2 …, whole ms: evenly spread over [0, min((2^n − 1) × backoffMs, maxBackoffMs)), Envoy's
   * fully jittered back-off.
   */
  backoffMs(retry: number, random: Random): number;
}

/** Makes a policy ready. What may have run is sent again only if the call is idempotent or the policy says so. */
export function compileRetry(policy: RetryPolicy): RetryRules {
  const wanted = policy.on.reduce((sum, each) => sum | conditionBits[each], 0);
  const codes = new Set(policy.statusCodes);
  return {
    allowsFailure(reason, idempotent) {
      if ((conditionsOfReason(reason) & wanted) === 0) return false;
      const unprocessed = reason === Reason.CONNECT_FAILURE || reason === Reason.REFUSED;
      return unprocessed || idempotent || policy.nonIdempotent;
    },
    allowsVerdict(verdict, protocol, idempotent) {
      if (verdict.retryAfterMs !== undefined && verdict.retryAfterMs < 0) return false;
      const refused = verdict.unprocessed ? REFUSED : 0;
      const met = conditionsOfCode(protocol, verdict.code) | refused;
      if ((met & wanted) === 0 && !codes.has(verdict.code)) return false;
      return verdict.unprocessed || idempotent || policy.nonIdempotent;
    },
    backoffMs(retry, random) {
      const bound = Math.min((2 ** retry - 1) * policy.backoffMs, policy.maxBackoffMs);
      return Math.floor(random() * bound);
    },
  };
}
