import { backendErrors, type RpcError } from "@layotto/sidecar-kit";

/** First word of an error reply → what it means for the caller. Source: https://redis.io/docs/latest/develop/reference/protocol-spec */
const REPLIES: Readonly<Record<string, (detail: string) => RpcError>> = {
  LOADING: backendErrors.BACKEND_UNAVAILABLE,
  MASTERDOWN: backendErrors.BACKEND_UNAVAILABLE,
  CLUSTERDOWN: backendErrors.BACKEND_UNAVAILABLE,
  TRYAGAIN: backendErrors.BACKEND_UNAVAILABLE,
  READONLY: backendErrors.BACKEND_UNAVAILABLE,
  BUSY: backendErrors.BACKEND_UNAVAILABLE,
  NOREPLICAS: backendErrors.BACKEND_UNAVAILABLE,
  OOM: backendErrors.BACKEND_LIMIT,
  CROSSSLOT: backendErrors.BACKEND_REFUSED,
};

/** Whether Redis itself answered with this error code. */
export function isReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.name === "ReplyError" && codeOf(error) === code;
}

/** What a failed command means: an answer of Redis by its code, anything else is a lost or missing connection. */
export function redisError(error: unknown): Error {
  if (!(error instanceof Error)) return backendErrors.BACKEND_FAILED(String(error));
  if (error.name !== "ReplyError") {
    return backendErrors.BACKEND_UNAVAILABLE(`Cannot reach redis: ${error.message}`);
  }
  return (REPLIES[codeOf(error)] ?? backendErrors.BACKEND_FAILED)(error.message);
}

function codeOf(error: Error): string {
  return error.message.slice(0, error.message.indexOf(" "));
}
