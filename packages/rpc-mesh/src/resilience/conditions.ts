import type { Protocol } from "../model/host.ts";
import type { RetryCondition } from "../model/route.ts";
import { Reason } from "../call/failure.ts";

/** One bit for each {@link RetryCondition}, so that what happened and what is wanted are compared with one `&`. */
export const conditionBits: Readonly<Record<RetryCondition, number>> = {
  "5xx": 1,
  "gateway-error": 2,
  "reset": 4,
  "connect-failure": 8,
  "refused-stream": 16,
  "retriable-4xx": 32,
  "rate-limited": 64,
  "timeout": 128,
  "cancelled": 256,
  "deadline-exceeded": 512,
  "internal": 1024,
  "resource-exhausted": 2048,
  "unavailable": 4096,
}; // prettier-ignore

/** The host says that it did not act: what `refused-stream` asks for. */
export const REFUSED = conditionBits["refused-stream"];

function bits(...conditions: readonly RetryCondition[]): number {
  return conditions.reduce((sum, each) => sum | conditionBits[each], 0);
}

const internal = bits("5xx", "internal");
const unavailable = bits("5xx", "gateway-error", "unavailable");
const timedOut = bits("5xx", "gateway-error", "timeout", "deadline-exceeded");
const disconnected = bits("5xx", "gateway-error", "unavailable", "reset");
const overloaded = bits("rate-limited", "resource-exhausted");

/**
 * What an attempt without an answer counts as, after Envoy's `retry_on`: its `5xx` and `gateway-error` hold for every
 * disconnect, because the caller would be told 503 or 504. What is missing is never sent again: limits, breakers, missing
 * routes and hosts are the mesh's own answers, and after the total timeout nobody waits.
 */
const ofReason = new Map<Reason, number>([
  [Reason.CONNECT_FAILURE, bits("connect-failure", "5xx", "gateway-error", "unavailable")],
  [Reason.REFUSED, bits("refused-stream", "reset", "5xx", "gateway-error", "unavailable")],
  [Reason.RESET, disconnected],
  [Reason.PROTOCOL_ERROR, bits("reset", "5xx", "gateway-error")],
  [Reason.PER_TRY_TIMEOUT, timedOut],
]);

/** HTTP status, with the gRPC code that Layotto gives it where a condition is named after one. */
const ofHttp = new Map<number, number>([
  [408, bits("timeout", "deadline-exceeded")],
  [409, bits("retriable-4xx")],
  [429, overloaded],
  [499, bits("cancelled")],
  [500, internal],
  [502, unavailable],
  [503, unavailable],
  [504, timedOut],
  [509, bits("5xx", "rate-limited", "resource-exhausted")],
]);

/**
 * gRPC codes. `5xx` holds for those that a proxy would show as one. DEADLINE_EXCEEDED is no gateway error: a server says
 * it when the call's own time is over.
 */
const ofGrpc = new Map<number, number>([
  [1, bits("cancelled")],
  [2, bits("5xx")],
  [4, bits("5xx", "timeout", "deadline-exceeded")],
  [8, overloaded],
  [13, internal],
  [14, unavailable],
  [15, bits("5xx")],
]);

/** Bolt statuses (SOFABolt, ResponseStatus); a busy thread pool is a 503 to MOSN and RESOURCE_EXHAUSTED to gRPC. */
const ofBolt = new Map<number, number>([
  [1, internal],
  [2, internal],
  [3, bits("5xx")],
  [4, bits("5xx", "gateway-error") | overloaded],
  [5, disconnected],
  [6, bits("5xx")],
  [7, timedOut],
  [8, disconnected],
  [9, internal],
  [0x10, disconnected],
  [0x11, internal],
  [0x12, internal],
]);

/** Dubbo statuses (Apache Dubbo, Response). Bad requests and missing services stay what they are on any host. */
const ofDubbo = new Map<number, number>([
  [25, internal],
  [30, timedOut],
  [31, timedOut],
  [35, disconnected],
  [50, internal],
  [70, internal],
  [80, internal],
  [90, internal],
  [100, bits("5xx", "gateway-error") | overloaded],
]);

/** The conditions that an attempt without an answer meets; 0: none. */
export function conditionsOfReason(reason: Reason): number {
  return ofReason.get(reason) ?? 0;
}

/** The conditions that an answer meets; 0: none. Codes below 100 on HTTP are gRPC codes. */
export function conditionsOfCode(protocol: Protocol, code: number): number {
  switch (protocol) {
    case "http1":
    case "http2":
      return code < 100 ? (ofGrpc.get(code) ?? 0) : httpConditions(code);
    case "bolt":
    case "boltv2":
      return ofBolt.get(code) ?? 0;
    case "dubbo":
      return ofDubbo.get(code) ?? 0;
  }
}

function httpConditions(status: number): number {
  const listed = ofHttp.get(status);
  if (listed !== undefined) return listed;
  return status >= 500 && status <= 599 ? conditionBits["5xx"] : 0;
}
