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

/** Largest number of things that a flag may name. */
const maxCount = 1_000_000;

/**
 * Reads a flag that is a number of things.
 *
 * @throws {UserError} when it is no whole number between 1 and a million
 */
export function count(flag: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= maxCount) return number;
  throw new UserError(
    `Cannot use --${flag} "${value}": must be a whole number from 1 to ${maxCount}`,
    ExitCode.usage,
  );
}
