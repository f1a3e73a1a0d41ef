import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { GrpcError, Metadata, Status, type StatusCode } from "@layotto/grpc-transport";
import { ErrorInfoSchema } from "@layotto/proto/google/rpc/error_details";
import { StatusSchema } from "@layotto/proto/google/rpc/status";
import { RpcError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { redactSecrets } from "../secrets.ts";

/**
 * The one converter from whatever was thrown to what the caller receives:
 *
 * - {@link RpcError}: its code and message; reason, domain and metadata as `google.rpc.ErrorInfo` in
 *   `grpc-status-details-bin`
 * - `GrpcError`: as it is
 * - an aborted signal: CANCELLED or DEADLINE_EXCEEDED
 * - a back end that cannot be reached (errno of a socket, ioredis): UNAVAILABLE
 * - anything else: INTERNAL `internal error`; the cause is logged here and never sent
 */
export function toGrpcError(error: unknown, logger: Logger): GrpcError {
  if (error instanceof GrpcError) return error;
  if (error instanceof RpcError) return fromRpcError(error, logger);
  const abort = abortCode(error);
  if (abort !== undefined) return new GrpcError(abort, abortMessage(abort), { cause: error });
  const unreachable = connectionFault(error);
  if (unreachable !== undefined) {
    logger.warn({ err: error }, "back end cannot be reached");
    const text = `back end is not available: ${redactSecrets(unreachable)}`;
    const reason = "BACK_END_UNAVAILABLE";
    return fromRpcError(
      new RpcError({ code: Status.UNAVAILABLE, reason, message: text, cause: error }),
      undefined,
    );
  }
  logger.error({ err: error }, "unexpected error in a handler");
  return new GrpcError(Status.INTERNAL, "internal error", { cause: error });
}

/** The error for a request that is no protobuf message of its type. */
export function unparsableRequest(cause: unknown): GrpcError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = Status.INVALID_ARGUMENT;
  return fromRpcError(
    new RpcError({ code, reason: "UNPARSABLE_REQUEST", message, cause }),
    undefined,
  );
}

function fromRpcError(error: RpcError, logger: Logger | undefined): GrpcError {
  if (error.code === Status.INTERNAL && error.cause !== undefined) {
    logger?.error({ err: error.cause, reason: error.reason }, "call failed in the back end");
  }
  const { code, message, reason, domain, metadata } = error;
  const info = create(ErrorInfoSchema, { reason, domain, metadata: { ...metadata } });
  const details = [anyPack(ErrorInfoSchema, info)];
  const statusDetails = toBinary(StatusSchema, create(StatusSchema, { code, message, details }));
  return new GrpcError(code, message, { statusDetails, cause: error, metadata: new Metadata() });
}

/** Looks for an abort in the error, its `reason` and its causes. */
function abortCode(error: unknown): StatusCode | undefined {
  for (const each of causes(error)) {
    if (each instanceof GrpcError) {
      if (each.code === Status.CANCELLED || each.code === Status.DEADLINE_EXCEEDED)
        return each.code;
    } else if (each.name === "TimeoutError") return Status.DEADLINE_EXCEEDED;
    else if (each.name === "AbortError") return Status.CANCELLED;
  }
  return undefined;
}

function abortMessage(code: StatusCode): string {
  return code === Status.CANCELLED ? "call was cancelled" : "deadline exceeded";
}

const connectionErrnos = new Set([
  "ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ENOTCONN", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN",
  "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "ENOENT_SOCKET", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_SOCKET",
  "CONNECTION_CLOSED", "NR_CLOSED",
]); // prettier-ignore

/** Errors of ioredis that say "no connection"; it gives them names or fixed texts but no code. */
const connectionNames = new Set(["MaxRetriesPerRequestError", "ClusterAllFailedError"]);
const connectionTexts = [
  "Connection is closed",
  "Stream isn't writeable",
  "Command timed out",
  "All sentinels are unreachable",
];

/** Returns what is wrong with the connection, or undefined when the error is of another kind. */
function connectionFault(error: unknown): string | undefined {
  for (const each of causes(error)) {
    const code: unknown = Reflect.get(each, "code");
    if (typeof code === "string" && connectionErrnos.has(code)) return each.message || code;
    if (connectionNames.has(each.name)) return each.message;
    if (connectionTexts.some((text) => each.message.startsWith(text))) return each.message;
  }
  return undefined;
}

/** The error and what caused it, also the parts of an AggregateError; at most 8, so that a cycle ends. */
function causes(error: unknown): Error[] {
  const found: Error[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && found.length < 8) {
    const next = queue.shift();
    if (!(next instanceof Error)) continue;
    found.push(next);
    queue.push(next.cause);
    if (next instanceof AggregateError) queue.push(...next.errors);
  }
  return found;
}
