import { readFileSync, readdirSync } from "node:fs";

/** A process of this machine, as /proc shows it. */
export interface RunningProcess {
  pid: number;
  /** Command line, arguments separated by blanks. */
  command: string;
}

/**
 * The processes that belong to a run directory, whoever is their parent now: those with LAYOTTO_RUN_DIR in their
 * environment. The supervisor itself is not among them.
 */
export function processesOf(runDir: string): RunningProcess[] {
  const wanted = `LAYOTTO_RUN_DIR=${runDir}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => (readProc(pid, "environ") ?? "").split("\0").includes(wanted))
    .filter((pid) => isAlive(Number(pid)))
    .map((pid) => ({
      pid: Number(pid),
      command: (readProc(pid, "cmdline") ?? "").split("\0").join(" ").trim(),
    }));
}

/** Whether a process runs; one that has ended and waits for its parent (a zombie) does not. */
export function isAlive(pid: number): boolean {
  const stat = readProc(String(pid), "stat");
  // pid (name) state …; the name may hold blanks and brackets.
  return (
    stat !== undefined && stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z"
  );
}

/** Resident memory of a process, in bytes; 0 when it does not run. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readProc(String(pid), "status") ?? "")?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Kills a process if it is there. */
export function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function readProc(pid: string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}
