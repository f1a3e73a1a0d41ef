import { RpcError, Status, type StatusCode } from "@layotto/sidecar-kit";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { grpcOf } from "../call/statuses.ts";
import { valueOf } from "../call/changed-request.ts";
import type { OnReply } from "./channel.ts";

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

/** What the caller gets when the mesh, or a function in it, has ended the call: an error, or the function's reply. */
export function failureOutcome(failure: MeshFailure, flat: boolean): Parameters<OnReply> {
  const { answer } = failure;
  if (answer === undefined || answer.status >= 300 || answer.grpcStatus > 0) {
    return [failureError(failure, flat), undefined];
  }
  const contentType = valueOf(answer.headers, "content-type") ?? "";
  return [undefined, { data: answer.body, contentType, headers: pairs(answer.headers) }];
}

function pairs(lines: readonly string[]): (readonly [string, string])[] {
  const count = Math.floor(lines.length / 2);
  return Array.from({ length: count }, (_, i) => [lines[2 * i] ?? "", lines[2 * i + 1] ?? ""]);
}

/** Layotto knows timeouts, what cannot be reached, and the rest. */
function flatCode(failure: MeshFailure): StatusCode {
  const code = grpcOf(failure);
  return code === Status.DEADLINE_EXCEEDED || code === Status.INTERNAL ? code : Status.UNAVAILABLE;
}

const reasonNames: Readonly<Record<Reason, string>> = Object.fromEntries(
  Object.entries(Reason).map(([name, flag]) => [flag, name]),
) as Record<Reason, string>; // every flag has a name
