/** How an answer counts: for breakers, ejection, balancing and retries. */
export const Grade = {
  SUCCESS: 0,
  /** The caller's mistake (4xx): says nothing about the host. */
  CLIENT_ERROR: 1,
  /** The host failed (500 …). */
  SERVER_ERROR: 2,
  /** The host or what is behind it is not there (502, 503, 504, UNAVAILABLE). */
  GATEWAY_ERROR: 3,
  /** The host has too much to do (429, RESOURCE_EXHAUSTED, thread pool exhausted): no reason to eject it. */
  OVERLOAD: 4,
} as const;

export type Grade = (typeof Grade)[keyof typeof Grade];

/** What an answer says, protocol aside. */
export interface Verdict {
  readonly grade: Grade;
  /** Status in the protocol's own numbers: HTTP status, gRPC code, bolt or dubbo status. */
  readonly code: number;
  /** Whether the host says that it did not act on the request. */
  readonly unprocessed: boolean;
  /** The host asks to wait before a retry (Retry-After, grpc-retry-pushback-ms), ms; negative: do not retry. */
  readonly retryAfterMs: number | undefined;
}
