import type { ProcessStatus } from "./managed-process.ts";

/** A command on the control socket: one JSON object per line. */
export type ControlRequest =
  | { command: "status" }
  | { command: "stop"; graceMs?: number }
  | { command: "upgrade"; process?: string; bin?: string; discardMemory?: boolean };

/** An answer on the control socket: any number of `progress` lines, then one of the other two. */
export type ControlReply =
  { progress: string } | { result: unknown } | { error: string; exitCode: number };

/** What `status` answers. */
export interface SupervisorStatus {
  pid: number;
  version: string;
  state: "running" | "stopping";
  configFile: string;
  runDir: string;
  dataDir: string;
  uptimeMs: number;
  /** Addresses that apps connect to. */
  listen: readonly string[];
  /** Address of the actuator, if there is one. */
  actuator: string | null;
  processes: readonly ProcessStatus[];
}

/** Longest line on the control socket, in characters: far more than any command needs. */
export const maxControlLine = 1024 * 1024;
