import { commandHelp, overviewHelp } from "./args/help.ts";
import type { CommandSpec } from "./args/option-spec.ts";
import { parseCommand } from "./args/parse.ts";
import { commands } from "./commands/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { codeOf, messageOf, UserError } from "./user-error.ts";

/**
 * Runs the `layotto` command.
 *
 * @param argv what follows the name of the program
 * @returns the exit code
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    return report(error);
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === "help" || first === "--help" || first === "-h")
    return await help(argv[1]);
  if (first === "--version" || first === "-v" || first === "version") return showVersion();
  // Flags without a command start, as Layotto does.
  const isFlag = first.startsWith("-");
  const command = find(isFlag ? "start" : first);
  if (command === undefined) return await runOfPackage(first, argv.slice(1));
  const args = parseCommand(command, isFlag ? argv : argv.slice(1));
  if (args.values["help"] === true) return await help(command.name);
  return await command.run(args);
}

function find(name: string): CommandSpec | undefined {
  return commands.find((command) => command.name === name);
}

/** Runs a command that an installed package brings. */
async function runOfPackage(name: string, args: readonly string[]): Promise<number> {
  const { findBrought, runBrought } = await import("./commands/brought.ts");
  return await runBrought(findBrought(name), args);
}

async function help(name: string | undefined): Promise<number> {
  if (name === undefined) {
    const { broughtCommands } = await import("./commands/brought.ts");
    process.stdout.write(overviewHelp(commands, broughtCommands()));
    return ExitCode.ok;
  }
  const command = find(name);
  if (command === undefined) return await runOfPackage(name, ["--help"]);
  process.stdout.write(commandHelp(command));
  return ExitCode.ok;
}

async function showVersion(): Promise<number> {
  const { version } = await import("./version.ts");
  process.stdout.write(`layotto ${version()}, Node.js ${process.version}\n`);
  return ExitCode.ok;
}

/** Faults of the user as plain text, those of this program with their stack. */
function report(error: unknown): number {
  if (error instanceof UserError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  // A system call that the machine refused: what and where is in the message, a stack would not help.
  if (codeOf(error) !== undefined && error instanceof Error && "syscall" in error) {
    process.stderr.write(`Cannot go on: ${messageOf(error)}\n`);
    return ExitCode.unavailable;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`Internal fault of layotto: ${detail}\n`);
  return ExitCode.internal;
}
