import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { type BroughtCommand, discoverSidecars } from "../discovery.ts";
import { ExitCode } from "../exit-codes.ts";
import { UserError } from "../user-error.ts";
import { commands } from "./index.ts";

/** Commands that installed packages bring. None when discovery fails: the help is shown all the same. */
export function broughtCommands(): readonly BroughtCommand[] {
  try {
    return discoverBrought();
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

function discoverBrought(): BroughtCommand[] {
  const here = process.cwd();
  const found = discoverSidecars({ from: [here], extra: [], base: here });
  return found
    .flatMap((sidecar) => sidecar.commands ?? [])
    .filter(({ name }) => commands.every((own) => own.name !== name));
}

/**
 * The command of a name that an installed package brings.
 *
 * @throws {UserError} when none does, or several do
 */
export function findBrought(name: string): BroughtCommand {
  const brought = discoverBrought();
  const [found, other] = brought.filter((command) => command.name === name);
  const names = [...commands, ...brought].map((command) => command.name);
  if (found === undefined)
    throw new UserError(
      `Cannot run "layotto ${name}": there is no such command\nThere are ${[...new Set(names)].join(", ")}`,
      ExitCode.usage,
    );
  if (other !== undefined)
    throw new UserError(
      `Cannot run "layotto ${name}": both "${found.packageName}" and "${other.packageName}" bring it\nRemove one of them`,
      ExitCode.config,
    );
  if (existsSync(found.file)) return found;
  throw new UserError(
    `Cannot run "layotto ${name}": "${found.file}" of "${found.packageName}" does not exist\nInstall the package again`,
    ExitCode.unavailable,
  );
}

/**
 * Runs a command of a package as a process of its own, on our terminal.
 *
 * @returns its exit code; 128 and the signal's number when a signal ended it
 */
export function runBrought(command: BroughtCommand, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command.file, ...args], { stdio: "inherit" });
    // Ctrl-C reaches the child by itself; this process only waits for it to end.
    const forward = (signal: NodeJS.Signals): void => {
      if (signal !== "SIGINT") child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
