/** What a call of the host came to. */
export const enum Status {
  Ok = 0,
  NotFound = 1,
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  InvalidMemoryAccess = 6,
  Empty = 7,
  CasMismatch = 8,
  /** The API failed, the deadline has passed, or the function lacks a capability; the host's log says which. */
  InternalFailure = 10,
  Unimplemented = 12,
}

let last: Status = Status.Ok;

/** Status of the latest call of the host: the reason when a function here returned null, false or −1. */
export function lastStatus(): Status {
  return last;
}

/** Notes a status; true: OK. */
export function ok(status: u32): bool {
  last = <Status>status;
  return last === Status.Ok;
}
