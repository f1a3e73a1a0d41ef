import { ExitCode } from "./exit-codes.ts";

/** A fault that the user can mend: printed as it is, without a stack trace, and turned into an exit code. */
export class UserError extends Error {
  readonly exitCode: number;

  /**
   * @param message one or more lines: what failed, a colon, the present state; the cure on a line of its own
   * @param exitCode code that the command exits with
   */
  constructor(message: string, exitCode: number = ExitCode.failure) {
    super(message);
    this.name = "UserError";
    this.exitCode = exitCode;
  }
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`"ENOENT"`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
