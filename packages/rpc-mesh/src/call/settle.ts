import { recordLatency } from "../balancing/peak-ewma.ts";
import type { Host } from "../cluster/host.ts";
import type { Attempt } from "./attempt.ts";
import type { ClusterState } from "./cluster-state.ts";
import { Reason } from "./failure.ts";
import { Grade } from "./verdict.ts";

/** What a failed attempt counts as for balancers that go by latency, at least. */
const FAILURE_RTT_MS = 1000;

/**
 * Accounts for what came of an attempt: host, ejection, breaker, balancing. Once per attempt.
 *
 * @param now monotonic ms
 */
export function settle(
  attempt: Attempt,
  how: Grade | Reason,
  state: ClusterState | undefined,
  now: number,
): void {
  if (attempt.settled) return;
  attempt.settled = true;
  attempt.timer?.cancel();
  const { host, cluster } = attempt;
  const ok = how === Grade.SUCCESS || how === Grade.CLIENT_ERROR;
  const ms = attempt.headMs > 0 ? attempt.headMs : now - attempt.startedAt;
  countTotals(host, how);
  if (ok) state?.floor.record(ms);
  if (!isLocal(how)) {
    // A host that fails at once must not look fast.
    const counted = ok ? ms : Math.max(ms, FAILURE_RTT_MS);
    recordLatency(host, counted, cluster.config.balancer.decayMs, now);
    state?.outlier?.record(host, outlierKind(how));
  }
  if (how === Grade.OVERLOAD || isLocal(how)) host.breaker?.cancel();
  else host.breaker?.record(ok, ms);
}

/** Whether the mesh itself is the reason: then the host is not to blame. */
export function isLocal(how: Grade | Reason): boolean {
  return (
    how === Reason.OVERFLOW ||
    how === Reason.BODY_TOO_LARGE ||
    how === Reason.DRAINING ||
    how === Reason.REFUSED ||
    how === Reason.FUNCTION ||
    how === Reason.FUNCTION_ANSWER
  );
}

function countTotals({ totals }: Host, how: Grade | Reason): void {
  if (how === Grade.SUCCESS) totals.success++;
  else if (how === Grade.CLIENT_ERROR) totals.clientError++;
  else if (typeof how === "number") totals.serverError++;
  else if (how === Reason.TIMEOUT || how === Reason.PER_TRY_TIMEOUT) totals.timeouts++;
  else totals.failed++;
}

function outlierKind(how: Grade | Reason): Grade | "failed" | "connect-failed" | "timeout" {
  if (typeof how === "number") return how;
  if (how === Reason.CONNECT_FAILURE) return "connect-failed";
  return how === Reason.TIMEOUT || how === Reason.PER_TRY_TIMEOUT ? "timeout" : "failed";
}
