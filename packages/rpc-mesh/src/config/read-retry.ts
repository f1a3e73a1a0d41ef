import type { HedgePolicy, RetryCondition, RetryPolicy } from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";
import { defaultRetry } from "./defaults.ts";

const conditions: Readonly<Record<string, RetryCondition>> = {
  "5xx": "5xx",
  "gateway-error": "gateway-error",
  reset: "reset",
  "connect-failure": "connect-failure",
  "refused-stream": "refused-stream",
  "retriable-4xx": "retriable-4xx",
  "rate-limited": "rate-limited",
  "envoy-ratelimited": "rate-limited",
  timeout: "timeout",
  cancelled: "cancelled",
  "deadline-exceeded": "deadline-exceeded",
  internal: "internal",
  "resource-exhausted": "resource-exhausted",
  unavailable: "unavailable",
};

/**
 * Reads `retry_policy`. Without one the default policy holds; `num_retries: 0` switches retries off. `retry_on` is a
 * list of conditions, or as MOSN has it `true` (server errors or the listed status codes, broken connections, attempts
 * that take too long) or `false` (only what could not be sent).
 */
export function readRetry(node: ConfigNode | undefined): RetryPolicy | undefined {
  if (node === undefined) return defaultRetry;
  const retries = node.integer("num_retries", { max: 100 }) ?? defaultRetry.retries;
  const backOff = node.child("back_off");
  const backoffMs = backOff?.duration("base") ?? defaultRetry.backoffMs;
  const statusCodes = readCodes(node);
  const policy: RetryPolicy = {
    on: readConditions(node, statusCodes.length > 0),
    statusCodes,
    retries,
    backoffMs,
    maxBackoffMs: backOff?.duration("max") ?? Math.max(10 * backoffMs, defaultRetry.backoffMs),
    nonIdempotent: node.flag("non_idempotent") ?? false,
    avoidTriedHosts: node.flag("avoid_tried_hosts") ?? true,
  };
  if (policy.maxBackoffMs < backoffMs) backOff?.fault("max", "must not be below base");
  return retries === 0 ? undefined : policy;
}

function readConditions(node: ConfigNode, hasCodes: boolean): readonly RetryCondition[] {
  const value = node.raw("retry_on");
  if (value === undefined) return defaultRetry.on;
  if (value === false) return ["connect-failure", "refused-stream"];
  if (value === true) {
    const rest: RetryCondition[] = ["connect-failure", "refused-stream", "reset", "timeout"];
    return hasCodes ? rest : ["5xx", ...rest];
  }
  const words = (typeof value === "string" ? value.split(",") : node.texts("retry_on")).map((each) => each.trim()); // prettier-ignore
  return words.flatMap((word) => {
    const known = Object.hasOwn(conditions, word) ? conditions[word] : undefined;
    if (known !== undefined) return [known];
    node.fault(
      "retry_on",
      `"${word}" is no condition: there are ${Object.keys(conditions).join(", ")}`,
    );
    return [];
  });
}

function readCodes(node: ConfigNode): number[] {
  const value = node.raw("status_codes");
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((each) => Number.isSafeInteger(each))) {
    return value as number[]; // just checked
  }
  node.fault("status_codes", "must be a list of whole numbers");
  return [];
}

/** Reads the time that one attempt may take, ms; 0: none. As with MOSN it is off when it is not below that of all. */
export function readPerTryTimeout(
  node: ConfigNode | undefined,
  timeoutMs: number | undefined,
): number {
  const ms = node?.duration("per_try_timeout") ?? node?.duration("retry_timeout") ?? 0;
  return timeoutMs !== undefined && timeoutMs > 0 && ms >= timeoutMs ? 0 : ms;
}

/** Reads `hedge_policy`. */
export function readHedge(node: ConfigNode | undefined): HedgePolicy | undefined {
  if (node === undefined) return undefined;
  const delayMs = node.duration("delay");
  if (delayMs === undefined && !node.has("delay")) node.fault("delay", "is missing");
  return {
    maxAttempts: node.integer("max_attempts", { min: 2, max: 10 }) ?? 2,
    delayMs: delayMs ?? 0,
  };
}
