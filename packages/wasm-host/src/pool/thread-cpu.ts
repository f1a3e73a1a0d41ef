import { readFileSync } from "node:fs";
import { setPriority } from "node:os";

/** Priority of threads whose guest has run for a while: they get what nobody else wants. */
const LOWEST = 19;

/**
 * Processor time that a thread of this process has used, ms; undefined where the system does not tell (other systems
 * than Linux).
 */
export function threadCpuMs(thread: number | undefined): number | undefined {
  if (thread === undefined) return undefined;
  try {
    const [ns] = readFileSync(`/proc/self/task/${thread}/schedstat`, "latin1").split(" ");
    return Number(ns) / 1e6;
  } catch {
    return undefined;
  }
}

/** Lets everybody else go first, or ends that. Says whether the system allowed it. */
export function setLowPriority(thread: number | undefined, low: boolean): boolean {
  if (thread === undefined) return false;
  try {
    setPriority(thread, low ? LOWEST : 0);
    return true;
  } catch {
    return false;
  }
}
