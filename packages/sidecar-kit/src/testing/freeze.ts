import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "./wait.ts";

/**
 * Stops a process without ending it (SIGSTOP), and resolves when all its threads stand still: until then one of them may
 * answer what it has read already. SIGCONT lets it go on.
 */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  // Elsewhere the system does not tell.
  if (process.platform !== "linux") return;
  await eventually(`process ${pid} stands still`, () => threadStates(pid).every((state) => state === "T")); // prettier-ignore
}

/** E.g. `R` runs, `S` sleeps, `T` is stopped. */
function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  });
}
