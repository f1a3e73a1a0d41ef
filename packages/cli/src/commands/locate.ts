import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { defaultRunDir } from "@layotto/sidecar-kit/process";
import { type CommandArguments, type OptionSpec, text } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { controlSocket, runDirRoot } from "../run-dir.ts";
import { isAnswered } from "../supervisor/control-server.ts";
import { UserError } from "../user-error.ts";

/** Flag and environment that name the configuration file. */
export const configOption: OptionSpec = {
  name: "config",
  short: "c",
  value: "FILE",
  help: "configuration file (env RUNTIME_CONFIG; default layotto.yaml, configs/config.json)",
};

/** Flag that names the run directory. */
export const runDirOption: OptionSpec = {
  name: "run-dir",
  value: "DIR",
  help: "folder of sockets and of the lock (default: one per configuration file, below the temporary folder)",
};

/** Flag for scripts. */
export const jsonOption: OptionSpec = { name: "json", help: "print JSON, for scripts" };

const defaultFiles = ["layotto.yaml", "layotto.yml", "layotto.json", "configs/config.json"];

/**
 * The configuration file that a command line means, as an absolute path.
 *
 * @throws {UserError} when there is none
 */
export function configFile(args: CommandArguments): string {
  const named = namedFile(args);
  const found = named ?? defaultFiles.find((file) => existsSync(file));
  if (found === undefined)
    throw new UserError(
      `Cannot find a configuration: none of ${defaultFiles.join(", ")} is here\n` +
        'Name one with -c FILE, or write a starter with "layotto init"',
      ExitCode.config,
    );
  if (!existsSync(found))
    throw new UserError(
      `Cannot read the configuration "${found}": there is no such file`,
      ExitCode.config,
    );
  return resolve(found);
}

/**
 * The run directory of a running supervisor: named by flag, that of the configuration file, or the only one that runs.
 *
 * @throws {UserError} when none runs, or several do and none is named
 */
export async function runningRunDir(args: CommandArguments): Promise<string> {
  const named = text(args, "run-dir");
  if (named !== undefined) return resolve(named);
  if (namedFile(args) !== undefined) return await runDirOf(configFile(args));
  const running = await allRunning();
  const [only] = running;
  if (only === undefined)
    throw new UserError(
      'Cannot reach a supervisor: none is running\nStart one with "layotto start -c FILE"',
      ExitCode.unavailable,
    );
  if (running.length === 1) return only;
  throw new UserError(
    `Cannot choose a supervisor: ${running.length} are running in ${running.join(", ")}\nName one with -c FILE or --run-dir DIR`,
    ExitCode.usage,
  );
}

function namedFile(args: CommandArguments): string | undefined {
  return text(args, "config") ?? (process.env["RUNTIME_CONFIG"] || undefined);
}

/** A file may name its run directory itself; an unreadable one still has its default. */
async function runDirOf(file: string): Promise<string> {
  const { runDirInFile } = await import("../config.ts");
  const named = await runDirInFile(file);
  return named === undefined ? defaultRunDir(file) : resolve(named);
}

async function allRunning(): Promise<string[]> {
  const root = runDirRoot();
  const folders = existsSync(root) ? readdirSync(root).map((entry) => join(root, entry)) : [];
  const answers = await Promise.all(folders.map((folder) => isAnswered(controlSocket(folder))));
  return folders.filter((_, index) => answers[index]);
}
