import { readdirSync, readFileSync } from "node:fs";

/** Numbers of the processes that a process has started and that are not gone. */
export function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** Whether a process is gone; one that nobody has taken notice of yet is. */
export function isGone(pid: number): boolean {
  return parentOf(pid) === undefined;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
