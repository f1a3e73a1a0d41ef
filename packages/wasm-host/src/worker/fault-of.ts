import type { GuestFault } from "../model/fault.ts";

/** A fault by what was thrown: guests throw failures that carry one, everything else is a trap. */
export function faultOf(error: unknown): GuestFault {
  if (error instanceof Error && "fault" in error) return error.fault as GuestFault; // GuestFailure
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "trap", message: `trap: ${message}` };
}
