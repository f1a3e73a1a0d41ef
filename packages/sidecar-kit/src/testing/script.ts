import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** A script in a process of its own. */
export interface Script {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  /** What it prints. */
  readonly lines: Interface;
  /** SIGKILL; resolves when the process is gone and all it printed was read. */
  kill(): Promise<void>;
}

/**
 * Starts a script, from source or built, whichever the caller is.
 *
 * @param from `import.meta.url` of the caller
 * @param module relative to it, without extension: `"../testing/writer-process"`
 */
export function startScript(from: string, module: string, ...args: string[]): Script {
  const script = fileURLToPath(new URL(module + extname(from), from));
  const flags = process.execArgv.filter((flag) => !flag.startsWith("--test"));
  const child = spawn(process.execPath, [...flags, script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const closed = Promise.all([once(lines, "close"), once(child, "exit")]);
  return {
    process: child,
    lines,
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Runs a script to its end and returns its last line; parameters as of {@link startScript}. */
export async function runScript(from: string, module: string, ...args: string[]): Promise<string> {
  const script = startScript(from, module, ...args);
  let last = "";
  for await (const line of script.lines) last = line;
  return last;
}

/** Takes the first line that a script prints. */
export async function firstLine(script: Script): Promise<string> {
  const [line] = (await once(script.lines, "line")) as [string]; // what readline emits
  return line;
}
