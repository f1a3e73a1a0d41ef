/** Why the mesh answers by itself. The values are the short flags of access logs, metrics and the header `x-mesh-failure`. */
export const Reason = {
  /** No route matches. */
  NO_ROUTE: "NR",
  /** The route names a cluster that is not there. */
  NO_CLUSTER: "NC",
  /** No host is there, or none is fit. */
  NO_HOST: "UH",
  /** A limit of connections, pending calls, calls or retries. */
  OVERFLOW: "UO",
  /** A concurrency limit, fixed or adaptive. */
  CONCURRENCY: "CL",
  /** A flow rule. */
  RATE_LIMITED: "RL",
  /** The circuit breaker of the route or of all hosts is open. */
  BREAKER_OPEN: "UB",
  /** What is left of the deadline cannot be enough. */
  SHED: "LS",
  /** The connection could not be made. Nothing was sent. */
  CONNECT_FAILURE: "UF",
  /** The host provably did not act on it (REFUSED_STREAM, GOAWAY, closed before a byte of an answer on a reused connection and nothing was flushed). */
  REFUSED: "UX",
  /** The connection broke after the request may have been seen. */
  RESET: "UR",
  /** The host answered something that is no answer. */
  PROTOCOL_ERROR: "UP",
  /** One attempt took too long. */
  PER_TRY_TIMEOUT: "UT",
  /** The call took too long. */
  TIMEOUT: "DT",
  /** A fault was injected. */
  FAULT: "FI",
  /** The body is over the limit. */
  BODY_TOO_LARGE: "PL",
  /** The caller may not come in. */
  DENIED: "AD",
  /** The mesh is shutting down. */
  DRAINING: "SD",
  /** A function that takes part in the call failed, or could not be asked in time. */
  FUNCTION: "FF",
  /** A function gave the answer itself. */
  FUNCTION_ANSWER: "FA",
} as const; // prettier-ignore

export type Reason = (typeof Reason)[keyof typeof Reason];

/** The answer that a function gave. */
export interface FunctionAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Name, value, name, value …. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** gRPC status; −1: none was given. */
  readonly grpcStatus: number;
}

/** An answer of the mesh's own. */
export interface MeshFailure {
  readonly reason: Reason;
  /** For the caller: names what is missing or over its limit. */
  readonly message: string;
  /** HTTP status; other protocols derive theirs with {@link ../call/statuses.ts}. */
  readonly status: number;
  /** {@link Reason.FUNCTION_ANSWER}: protocols that can give it as it is do so. */
  readonly answer?: FunctionAnswer | undefined;
}
