import { type CommandArguments, isSet, type OptionSpec, text } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { UserError } from "../user-error.ts";

/** Levels as Layotto names them, which are also those of the configuration key `log.level`. */
const levels = ["trace", "debug", "info", "warn", "warning", "error", "critical", "fatal", "off"];

/** Flags of Layotto's command line that mean nothing here; each is accepted and warned about. */
export const unsupportedFlags: readonly OptionSpec[] = [
  { name: "service-cluster", short: "s", value: "NAME", help: "of Layotto; no effect here" },
  { name: "service-node", short: "n", value: "NAME", help: "of Layotto; no effect here" },
  { name: "service-type", short: "p", value: "NAME", help: "of Layotto; no effect here" },
  { name: "feature-gates", short: "f", value: "LIST", help: "of Layotto; no effect here" },
  {
    name: "logging-level",
    value: "LEVEL",
    help: "-ll of Layotto; no effect here, use --log-level",
  },
  { name: "logging-path", value: "DIR", help: "-lp of Layotto; no effect here, logs go to stdout" },
];

/**
 * The level of all logs, from `-l` or LOG_LEVEL; undefined leaves it to the configuration.
 *
 * @throws {UserError} when there is no such level
 */
export function logLevel(args: CommandArguments): string | undefined {
  const wanted = text(args, "log-level") ?? process.env["LOG_LEVEL"];
  if (wanted === undefined || wanted === "") return undefined;
  const level = wanted.toLowerCase();
  if (levels.includes(level)) return level;
  throw new UserError(
    `Cannot use the log level "${wanted}": must be one of ${levels.join(", ")}`,
    ExitCode.usage,
  );
}

/** One line for each flag or variable that was given and has no effect. */
export function ignoredFlags(args: CommandArguments): string[] {
  const flags = unsupportedFlags
    .filter(({ name }) => text(args, name) !== undefined || isSet(args, name))
    .map(({ name, help }) => `--${name}: a flag ${help}`);
  const variables = ["LOGGING_LEVEL", "LOGGING_PATH"]
    .filter((name) => process.env[name] !== undefined)
    .map((name) => `${name} has no effect here: logs go to stdout, their level is LOG_LEVEL`);
  return [...flags, ...variables];
}
