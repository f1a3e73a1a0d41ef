import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./wait.ts";

/** A process that a test started as a supervisor does. */
export interface TestProcess {
  readonly child: ChildProcess;
  /** Messages that it sent over IPC. */
  readonly messages: unknown[];
  stdout(): string;
  stderr(): string;
  /** Resolves with its public address. @throws Error when it exits instead */
  ready(timeoutMs?: number): Promise<string>;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
}

/** How {@link startProcess} starts a program. */
export interface ProcessOptions {
  /** `import.meta.url` of the test. */
  from: string;
  /** Module relative to it, without extension: `"./main"`. It runs from src or dist as the test does. */
  module: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Killed with the test. */
  test: { after(fn: () => void): void };
}

/** Starts a program of ours under the process contract: piped output and an IPC channel. */
export function startProcess(options: ProcessOptions): TestProcess {
  const { from, module, args = [], env = {}, cwd, test } = options;
  const file = fileURLToPath(new URL(module + extname(from), from));
  const child = fork(file, [...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env },
    // The flags of the test runner itself are not meant for it.
    execArgv: process.execArgv.filter((flag) => flag.startsWith("--conditions")),
    ...(cwd === undefined ? {} : { cwd }),
  });
  test.after(() => void child.kill("SIGKILL"));
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const messages: unknown[] = [];
  child.on("message", (message) => messages.push(message));
  const exited = exitOf(child);
  const find = () => messages.find(isReady)?.address;
  return {
    child,
    messages,
    exited,
    stdout: () => out,
    stderr: () => err,
    ready: (timeoutMs = 60_000) => {
      const check = () => {
        if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${err}`);
        return find();
      };
      return eventually(`${module} ready`, check, timeoutMs);
    },
  };
}

/** Not the event "close": it does not come when the parent has disconnected. */
async function exitOf(child: ChildProcess): Promise<number | string> {
  const ends = [child.stdout, child.stderr].map((stream) => {
    return new Promise((resolve) => stream?.once("close", resolve));
  });
  const code = await new Promise<number | string>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve(exitCode ?? signal ?? "?"));
  });
  await Promise.all(ends);
  return code;
}

function isReady(message: unknown): message is { type: "ready"; address: string } {
  return Reflect.get(Object(message), "type") === "ready";
}
