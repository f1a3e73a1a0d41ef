import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** A script of this folder in a process of its own. */
export interface Child {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly lines: Interface;
  /** SIGKILL; resolves when the process is gone and all it printed was read. */
  kill(): Promise<void>;
}

/** Starts a script of this folder, from source or built, whichever this file is. */
export function startScript(name: string, ...args: string[]): Child {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const script = fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url));
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

/** Runs a script of this folder to its end and returns its last line. */
export async function runScript(name: string, ...args: string[]): Promise<string> {
  const child = startScript(name, ...args);
  let last = "";
  for await (const line of child.lines) last = line;
  return last;
}

/** Takes the first line that a script prints. */
export async function firstLine(child: Child): Promise<string> {
  const [line] = (await once(child.lines, "line")) as [string]; // what readline emits
  return line;
}
