import type { SupervisorStatus } from "../supervisor/control-protocol.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { record } from "../values.ts";

/** Section whose components publish and subscribe. */
const pubsubSection = "pub_subs";

/** The processes that serve publish and subscribe: several when `processes` splits the section. */
export function pubsubProcesses({ processes }: SupervisorStatus): ProcessStatus[] {
  return processes.filter((process) => componentsOf(process).length > 0);
}

/** Names of the pub/sub components of a process. */
export function componentsOf({ components }: ProcessStatus): readonly string[] {
  // A supervisor that was started before the command was replaced by a newer one does not tell.
  const names = record(components)[pubsubSection];
  return Array.isArray(names) ? names.map(String) : [];
}
