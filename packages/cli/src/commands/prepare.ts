import { resolve } from "node:path";
import { defaultRunDir } from "@layotto/sidecar-kit/process";
import { type CommandArguments, text } from "../args/option-spec.ts";
import { readConfig } from "../config.ts";
import { type Plan, planProcesses } from "../plan.ts";
import { record } from "../values.ts";
import { ignoredFlags, logLevel } from "./layotto-flags.ts";
import { configFile } from "./locate.ts";

/** What a command line and its configuration file ask for. */
export interface Prepared {
  plan: Plan;
  /** Absolute path of the configuration file. */
  file: string;
  runDir: string;
  dataDir: string;
  /** What was asked for and has no effect, one line each. */
  notices: readonly string[];
}

type Sections = Readonly<Record<string, unknown>>;

/**
 * Reads and checks the configuration and decides what runs. Flags win over the file.
 *
 * @throws {UserError} when anything in it is wrong
 */
export async function prepare(args: CommandArguments): Promise<Prepared> {
  const file = configFile(args);
  const { sections, installed, warnings } = await readConfig(file);
  const runDir = resolve(
    text(args, "run-dir") ?? ownText(sections, "run_dir") ?? defaultRunDir(file),
  );
  const dataDir = resolve(
    text(args, "data-dir") ?? ownText(sections, "data_dir") ?? ".layotto/data",
  );
  const config = { ...withLevel(sections, logLevel(args)), data_dir: dataDir };
  const plan = planProcesses({ config, installed, runDir });
  const notices = [...warnings, ...ignoredFlags(args), ...ignoredKeys(sections)];
  return { plan, file, runDir, dataDir, notices };
}

function withLevel(config: Sections, level: string | undefined): Sections {
  return level === undefined ? config : { ...config, log: { ...record(config["log"]), level } };
}

/** Keys for a sidecar that runs alone; under a supervisor each has a socket in the run directory. */
function ignoredKeys(config: Sections): string[] {
  return ["listen", "token", "tls", "socket_mode", "socket_group", "insecure"]
    .filter((key) => config[key] !== undefined)
    .map((key) => `${key}: has no effect here, it is for a sidecar that runs alone`);
}

function ownText(config: Sections, key: string): string | undefined {
  const value = config[key];
  return typeof value === "string" ? value : undefined;
}
