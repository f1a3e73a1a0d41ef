import { RpcError, backendErrors } from "@layotto/sidecar-kit";
import { ErrorWithReasonCode, ReasonCodes } from "mqtt";

/** Reason codes of MQTT 5 that something of ours asks for [MQTT-2.4]. */
export const REASON = {
  sessionTakenOver: 0x8e,
} as const;

/** Reason code → what it means for the caller; those not listed are failures of the broker. */
const MEANINGS: Readonly<Record<number, (detail: string) => RpcError>> = {
  0x88: backendErrors.BACKEND_UNAVAILABLE, // server unavailable
  0x89: backendErrors.BACKEND_UNAVAILABLE, // server busy
  0x8b: backendErrors.BACKEND_UNAVAILABLE, // server shutting down
  0x90: backendErrors.BACKEND_REFUSED, // topic name invalid
  0x95: backendErrors.BACKEND_LIMIT, // packet too large
  0x96: backendErrors.BACKEND_LIMIT, // message rate too high
  0x97: backendErrors.BACKEND_LIMIT, // quota exceeded
  0x99: backendErrors.BACKEND_REFUSED, // payload format invalid
};

/** What a failed connection means. */
export function connectError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return backendErrors.BACKEND_UNAVAILABLE(`Cannot reach mqtt: ${textOf(error)}`);
}

/** What it means that the broker answered with a failure, or not at all. */
export function answerError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  const code = codeOf(error);
  if (code === undefined) return connectError(error);
  const text = `mqtt answered: ${reasonText(code)}`;
  return (MEANINGS[code] ?? backendErrors.BACKEND_FAILED)(text);
}

/** Text of a reason code, e.g. `Quota exceeded (0x97)`. */
export function reasonText(code: number): string {
  const texts: Readonly<Record<number, string>> = ReasonCodes;
  return `${texts[code] ?? "unknown reason"} (0x${code.toString(16)})`;
}

function codeOf(error: unknown): number | undefined {
  if (error instanceof ErrorWithReasonCode && typeof error.code === "number") return error.code;
  return undefined;
}

function textOf(error: unknown): string {
  // Of several addresses that failed, Node says it in the parts only.
  if (error instanceof AggregateError) return error.errors.map(textOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
