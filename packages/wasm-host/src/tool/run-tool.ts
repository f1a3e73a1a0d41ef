import { WasmError } from "../errors.ts";
import { help } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { ExitCode, messageOf, ToolError, usageError } from "./tool-error.ts";

type Command = (argv: readonly string[], terminal: Terminal) => Promise<number>;

/** Code is loaded only for the command that runs. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  inspect: async () => (await import("./inspect/inspect-command.ts")).inspectCommand,
  run: async () => (await import("./run/run-command.ts")).runCommand,
  new: async () => (await import("./new/new-command.ts")).newCommand,
};

/**
 * Runs `layotto wasm`.
 *
 * @param argv what follows it
 * @returns the exit code
 */
export async function runTool(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(argv, terminal);
  } catch (error) {
    return report(error, terminal);
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv;
  if (
    name === undefined ||
    name === "help" ||
    argv.some((word) => word === "--help" || word === "-h")
  ) {
    terminal.out(help);
    return ExitCode.ok;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined)
    throw usageError(
      "",
      `"${name}" is no command of it, there are ${Object.keys(commands).join(", ")}`,
    );
  return await (
    await command()
  )(rest, terminal);
}

/** Faults of the user in one line, those of this program with their stack. */
function report(error: unknown, terminal: Terminal): number {
  if (error instanceof ToolError) {
    terminal.err(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof WasmError) {
    terminal.err(`Cannot use the module: ${error.message}\n`);
    return ExitCode.failure;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  terminal.err(`Internal fault of layotto wasm: ${detail}\n`);
  return ExitCode.internal;
}
