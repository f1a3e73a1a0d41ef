import { chmodSync, chownSync, readFileSync } from "node:fs";
import { ExitCode } from "./launch.ts";
import { StartError } from "./start-error.ts";

/** Who may use a unix socket. */
export interface SocketAccess {
  /** File mode, e.g. 0o660. */
  readonly mode: number;
  /** Number of the group that owns it. Default: that of the process. */
  readonly group?: number | undefined;
}

/**
 * Sets group and mode of a unix socket that is being listened on, in this order: until the mode says so the group can do
 * nothing with it.
 *
 * @param own path of the socket now
 * @param path its public path, for the message
 * @throws StartError with exit code 64 when this user may not give it to that group
 */
export function giveAccess(own: string, path: string, { mode, group }: SocketAccess): void {
  try {
    if (group !== undefined) chownSync(own, process.getuid?.() ?? -1, group);
    chmodSync(own, mode);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `Cannot give "unix:${path}" to group ${group}: ${why}; the user of the process must be a member`;
    throw new StartError(text, ExitCode.config, { cause: error });
  }
}

/**
 * Returns the number of a group.
 *
 * @param group name, or the number itself
 * @param key where it is configured, e.g. `gateway.socketGroup`
 * @throws StartError with exit code 64 for a name that the system does not know
 */
export function groupId(group: string | number, key: string): number {
  if (typeof group === "number") return group;
  if (/^\d+$/.test(group)) return Number(group);
  const found = groups().find(([name]) => name === group)?.[2];
  if (found !== undefined) return Number(found);
  const text = `Cannot use ${key} "${group}": /etc/group has no such group; give an existing name or a number`;
  throw new StartError(text, ExitCode.config);
}

/** Node.js cannot ask the system; groups that are kept elsewhere are given by number. */
function groups(): string[][] {
  try {
    return readFileSync("/etc/group", "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}
