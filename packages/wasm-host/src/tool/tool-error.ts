/** Exit codes, the same as of the `layotto` command. */
export const ExitCode = {
  ok: 0,
  /** What was asked failed: a module that would be refused, a call that failed. */
  failure: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** Something needed is not there. */
  unavailable: 69,
  /** A fault of this program. */
  internal: 70,
} as const;

/** A fault that the user can mend: one line, with the cure. */
export class ToolError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = ExitCode.failure) {
    super(message);
    this.name = "ToolError";
    this.exitCode = exitCode;
  }
}

/** The command line is wrong. @param command e.g. `inspect` */
export function usageError(command: string, what: string): ToolError {
  const name = command === "" ? "layotto wasm" : `layotto wasm ${command}`;
  return new ToolError(`Cannot run "${name}": ${what}; see "layotto wasm --help"`, ExitCode.usage);
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error, e.g. `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
