import { Status, type StatusCode } from "@layotto/grpc-transport";
import { Reason, type FunctionAnswer, type MeshFailure } from "./failure.ts";

/** What one reason is in every protocol. */
interface Statuses {
  readonly http: number;
  readonly grpc: StatusCode;
  /** Bolt response status (SOFABolt, ResponseStatus). */
  readonly bolt: number;
  /** Dubbo response status (Apache Dubbo, Response). */
  readonly dubbo: number;
}

const BoltStatus = { SERVER_EXCEPTION: 2, BUSY: 4, COMM: 5, NO_PROCESSOR: 6, TIMEOUT: 7 } as const;
const DubboStatus = { TIMEOUT: 31, INACTIVE: 35, BAD_REQUEST: 40, NOT_FOUND: 60, ERROR: 80, BUSY: 100 } as const; // prettier-ignore

const missing = { http: 503, grpc: Status.UNAVAILABLE, bolt: BoltStatus.NO_PROCESSOR, dubbo: DubboStatus.NOT_FOUND }; // prettier-ignore
const busy = { http: 503, grpc: Status.RESOURCE_EXHAUSTED, bolt: BoltStatus.BUSY, dubbo: DubboStatus.BUSY }; // prettier-ignore
const away = {
  http: 503,
  grpc: Status.UNAVAILABLE,
  bolt: BoltStatus.BUSY,
  dubbo: DubboStatus.BUSY,
};
const lost = { http: 502, grpc: Status.UNAVAILABLE, bolt: BoltStatus.COMM, dubbo: DubboStatus.INACTIVE }; // prettier-ignore
const late = { http: 504, grpc: Status.DEADLINE_EXCEEDED, bolt: BoltStatus.TIMEOUT, dubbo: DubboStatus.TIMEOUT }; // prettier-ignore

const table: Readonly<Record<Reason, Statuses>> = {
  [Reason.NO_ROUTE]: { ...missing, http: 404, grpc: Status.NOT_FOUND },
  [Reason.NO_CLUSTER]: missing,
  [Reason.NO_HOST]: { ...missing, bolt: BoltStatus.COMM },
  [Reason.OVERFLOW]: busy,
  [Reason.CONCURRENCY]: busy,
  [Reason.RATE_LIMITED]: { ...busy, http: 429 },
  [Reason.BREAKER_OPEN]: away,
  [Reason.SHED]: late,
  [Reason.CONNECT_FAILURE]: { ...lost, http: 503 },
  [Reason.REFUSED]: away,
  [Reason.RESET]: lost,
  [Reason.PROTOCOL_ERROR]: { ...lost, grpc: Status.INTERNAL },
  [Reason.PER_TRY_TIMEOUT]: late,
  [Reason.TIMEOUT]: late,
  [Reason.FAULT]: { ...missing, bolt: BoltStatus.SERVER_EXCEPTION, dubbo: DubboStatus.ERROR },
  [Reason.BODY_TOO_LARGE]: { http: 413, grpc: Status.RESOURCE_EXHAUSTED, bolt: BoltStatus.SERVER_EXCEPTION, dubbo: DubboStatus.BAD_REQUEST }, // prettier-ignore
  [Reason.DENIED]: { http: 403, grpc: Status.PERMISSION_DENIED, bolt: BoltStatus.SERVER_EXCEPTION, dubbo: DubboStatus.BAD_REQUEST }, // prettier-ignore
  [Reason.DRAINING]: away,
  [Reason.FUNCTION]: away,
  [Reason.FUNCTION_ANSWER]: { http: 403, grpc: Status.PERMISSION_DENIED, bolt: BoltStatus.SERVER_EXCEPTION, dubbo: DubboStatus.ERROR }, // prettier-ignore
};

/** A failure with the usual HTTP status of its reason. */
export function meshFailure(reason: Reason, message: string): MeshFailure {
  return { reason, message, status: table[reason].http };
}

/** gRPC code of a failure; an injected fault has that of its HTTP status, a function says its own. */
export function grpcOf(failure: MeshFailure): StatusCode {
  const { reason, status, answer } = failure;
  if (reason === Reason.FAULT) return httpToGrpc(status);
  if (answer === undefined) return table[reason].grpc;
  const own = answer.grpcStatus;
  return own > Status.OK && own <= Status.UNAUTHENTICATED
    ? (own as StatusCode)
    : httpToGrpc(status); // in range
}

/** The failure that stands for the answer of a function. @param details of the function, for logs and for other protocols */
export function functionAnswer(answer: FunctionAnswer, details: string): MeshFailure {
  const message = details === "" ? "a function has answered instead of the service" : details;
  return { reason: Reason.FUNCTION_ANSWER, message, status: answer.status, answer };
}

/** Bolt response status of a failure. */
export function boltOf(failure: MeshFailure): number {
  return table[failure.reason].bolt;
}

/** Dubbo response status of a failure. */
export function dubboOf(failure: MeshFailure): number {
  return table[failure.reason].dubbo;
}

const fromHttp = new Map<number, StatusCode>([
  [400, Status.INVALID_ARGUMENT],
  [401, Status.UNAUTHENTICATED],
  [403, Status.PERMISSION_DENIED],
  [404, Status.NOT_FOUND],
  [408, Status.DEADLINE_EXCEEDED],
  [409, Status.ABORTED],
  [413, Status.RESOURCE_EXHAUSTED],
  [429, Status.RESOURCE_EXHAUSTED],
  [499, Status.CANCELLED],
  [501, Status.UNIMPLEMENTED],
  [502, Status.UNAVAILABLE],
  [503, Status.UNAVAILABLE],
  [504, Status.DEADLINE_EXCEEDED],
  [509, Status.RESOURCE_EXHAUSTED],
]);

/**
 * gRPC code of an HTTP status other than 2xx: what a caller of InvokeService gets. Finer than Layotto, which says
 * UNAVAILABLE for all, and than gRPC's own table, which is for proxies that get in the way.
 */
export function httpToGrpc(status: number): StatusCode {
  return fromHttp.get(status) ?? (status >= 500 ? Status.INTERNAL : Status.UNKNOWN);
}
