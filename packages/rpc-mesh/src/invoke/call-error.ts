import { RpcError, Status, type StatusCode } from "@layotto/sidecar-kit";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { grpcOf } from "../call/statuses.ts";

/** The error of a call that failed at the service. */
export function serviceError(
  code: StatusCode,
  reason: string,
  message: string,
  metadata: Record<string, string> = {},
): RpcError {
  return new RpcError({ domain: "rpc", code, reason, message, metadata });
}

/** The error of a call that the mesh could not finish; the flag of its reason goes along. */
export function failureError(failure: MeshFailure, flat: boolean): RpcError {
  const code = flat ? flatCode(failure) : grpcOf(failure);
  return new RpcError({
    domain: "rpc",
    code,
    reason: reasonNames[failure.reason],
    message: failure.message,
    metadata: { flag: failure.reason },
  });
}

/** Layotto knows timeouts, what cannot be reached, and the rest. */
function flatCode(failure: MeshFailure): StatusCode {
  const code = grpcOf(failure);
  return code === Status.DEADLINE_EXCEEDED || code === Status.INTERNAL ? code : Status.UNAVAILABLE;
}

const reasonNames: Readonly<Record<Reason, string>> = Object.fromEntries(
  Object.entries(Reason).map(([name, flag]) => [flag, name]),
) as Record<Reason, string>; // every flag has a name
