import { parseArgs, type ParseArgsConfig } from "node:util";
import { codeOf, messageOf, usageError } from "./tool-error.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What was read: values of options by name, and the other words. */
export type Arguments<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>
>;

/**
 * Reads what follows the name of a command.
 *
 * @param operands names of the words that are no options, for messages
 * @throws ToolError
 */
export function readArguments<const T extends Options>(
  command: string,
  argv: readonly string[],
  options: T,
  operands: readonly string[],
): Arguments<T> {
  try {
    const found = parseArgs({ args: [...argv], options, allowPositionals: true });
    checkOperands(command, found.positionals, operands);
    return found;
  } catch (error) {
    if (codeOf(error)?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
    const [first = ""] = messageOf(error).split(". ");
    throw usageError(command, first.replace(/^Unknown/u, "unknown"));
  }
}

function checkOperands(
  command: string,
  positionals: readonly string[],
  operands: readonly string[],
): void {
  const missing = operands[positionals.length];
  if (missing !== undefined) throw usageError(command, `${missing} is missing`);
  const extra = positionals[operands.length];
  if (extra !== undefined) throw usageError(command, `"${extra}" is one word too many`);
}
