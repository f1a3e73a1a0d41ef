import { type AbiVersion, isIn, type Moment, moments } from "./abi.ts";
import type { Arg } from "./testing/guest-writer.ts";

/** A status for all moments, or one for some and another one otherwise. */
export type Expected =
  number | ({ readonly otherwise: number } & Readonly<Partial<Record<Moment, number>>>);

/** One host function with its arguments, and the status that it returns at each moment. */
export interface HostCallRow {
  readonly name: string;
  /** The arguments in words. */
  readonly with: string;
  readonly args: readonly Arg[];
  readonly status: Expected;
  /** Where 0.1.0 is not like the newer versions. */
  readonly old?: Expected;
  /** It changes what comes after it: it is tried at one moment at a time. */
  readonly alone?: true;
  /** Where the host gives more than the specification asks for, or decides what it leaves open. */
  readonly note?: string;
}

/** What a row says of one moment. */
export function statusAt(
  { status, old }: HostCallRow,
  moment: Moment,
  version: AbiVersion,
): number {
  const expected = version === "0.1.0" ? (old ?? status) : status;
  return typeof expected === "number" ? expected : (expected[moment] ?? expected.otherwise);
}

/** Some moments with one status, all others with another. */
export function at(those: readonly Moment[], status: number, otherwise: number): Expected {
  return { otherwise, ...Object.fromEntries(those.map((moment) => [moment, status])) };
}

const columns: Readonly<Record<Moment, string>> = {
  start: "_initialize",
  vm_start: "vm start",
  configure: "configure",
  request_headers: "request headers",
  http_call_response: "call response",
  request_body: "request body",
  request_trailers: "request trailers",
  response_headers: "response headers",
  response_body: "response body",
  response_trailers: "response trailers",
  tick: "tick",
  queue_ready: "queue ready",
  done: "done",
  log: "log",
};

/** The rows as a table in Markdown: statuses as numbers. */
export function markdownOf(rows: readonly HostCallRow[]): string {
  const head = ["host function", "with", "versions", ...moments.map((moment) => columns[moment])];
  const body = rows.map((row) => [
    `\`${row.name}\``,
    row.note === undefined ? row.with : `${row.with}; ${row.note}`,
    versionsOf(row.name),
    ...moments.map((moment) => cell(row, moment)),
  ]);
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
} // prettier-ignore

function cell(row: HostCallRow, moment: Moment): string {
  const now = statusAt(row, moment, "0.2.1");
  const old = isIn(row.name, "0.1.0") ? statusAt(row, moment, "0.1.0") : now;
  return old === now ? String(now) : `${now} (0.1.0: ${old})`;
}

function versionsOf(name: string): string {
  if (!isIn(name, "0.2.1")) return "0.1.0";
  if (isIn(name, "0.1.0")) return "all";
  return isIn(name, "0.2.0") ? "0.2.0, 0.2.1" : "0.2.1";
}
