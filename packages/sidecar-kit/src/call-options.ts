/**
 * What every call of a component carries. A `ServerCall` of grpc-transport is one as it stands, so the hot path makes
 * no object for it; read `signal` only when it is needed, since it is made on first use.
 */
export interface CallOptions {
  /** Aborted when the caller cancels or its deadline passes. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, in milliseconds since the epoch; `undefined` = it never does. */
  readonly deadlineMs: number | undefined;
}
