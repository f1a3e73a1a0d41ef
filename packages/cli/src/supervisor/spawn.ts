import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../user-error.ts";
import { LastError } from "./last-error.ts";
import { createLineSplitter } from "./line-splitter.ts";
import type { OpenListener } from "./listeners.ts";
import type { Child, ChildEvents, Spawner } from "./child.ts";
import type { ProcessExit } from "./process-state.ts";
import type { ProcessSpec } from "./process-spec.ts";

/** How long output may still arrive after a process has ended, in milliseconds. */
const outputMarginMs = 200;

/**
 * Flags of Node.js for each process. A new space of 2 MB instead of 16 saves 6 to 9 MB per process and was not seen to
 * cost CPU under load; 1 MB does.
 */
const nodeFlags: readonly string[] = ["--max-semi-space-size=2"];

/** What all processes of one supervisor share. */
export interface SpawnOptions {
  runDir: string;
  dataDir: string;
  /** Told to each process as its default grace period, in milliseconds. */
  graceMs: number;
  /** Writes the configuration file of a process and returns its path. */
  writeConfig: (spec: ProcessSpec) => string;
  /** Listening sockets of a process. */
  listeners: (name: string) => readonly OpenListener[];
  /** Takes every line that a process prints. */
  onLine: (process: string, line: string, stream: "stdout" | "stderr") => void;
}

/** A {@link Spawner} of real Node.js processes, each in a process group of its own and with an IPC channel. */
export function createSpawner(options: SpawnOptions): Spawner {
  return (spec, generation, events) => {
    if (!existsSync(spec.bin)) return missing(spec.bin, events);
    const listeners = options.listeners(spec.name);
    const child = spawn(
      process.execPath,
      [...nodeFlags, spec.bin, "--config", options.writeConfig(spec)],
      {
        // A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then stops all in order.
        detached: true,
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        env: childEnvironment(spec, generation, listeners, options),
      },
    );
    const lastError = new LastError();
    readOutput(child, spec.name, lastError, options);
    watch(child, lastError, events, () => removeOwnSockets(options.runDir, child.pid));
    for (const { name, address, handle } of listeners) {
      send(child, { type: "listener", name, address }, handle);
    }
    return controls(child);
  };
}

/** A child that ends at once: Node.js would say the same in ten lines. */
function missing(bin: string, events: ChildEvents): Child {
  setImmediate(() =>
    events.exited({ code: null, signal: null, spawnError: `"${bin}" does not exist` }),
  );
  return {
    pid: undefined,
    drain: () => undefined,
    terminate: () => undefined,
    kill: () => undefined,
  };
}

function childEnvironment(
  spec: ProcessSpec,
  generation: number,
  listeners: readonly OpenListener[],
  options: SpawnOptions,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    LAYOTTO_SUPERVISED: "1",
    LAYOTTO_NAME: spec.name,
    LAYOTTO_GENERATION: String(generation),
    LAYOTTO_RUN_DIR: options.runDir,
    LAYOTTO_DATA_DIR: options.dataDir,
    LAYOTTO_GRACE_MS: String(options.graceMs),
  };
  // What these say is for one process on its own, never for all of a supervisor.
  for (const name of ["LAYOTTO_LISTENERS", "LAYOTTO_LISTEN", "LAYOTTO_CONFIG"]) delete env[name];
  if (listeners.length > 0) env["LAYOTTO_LISTENERS"] = listeners.map((l) => l.name).join(",");
  return env;
}

function readOutput(
  child: ChildProcess,
  name: string,
  lastError: LastError,
  options: SpawnOptions,
): void {
  for (const stream of ["stdout", "stderr"] as const) {
    const lines = createLineSplitter((line) => {
      if (stream === "stderr") lastError.addStderr(line);
      else lastError.addStdout(line);
      options.onLine(name, line, stream);
    });
    child[stream]?.setEncoding("utf8");
    child[stream]?.on("data", (chunk: string) => lines.push(chunk));
    child[stream]?.on("end", () => lines.end());
  }
}

/** Turns the events of a child into ours; `exited` comes once, when its last output has been read. */
function watch(
  child: ChildProcess,
  lastError: LastError,
  events: ChildEvents,
  cleanUp: () => void,
): void {
  let done = false;
  const finish = (exit: ProcessExit): void => {
    if (done) return;
    done = true;
    cleanUp();
    events.exited(exit);
  };
  child.on("message", (message) => onMessage(message, events));
  child.on("error", (error) => {
    if (child.pid === undefined) finish({ code: null, signal: null, spawnError: error.message });
  });
  child.on("exit", (code, signal) => {
    const report = (): void => finish({ code, signal, lastError: lastError.reason() });
    const timer = setTimeout(report, outputMarginMs);
    child.once("close", () => {
      clearTimeout(timer);
      report();
    });
  });
}

function onMessage(message: unknown, events: ChildEvents): void {
  if (typeof message !== "object" || message === null) return;
  const { type, address, reloads, status, reason } = message as Record<string, unknown>;
  if (type === "ready")
    events.ready(typeof address === "string" ? address : undefined, reloads === true);
  if (type === "health" && typeof status === "string")
    events.health(status, typeof reason === "string" && reason !== "" ? reason : undefined);
}

function controls(child: ChildProcess): Child {
  return {
    pid: child.pid,
    drain(graceMs) {
      if (!send(child, { type: "drain", graceMs })) child.kill("SIGTERM");
    },
    terminate: () => void child.kill("SIGTERM"),
    kill() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    },
  };
}

/** Sends over IPC; false when the channel is closed. */
function send(child: ChildProcess, message: object, handle?: unknown): boolean {
  if (!child.connected) return false;
  try {
    // A listening handle is what the channel accepts at run time; its type is not public.
    child.send(message, handle as Parameters<ChildProcess["send"]>[1], () => undefined);
    return true;
  } catch (error) {
    process.emitWarning(`Cannot send a message to pid ${String(child.pid)}: ${messageOf(error)}`);
    return false;
  }
}

/** A process that was killed before it was ready leaves its own sockets behind; the shared ones are never touched. */
function removeOwnSockets(runDir: string, pid: number | undefined): void {
  if (pid === undefined || !existsSync(runDir)) return;
  const own = readdirSync(runDir).filter((entry) => entry.endsWith(`.${pid}.sock`));
  for (const entry of own) rmSync(join(runDir, entry), { force: true });
}
