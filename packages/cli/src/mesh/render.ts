import { formatDuration, formatMs, renderTable } from "../commands/table.ts";
import { printable, shortened } from "../topics/printable.ts";
import type {
  BreakerReport,
  CallsReport,
  ClusterReport,
  HostReport,
  ListenerReport,
  MeshReport,
  RouteReport,
} from "./report.ts";
import type { MeshKind } from "./select.ts";

/** Longest cell, in characters; JSON has all of it. */
const maxCell = 60;

/** A table in the making: heading and cell of each column. */
type Columns<T> = readonly (readonly [heading: string, cell: (entry: T) => string | number])[];

const callColumns: Columns<{ calls: CallsReport }> = [
  ["CALLS", ({ calls }) => calls.total],
  ["ACTIVE", ({ calls }) => calls.active],
  ["ERRORS", ({ calls }) => calls.errors],
  ["RETRIES", ({ calls }) => calls.retries],
  ["P50", ({ calls }) => latency(calls.p50Ms)],
  ["P99", ({ calls }) => latency(calls.p99Ms)],
];

/** Last, because it grows. */
const failed = ["FAILED", ({ calls }: { calls: CallsReport }) => failureText(calls)] as const;

const tables: { readonly [K in MeshKind]: Columns<MeshReport[K][number]> } = {
  clusters: [
    ["CLUSTER", ({ name }: ClusterReport) => name],
    ["SOURCE", ({ source }) => source],
    ["BALANCER", ({ balancer }) => balancer],
    ["HEALTHY", (c) => (c.ready ? `${c.healthyHosts}/${c.hosts}` : "unknown")],
    ["BUDGET", ({ retryBudget }) => retryBudget],
    ["LIMIT", ({ concurrencyLimit }) => concurrencyLimit ?? "-"],
    ...callColumns,
    failed,
  ],
  routes: [
    ["ROUTER", ({ router }: RouteReport) => router],
    ["HOST", ({ virtualHost }) => virtualHost],
    ["ROUTE", ({ route }) => route],
    ["TO", ({ to }) => to],
    ["BREAKER", ({ breaker }) => breakerText(breaker)],
    ...callColumns,
    failed,
  ],
  hosts: [
    ["CLUSTER", ({ cluster }: HostReport) => cluster],
    ["HOST", ({ address }) => address],
    ["STATE", ({ healthy }) => (healthy ? "in" : "out")],
    ["WEIGHT", ({ weight }) => weight],
    ["ACTIVE", ({ active }) => active],
    ["CONNS", ({ connections }) => connections],
    ["ATTEMPTS", ({ attempts }) => attempts],
    ["FAILURES", ({ failures }) => failures],
    ["EJECTED", ({ ejections }) => ejections],
    ["BREAKER", ({ breaker }) => breakerText(breaker)],
    ["WHY", whyText],
  ],
  listeners: [
    ["LISTENER", ({ name }: ListenerReport) => name],
    ["TYPE", ({ type }) => type],
    ["ADDRESS", ({ address }) => address || "-"],
    ["PROTOCOL", ({ protocol, tls }) => (tls ? `${protocol}, TLS` : protocol)],
    ["ROUTER", ({ router }) => router],
    ["CONNS", ({ connections }) => connections],
    ["REFUSED", ({ refused }) => refused],
    ["MALFORMED", ({ malformed }) => malformed],
  ],
};

/** Entries of one kind as a table, or a line that there are none; the process is named where there are several. */
export function renderKind<K extends MeshKind>(
  kind: K,
  entries: readonly MeshReport[K][number][],
): string {
  if (entries.length === 0) return `no ${kind}\n`;
  const several = new Set(entries.map(({ process }) => process)).size > 1;
  const columns: Columns<MeshReport[K][number]> = [
    ...(several ? [["PROCESS", ({ process }: { process: string }) => process] as const] : []),
    ...tables[kind],
  ];
  const rows = entries.map((entry) => columns.map(([, cell]) => cell(entry)));
  const numeric = columns.flatMap(([heading], i) =>
    rows.some((row) => typeof row[i] === "number") ? [heading] : [],
  );
  const right = new Set([...numeric, "P50", "P99", "HEALTHY"]);
  const header = columns.map(([heading]) => heading);
  return renderTable(header, rows.map((row) => row.map(cellText)), right); // prettier-ignore
}

/** Everything, but of the hosts only those that are out. */
export function renderOverview(report: MeshReport): string {
  const { clusters, routes, listeners, hosts } = report;
  const out = hosts.filter(({ healthy }) => !healthy);
  const parts = [
    renderKind("listeners", listeners),
    renderKind("routes", routes),
    renderKind("clusters", clusters),
    out.length === 0 ? `no host is out, ${hosts.length} known\n` : renderKind("hosts", out),
    ...remarks(report),
  ];
  return parts.join("\n");
}

function remarks({ noRoutes, registrations, xds }: MeshReport): string[] {
  const lines = [
    ...noRoutes.map(({ router, calls }) => `router ${router}: ${calls} calls matched no route`),
    ...registrations.map(({ service, registry, state, reason }) => {
      const why = reason === "" ? "" : `: ${reason}`;
      return `service ${service} in registry ${registry}: ${state}${why}`;
    }),
    ...xds.map(({ connected, server, problem }) =>
      connected ? `xDS: connected to ${server}` : `xDS: not connected: ${problem}`,
    ),
  ];
  return lines.length === 0 ? [] : [lines.map((line) => `${printable(line)}\n`).join("")];
}

function cellText(cell: string | number): string {
  return typeof cell === "number" ? String(cell) : shortened(printable(cell), maxCell);
}

function latency(ms: number): string {
  return ms === 0 ? "-" : formatMs(ms);
}

/** `3 (UH 2, DT 1)`: answers of the mesh's own, by flag. */
function failureText({ failures }: CallsReport): string {
  const entries = Object.entries(failures).toSorted(([, a], [, b]) => b - a);
  const sum = entries.reduce((total, [, count]) => total + count, 0);
  if (sum === 0) return "0";
  return `${sum} (${entries.map(([flag, count]) => `${flag} ${count}`).join(", ")})`;
}

function breakerText(breaker: BreakerReport | null): string {
  if (breaker === null) return "-";
  if (breaker.probeInMs === null) return breaker.state;
  return `${breaker.state}, probe in ${formatDuration(breaker.probeInMs)}`;
}

function whyText({ why, backInMs }: HostReport): string {
  return backInMs === null ? why : `${why}, back in ${formatDuration(backInMs)}`;
}
