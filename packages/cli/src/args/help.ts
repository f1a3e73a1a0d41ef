import type { BroughtCommand } from "../discovery.ts";
import { helpOption } from "./parse.ts";
import type { CommandSpec, OptionSpec } from "./option-spec.ts";

/** The text of `layotto --help`. @param brought by installed packages, listed last */
export function overviewHelp(
  commands: readonly CommandSpec[],
  brought: readonly BroughtCommand[] = [],
): string {
  const rows = [
    ...commands.map((c): [string, string] => [`${c.name} ${c.operands}`.trim(), c.summary]),
    ...brought.map((c): [string, string] => [`${c.name} …`, lowerFirst(c.summary)]),
  ];
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

/** Summaries begin small; descriptions of packages do not. */
function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function flag(option: OptionSpec): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
}

function table(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
