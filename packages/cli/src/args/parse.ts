import { parseArgs } from "node:util";
import { ExitCode } from "../exit-codes.ts";
import { codeOf, messageOf, UserError } from "../user-error.ts";
import type { CommandArguments, CommandSpec, OptionSpec } from "./option-spec.ts";

/** Layotto's flags of two letters, which no parser takes for one flag. */
const aliases: Readonly<Record<string, string>> = {
  "-ll": "--logging-level",
  "-lp": "--logging-path",
};

/**
 * Reads what follows the name of a command.
 *
 * @throws {UserError} on an unknown flag, a missing value, or too few or many operands
 */
export function parseCommand(command: CommandSpec, argv: readonly string[]): CommandArguments {
  const options = [...command.options, helpOption];
  const args = argv.map((word) => aliases[word] ?? word);
  try {
    const { values, positionals } = parseArgs({
      args,
      options: Object.fromEntries(options.map((option) => [option.name, toNode(option)])),
      allowPositionals: true,
      strict: true,
    });
    checkArity(command, positionals, values["help"] === true);
    return { values: values as CommandArguments["values"], positionals };
  } catch (error) {
    if (codeOf(error)?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
    throw usageError(command, messageOf(error).split(". ")[0] ?? "");
  }
}

/** The flag that every command has. */
export const helpOption: OptionSpec = { name: "help", short: "h", help: "show this help" };

function toNode(option: OptionSpec): {
  type: "string" | "boolean";
  short?: string;
  multiple?: boolean;
} {
  return {
    type: option.value === undefined ? "boolean" : "string",
    ...(option.short === undefined ? {} : { short: option.short }),
    ...(option.multiple === true ? { multiple: true } : {}),
  };
}

function checkArity(command: CommandSpec, positionals: readonly string[], isHelp: boolean): void {
  const [fewest, most] = command.arity;
  if (isHelp || (positionals.length >= fewest && positionals.length <= most)) return;
  const extra = positionals[most];
  throw usageError(
    command,
    extra === undefined ? `${command.operands} is missing` : `"${extra}" is one operand too many`,
  );
}

function usageError(command: CommandSpec, reason: string): UserError {
  return new UserError(
    `Cannot run "layotto ${command.name}": ${reason.replace(/^Unknown/, "unknown")}\n` +
      `See "layotto ${command.name} --help"`,
    ExitCode.usage,
  );
}
