import { Status } from "@layotto/grpc-transport";
import { RpcError, defineErrors } from "./errors.ts";

/** Faults of a back end. A capability gives them its own message with {@link withMessage}. */
export const backendErrors = defineErrors("backend", {
  /** The back end cannot be reached or dropped the connection; the call may or may not have been done. */
  BACKEND_UNAVAILABLE: { code: Status.UNAVAILABLE, message: (detail: string) => detail },
  /** The back end did not answer before the caller's deadline or the component's own timeout. */
  BACKEND_TIMEOUT: { code: Status.DEADLINE_EXCEEDED, message: (detail: string) => detail },
  /** A named limit of the component is reached. */
  BACKEND_LIMIT: { code: Status.RESOURCE_EXHAUSTED, message: (detail: string) => detail },
  /** The back end cannot take what the caller sent. */
  BACKEND_REFUSED: { code: Status.INVALID_ARGUMENT, message: (detail: string) => detail },
  /** The data directory is not ours to use; the kit ends the process with exit code 73. */
  DATA_DIR_REFUSED: { code: Status.FAILED_PRECONDITION, message: (detail: string) => detail },
  /** Anything else that went wrong in the back end. */
  BACKEND_FAILED: { code: Status.INTERNAL, message: (detail: string) => detail },
});

/**
 * The same error with the message of the API method around it: code and reason of an `RpcError` stay, anything else
 * becomes INTERNAL (BACKEND_FAILED).
 *
 * @param domain capability that answers
 * @param wrap makes the message from what the store reported
 */
export function withMessage(
  domain: string,
  error: unknown,
  wrap: (cause: string) => string = (cause) => cause,
): RpcError {
  const inner =
    error instanceof RpcError
      ? error
      : backendErrors.BACKEND_FAILED(error instanceof Error ? error.message : String(error));
  return new RpcError({
    domain,
    code: inner.code,
    reason: inner.reason,
    message: wrap(inner.message),
    cause: error,
  });
}
