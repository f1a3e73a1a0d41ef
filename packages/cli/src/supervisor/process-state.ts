import { ExitCode } from "../exit-codes.ts";

/**
 * What a supervised process is doing.
 *
 * - `starting`: spawned, not yet ready
 * - `ready`: serving
 * - `draining`: told to stop, finishing its calls
 * - `backoff`: ended by itself, waiting to be started again
 * - `failed`: ended in a way that starting again cannot mend
 * - `stopped`: not running, on purpose
 */
export type ProcessState = "starting" | "ready" | "draining" | "backoff" | "failed" | "stopped";

/** What can happen to a process. */
export type ProcessEvent = "spawn" | "ready" | "crash" | "give-up" | "stop" | "exit";

/** The whole state machine: an event that a state does not list changes nothing. */
const transitions: Record<ProcessState, Partial<Record<ProcessEvent, ProcessState>>> = {
  stopped: { spawn: "starting" },
  starting: { ready: "ready", crash: "backoff", "give-up": "failed", stop: "draining" },
  ready: { crash: "backoff", "give-up": "failed", stop: "draining", spawn: "starting" },
  backoff: { spawn: "starting", stop: "stopped" },
  failed: { spawn: "starting", stop: "stopped" },
  draining: { exit: "stopped" },
};

/** The state after `event`. */
export function nextState(state: ProcessState, event: ProcessEvent): ProcessState {
  return transitions[state][event] ?? state;
}

/** How a process ended. */
export interface ProcessExit {
  code: number | null;
  signal: string | null;
  /** The line of its output that says why, if any. */
  lastError?: string | undefined;
  /** The process could not be spawned at all. */
  spawnError?: string | undefined;
}

/** Whether starting again is pointless: the next run would read the same configuration and directory. */
export function isFinal(exit: ProcessExit): boolean {
  return exit.code === ExitCode.config || exit.code === ExitCode.dataDir;
}

/** One line that says how a process ended, for `status` and the log. */
export function describeExit(exit: ProcessExit): string {
  if (exit.spawnError !== undefined) return `cannot be started: ${exit.spawnError}`;
  const how =
    exit.signal === null ? `exited with code ${String(exit.code)}` : `killed by ${exit.signal}`;
  return exit.lastError === undefined ? how : `${how}: ${exit.lastError}`;
}
