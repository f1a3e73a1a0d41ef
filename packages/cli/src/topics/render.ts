import { formatDuration, renderTable } from "../commands/table.ts";
import { printable, printableBytes, shortened } from "./printable.ts";
import type { DeadLetterReport, TopicReport } from "./report.ts";

/** Longest name or state in the table, in characters; JSON has all of it. */
const maxCell = 60;
/** How much of a message is shown, in bytes. */
const maxShown = 200;

/** Columns of counters: heading → what happened. */
const counters: readonly (readonly [heading: string, event: string])[] = [
  ["PUBLISHED", "published"],
  ["DELIVERED", "delivered"],
  ["RETRIED", "retried"],
  ["DEAD", "dead_lettered"],
  ["DROPPED", "dropped"],
  ["EXPIRED", "expired"],
];
const numbers = ["LAG", "UNSETTLED", "OLDEST", ...counters.map(([heading]) => heading)];
const header = ["PUBSUB", "TOPIC", "GROUP", "STATE", "TAKEN BY", ...numbers];
const right = new Set(numbers);

/** The topics as a table, or a line that there are none. */
export function renderTopics(topics: readonly TopicReport[]): string {
  if (topics.length === 0) return "no topics: nothing was published or subscribed to so far\n";
  return renderTable(header, topics.map(topicRow), right);
}

function topicRow({ pubsub, topic, counts, subscription }: TopicReport): string[] {
  const counted = counters.map(([, event]) => String(counts[event] ?? 0));
  const names = [cell(pubsub), cell(topic)];
  if (subscription === null) return [...names, ...Array<string>(6).fill("-"), ...counted];
  const { group, state, sinks, lag, unsettled, oldestMs } = subscription;
  return [
    ...names,
    cell(group),
    cell(state),
    cell(sinks.join(", ")) || "-",
    lag === null ? "-" : String(lag),
    String(unsettled),
    oldestMs === null ? "-" : formatDuration(oldestMs),
    ...counted,
  ];
}

function cell(text: string): string {
  return shortened(printable(text), maxCell);
}

/** Dead letters as blocks of lines, with an empty line between two. */
export function renderDeadLetters(letters: readonly DeadLetterReport[]): string {
  return letters.map((letter) => `${deadLetterLines(letter).join("\n")}\n`).join("\n");
}

function deadLetterLines(letter: DeadLetterReport): string[] {
  const { messageId, eventId, topic, group, reason, attempts, size, data } = letter;
  const bytes = Buffer.from(data, "base64");
  return [
    `message   ${printable(messageId)}`,
    ...(eventId === "" ? [] : [`event     ${printable(eventId)}`]),
    ...(topic === "" ? [] : [`from      topic ${printable(topic)}, group ${printable(group)}`]),
    `reason    ${printable(reason)}`,
    ...(attempts === 0 ? [] : [`attempts  ${attempts}, ${times(letter)}`]),
    `size      ${size} bytes`,
    `data      ${printableBytes(bytes, maxShown)}`,
  ];
}

function times({ firstAttemptMs, timeMs }: DeadLetterReport): string {
  return `first ${timeText(firstAttemptMs)}, last ${timeText(timeMs)}`;
}

/** What is no date of the calendar is left as the number that it is. */
function timeText(ms: number | null): string {
  if (ms === null) return "-";
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
