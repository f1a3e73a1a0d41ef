import type { CellReport } from "./run.ts";

/** Columns of the table: name, width. */
const columns = [
  ["type", -10],
  ["kill", -8],
  ["kills", 5],
  ["published", 9],
  ["acked", 7],
  ["received", 8],
  ["lost", 4],
  ["twice", 6],
  ["repeated", 8],
  ["by kill", 7],
  ["unexpl.", 7],
  ["retries", 7],
  ["order", 5],
  ["failed", 6],
  ["s", 6],
] as const;

/** First lines of the table. */
export function tableHead(): string {
  return line(columns.map(([name]) => name));
}

/** The line of a cell. */
export function tableLine({ result }: CellReport): string {
  const { type, what, verdict, evidence, publishFailures, tookMs } = result;
  const { published, acknowledged, received, lost, duplicates, retries, orderBreaks } = verdict;
  const { total, republished, afterKill, unexplained } = duplicates;
  const failed = [...publishFailures.values()].reduce((sum, count) => sum + count, 0);
  return line([
    ...[type, what, evidence.kills.length, published, acknowledged, received, lost.length],
    ...[total, republished, afterKill, unexplained.length, retries, orderBreaks.length],
    ...[failed, (tookMs / 1000).toFixed(1)],
  ]);
}

/** What the columns mean. */
export const legend = `twice: arrivals of messages that the app had taken before = repeated (the publisher had no answer and published
again) + by kill (a kill came between the two arrivals) + unexplained; retries: events that the app refused at first;
order: events that overtook another of their key; failed: attempts to publish that failed and were repeated`;

function line(cells: readonly (string | number)[]): string {
  return columns
    .map(([, width], i) => {
      const text = String(cells[i] ?? "");
      return width < 0 ? text.padEnd(-width) : text.padStart(width);
    })
    .join(" ");
}
