import { readFileSync } from "node:fs";
import { ExitCode } from "./launch.ts";
import { StartError } from "./listen.ts";

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
