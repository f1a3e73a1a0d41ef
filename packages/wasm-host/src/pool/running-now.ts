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
  const account = activation ?? thread.starting.get(n);
  const version = activation?.slot.version ?? thread.starting.get(n)?.version ?? find(thread.control.version); // prettier-ignore
  if (version === undefined) return undefined;
  return { ...version.definition.limits, deadline: account?.deadline ?? Infinity, account };
}
