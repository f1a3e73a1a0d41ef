import { RpcError, backendErrors } from "@layotto/sidecar-kit";
import { ErrorCode, NatsError } from "nats";

/** What the JetStream API says when there is no such stream or consumer: `err_code` of its answers. */
export const apiCodes = {
  consumerNotFound: 10014,
  streamNotFound: 10059,
  streamNameInUse: 10058,
} as const;

/** Whether the JetStream API answered with this `err_code`. */
export function isApiError(error: unknown, code: number): boolean {
  return error instanceof NatsError && error.api_error?.err_code === code;
}

/** What a failure of the client library or of the server means to the caller. */
export function natsError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (!(error instanceof Error))
    return backendErrors.BACKEND_UNAVAILABLE(`Cannot reach nats: ${String(error)}`);
  if (!(error instanceof NatsError)) {
    return backendErrors.BACKEND_UNAVAILABLE(`Cannot reach nats: ${error.message}`);
  }
  if (error.api_error !== undefined) return apiError(error.api_error);
  const { code, message } = error;
  if (code === String(ErrorCode.Timeout)) {
    return backendErrors.BACKEND_TIMEOUT("Cannot finish the call: nats did not answer in time");
  }
  if (code === String(ErrorCode.PermissionsViolation)) {
    return backendErrors.BACKEND_FAILED(`nats refused: ${message}`);
  }
  if (code === String(ErrorCode.MaxPayloadExceeded)) {
    return backendErrors.BACKEND_LIMIT(
      "Cannot publish: the message is larger than max_payload of the server",
    );
  }
  return backendErrors.BACKEND_UNAVAILABLE(`Cannot reach nats: ${message}`);
}

/** An `error` object of JetStream: `code` is in the style of HTTP. */
export function apiError({ code, description }: { code: number; description: string }): RpcError {
  if (code === 503 || code === 504)
    return backendErrors.BACKEND_UNAVAILABLE(`nats answered: ${description}`);
  return backendErrors.BACKEND_FAILED(`nats answered: ${description}`);
}
