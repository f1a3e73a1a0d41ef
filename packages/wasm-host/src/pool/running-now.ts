import type { RunningVersion } from "./running-version.ts";
import type { RunningNow } from "./watchdog.ts";
import type { WorkerThread } from "./worker-thread.ts";

/**
 * What an activation on a thread may use up.
 *
 * @param find a version by its number
 * @returns undefined: no guest's; a module is being read
 */
export function runningNow(
  thread: WorkerThread,
  n: number,
  find: (version: number) => RunningVersion | undefined,
): RunningNow | undefined {
  const activation = thread.pending.get(n);
  // A guest that is started ahead of its call has no activation of its own.
  const version = activation?.slot.version ?? find(thread.control.version);
  if (version === undefined) return undefined;
  const { cpuMs } = version.definition.limits;
  return { deadline: activation?.deadline ?? Number.POSITIVE_INFINITY, cpuMs };
}
