import type { OwnAnswer, WholeAnswer } from "@layotto/http1";
import type { FaultKind, GuestFault } from "../model/fault.ts";

/** What callers over HTTP get for a fault. */
interface FaultRow {
  readonly status: number;
  readonly reason: string;
}

const failed: FaultRow = { status: 502, reason: "FUNCTION_FAILED" };
const timedOut: FaultRow = { status: 504, reason: "FUNCTION_TIMEOUT" };

const rows: Readonly<Record<FaultKind, FaultRow>> = {
  trap: failed,
  stack: failed,
  fuel: failed,
  exit: failed,
  lost: failed,
  cpu: timedOut,
  timeout: timedOut,
  start: { status: 503, reason: "FUNCTION_NOT_STARTED" },
  overload: { status: 503, reason: "FUNCTION_OVERLOADED" },
  "back-off": { status: 503, reason: "FUNCTION_BACK_OFF" },
  gone: { status: 503, reason: "FUNCTION_GONE" },
};

/** Faults that pass: when to try again is said, s. */
const retryAfter: Partial<Record<FaultKind, number>> = { overload: 1, "back-off": 1, gone: 1 };

const jsonHeaders = ["content-type", "application/json"];

/** The answer to a call that the function did not answer. */
export function faultAnswer(fault: GuestFault): WholeAnswer {
  const { kind, message } = fault;
  const { status, reason } = rows[kind];
  const headers = [...jsonHeaders, "x-layotto-wasm-fault", kind];
  const seconds = retryAfter[kind];
  if (seconds !== undefined) headers.push("retry-after", String(secondsOf(fault) ?? seconds));
  return { status, headers, body: errorBody(reason, message) };
}

/** An answer that no function has part in. */
export function errorAnswer(status: number, reason: string, message: string): WholeAnswer {
  return { status, headers: jsonHeaders, body: errorBody(reason, message) };
}

const ownReasons: Readonly<Record<number, string>> = {
  413: "BODY_TOO_LARGE",
  500: "ANSWER_INVALID",
  503: "TOO_MANY_BODIES",
};

/** An answer of the server below, e.g. when what a function answers cannot be sent. */
export function ownAnswer(status: number, message: string): OwnAnswer {
  const body = errorBody(ownReasons[status] ?? "INTERNAL", message);
  return { status, lines: "content-type: application/json\r\n", body };
}

function errorBody(reason: string, message: string): Buffer {
  return Buffer.from(JSON.stringify({ error: { reason, message } }));
}

/** Whole seconds until a fault that says so is over. */
function secondsOf(fault: GuestFault): number | undefined {
  if (!("retryAfterMs" in fault) || typeof fault.retryAfterMs !== "number") return undefined;
  return Math.max(1, Math.ceil(fault.retryAfterMs / 1000));
}
