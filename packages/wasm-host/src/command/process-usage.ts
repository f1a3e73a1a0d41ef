import { readdirSync, readFileSync } from "node:fs";
import { setPriority } from "node:os";

/** Priority of processes that have run for a while: they get what nobody else wants. */
const LOWEST = 19;
/** Linux counts processor time of processes in hundredths of a second, on all machines that Node.js runs on. */
const TICK_MS = 10;

/** What a process takes. */
export interface ProcessUsage {
  /** Processor time of all its threads, also those that have ended, ms; in steps of 10. */
  readonly cpuMs: number;
  /** Memory that it has, octets. */
  readonly rssBytes: number;
}

/** What a process takes now; undefined when it is gone, and where the system does not tell (other systems than Linux). */
export function usageOf(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const rss = /^VmRSS:\s*(\d+) kB/mu.exec(status)?.[1];
    if (rss === undefined) return undefined;
    // The name in brackets may hold anything; numbers follow the last bracket, the state first (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rssBytes: Number(rss) * 1024 };
  } catch {
    return undefined;
  }
} // prettier-ignore

/**
 * Lets everybody else go before a process, or ends that: on Linux, each thread has a priority of its own. Says whether
 * the system allowed it; only the privileged may raise a priority again.
 */
export function setLowPriority(pid: number, low: boolean): boolean {
  try {
    for (const thread of threadsOf(pid)) setPriority(thread, low ? LOWEST : 0);
    return true;
  } catch {
    return false;
  }
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
