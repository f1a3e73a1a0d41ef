import { helpOption } from "./parse.ts";
import type { CommandSpec, OptionSpec } from "./option-spec.ts";

/** The text of `layotto --help`. */
export function overviewHelp(commands: readonly CommandSpec[]): string {
  const rows = commands.map((c): [string, string] => [`${c.name} ${c.operands}`.trim(), c.summary]);
  return [
    "layotto: an application runtime as micro-sidecars",
    "",
    "Usage: layotto <command> [flags]",
    "",
    "Commands:",
    ...table(rows),
    "",
    'Flags of a command: "layotto <command> --help". "layotto -c FILE" is "layotto start -c FILE".',
    "Exit codes: 0 done, 1 failed, 2 wrong command line, 64 wrong configuration, 69 unavailable, 70 internal fault",
    "",
  ].join("\n");
}

/** The text of `layotto <command> --help`. */
export function commandHelp(command: CommandSpec): string {
  const options = [...command.options, helpOption];
  return [
    `layotto ${command.name}: ${command.summary}`,
    "",
    `Usage: layotto ${command.name} ${command.operands}`.trimEnd() + " [flags]",
    "",
    "Flags:",
    ...table(options.map((option): [string, string] => [flag(option), option.help])),
    "",
    ...(command.details === undefined ? [] : [command.details, ""]),
  ].join("\n");
}

function flag(option: OptionSpec): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
}

function table(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
