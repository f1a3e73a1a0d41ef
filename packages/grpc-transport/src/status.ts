/**
 * gRPC status codes.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
 */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** A gRPC status code, 0 to 16. */
export type StatusCode = (typeof Status)[keyof typeof Status];

const names = Object.keys(Status);

/** Returns the name of a status code, e.g. `"NOT_FOUND"`; `"CODE_<n>"` for a number outside 0 to 16. */
export function statusName(code: number): string {
  return names[code] ?? `CODE_${code}`;
}
