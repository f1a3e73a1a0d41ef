import { formatDuration } from "../commands/table.ts";
import type { SupervisorStatus } from "../supervisor/control-protocol.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { UserError } from "../user-error.ts";
import { printable } from "./printable.ts";
import { pubsubProcesses } from "./processes.ts";
import { byName, type SubscriptionReport, type TopicReport } from "./report.ts";

/** How long `status` waits for a sidecar, in milliseconds. */
const patienceMs = 1000;
/** Age from which an unacknowledged message is trouble, in milliseconds. */
const oldMs = 60_000;

/** Subscriptions of all processes, and the names of processes that did not tell. */
export interface SubscriptionsReport {
  subscriptions: readonly SubscriptionReport[];
  subscriptionsUnknown: readonly string[];
}

/** Asks every ready process that serves publish and subscribe; waits a second at most. Never rejects for a silent one. */
export async function readSubscriptions(status: SupervisorStatus): Promise<SubscriptionsReport> {
  const processes = pubsubProcesses(status).filter((process) => process.state === "ready");
  const answers = await Promise.all(processes.map((process) => topicsOf(status.runDir, process)));
  return {
    subscriptions: answers
      .flatMap((topics) => topics ?? [])
      .flatMap(subscriptionReport)
      .toSorted(byName),
    subscriptionsUnknown: processes.filter((_, i) => answers[i] === undefined).map((p) => p.name),
  };
}

async function topicsOf(
  runDir: string,
  process: ProcessStatus,
): Promise<TopicReport[] | undefined> {
  // Loaded only now: where nothing publishes or subscribes, `status` needs no transport.
  const { listTopics } = await import("./list-topics.ts");
  try {
    return await listTopics(runDir, process, patienceMs);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function subscriptionReport({ process, pubsub, topic, counts, subscription }: TopicReport) {
  if (subscription === null) return [];
  const deadLettered = counts["dead_lettered"] ?? 0;
  const report = { process, pubsub, topic, ...subscription, deadLettered };
  return [{ ...report, trouble: troubleOf(report) }];
}

/** What is wrong with a subscription in a few words; null when nothing is. */
function troubleOf(subscription: Omit<SubscriptionReport, "trouble">): string | null {
  const { state, oldestMs, deadLettered } = subscription;
  const troubles = [
    ...(state === "open" ? [] : [printable(state)]),
    ...(oldestMs !== null && oldestMs > oldMs
      ? [`oldest unacknowledged ${formatDuration(oldestMs)}`]
      : []),
    ...(deadLettered > 0
      ? [`${deadLettered} dead ${deadLettered === 1 ? "letter" : "letters"}`]
      : []),
  ];
  return troubles.length === 0 ? null : troubles.join(", ");
}

/** One line per subscription with trouble, and per process that did not tell; empty when there is none. */
export function renderTroubles(report: SubscriptionsReport): string {
  const troubles = report.subscriptions.filter(({ trouble }) => trouble !== null);
  const lines = [
    ...troubles.map((s) => `pubsub ${printable(`${s.pubsub}/${s.topic}`)}: ${s.trouble}\n`),
    ...report.subscriptionsUnknown.map(
      (name) => `subscriptions of ${name} are unknown: it does not answer\n`,
    ),
  ];
  return lines.length === 0 ? "" : `\n${lines.join("")}`;
}
