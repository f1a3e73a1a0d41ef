/** One flag of a command. */
export interface OptionSpec {
  name: string;
  short?: string;
  /** What stands for its value in the help; a flag without one is a switch. */
  value?: string;
  /** It may be given more than once. */
  multiple?: boolean;
  help: string;
}

/** Values of flags after parsing, by name. */
export type OptionValues = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** What a command is given. */
export interface CommandArguments {
  values: OptionValues;
  positionals: readonly string[];
}

/** One sub-command: what the help says, and how to load the code that runs it. */
export interface CommandSpec {
  name: string;
  /** What follows the name, e.g. `[process]`. */
  operands: string;
  /** Fewest and most operands. */
  arity: readonly [number, number];
  summary: string;
  /** Further help, after the flags. */
  details?: string;
  options: readonly OptionSpec[];
  /** Loads and runs the command; resolves with the exit code. */
  run: (args: CommandArguments) => Promise<number>;
}

/** The value of a flag that takes one. */
export function text(args: CommandArguments, name: string): string | undefined {
  const value = args.values[name];
  return typeof value === "string" ? value : undefined;
}

/** Whether a switch was given. */
export function isSet(args: CommandArguments, name: string): boolean {
  return args.values[name] === true;
}

/** All values of a flag that may be repeated. */
export function all(args: CommandArguments, name: string): readonly string[] {
  const value = args.values[name];
  return Array.isArray(value) ? value : [];
}
