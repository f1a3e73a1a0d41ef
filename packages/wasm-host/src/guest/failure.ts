import { GuestAbort, GuestExit, notNow } from "../abi/ending.ts";
import type { FaultKind, GuestFault } from "../model/fault.ts";

/** A guest that could not be started. */
export class GuestFailure extends Error {
  readonly fault: GuestFault;

  constructor(fault: GuestFault, options?: ErrorOptions) {
    super(fault.message, options);
    this.name = "GuestFailure";
    this.fault = fault;
  }
}

/** What was thrown out of a guest, in one line. `where` is the export that ran; `empty`: its fuel is used up. */
export function faultOfGuest(error: unknown, where: string, empty: boolean): GuestFault {
  if (error instanceof GuestFailure) return error.fault;
  if (error instanceof GuestExit) return made("exit", `exit code ${error.code} in ${where}`);
  if (error instanceof GuestAbort) return made("trap", `trap in ${where}: ${error.message}`);
  if (isStackOverflow(error)) return made("stack", `stack overflow in ${where}`);
  if (error instanceof WebAssembly.RuntimeError) {
    if (empty) return made("fuel", `out of fuel in ${where}`);
    return made("trap", `trap in ${where}: ${error.message}`);
  }
  if (error instanceof Error && error.constructor.name === "SuspendError")
    return made("trap", `trap in ${where}: ${notNow}`);
  // Exceptions of the guest's language, and what the host itself threw.
  const message = error instanceof Error ? error.message : "an exception that nobody caught";
  return made("trap", `failure in ${where}: ${message}`);
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

function made(kind: FaultKind, message: string): GuestFault {
  return { kind, message: message.replaceAll(/[\r\n]+/gu, " ").slice(0, 500) };
}
