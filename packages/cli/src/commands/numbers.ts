import { ExitCode } from "../exit-codes.ts";
import { UserError } from "../user-error.ts";

/** Longest duration that a flag may name, in milliseconds: a day. */
const maxMs = 86_400_000;

/**
 * Reads a flag that is a duration in milliseconds.
 *
 * @throws {UserError} when it is no whole number between 0 and a day
 */
export function milliseconds(flag: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= maxMs) return number;
  throw new UserError(
    `Cannot use --${flag} "${value}": must be milliseconds from 0 to ${maxMs}`,
    ExitCode.usage,
  );
}
