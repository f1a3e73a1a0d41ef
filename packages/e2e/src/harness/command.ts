import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The command's built entry file: what a user's `layotto` runs. */
export const layottoMain = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));

/** What a command left behind. */
export interface CommandResult {
  /** Exit code, or the signal that ended it. */
  code: number | string;
  stdout: string;
  stderr: string;
}

/** Options of {@link run}. */
export interface RunOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** Killed after this time, ms. @default 30000 */
  timeoutMs?: number;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeoutMs ?? 30_000,
    killSignal: "SIGKILL",
  });
  return finished(child);
}

/** Runs a `layotto` command to its end. */
export function layotto(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  return run(process.execPath, [layottoMain, ...args], options);
}

async function finished(child: ChildProcess): Promise<CommandResult> {
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.setEncoding("utf8").on("data", (chunk: string) => (text[stream] += chunk));
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? signal ?? -1, ...text }));
  });
}
