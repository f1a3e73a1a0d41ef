import { type CommandArguments, isSet } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { residentBytes } from "../memory.ts";
import { scrape } from "../metrics/scrape.ts";
import { type Traffic, trafficByProcess } from "../metrics/traffic.ts";
import { readStatus } from "../supervisor/control-client.ts";
import type { SupervisorStatus } from "../supervisor/control-protocol.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { readSubscriptions, renderTroubles } from "../topics/subscriptions.ts";
import { runningRunDir } from "./locate.ts";
import { formatDuration, formatMemory, formatMs, renderTable } from "./table.ts";

/** Time between the two looks that calls per second are counted from, in milliseconds. */
const intervalMs = 400;

/** A process as `layotto status --json` prints it. */
export interface ProcessReport extends ProcessStatus {
  rssBytes: number | null;
  callsPerSecond: number | null;
  errors: number | null;
  p99Ms: number | null;
}

/** `layotto status`. */
export async function run(args: CommandArguments): Promise<number> {
  const status = await readStatus(await runningRunDir(args));
  const [traffic, pubsub] = await Promise.all([readTraffic(status), readSubscriptions(status)]);
  const processes = status.processes.map((process) => report(process, traffic));
  const rssBytes = residentBytes(status.pid);
  const text = isSet(args, "json")
    ? `${JSON.stringify({ ...status, rssBytes, processes, ...pubsub }, null, 2)}\n`
    : render(status, rssBytes, processes) + renderTroubles(pubsub);
  process.stdout.write(text);
  return ExitCode.ok;
}

type TrafficReader = (process: ProcessStatus) => (Traffic & { perSecond: number }) | undefined;

/** Looks twice at the gateway's counters, unless there is no actuator to ask. */
async function readTraffic({ actuator }: SupervisorStatus): Promise<TrafficReader> {
  const before = actuator === null ? undefined : await scrape(actuator);
  if (actuator === null || before === undefined) return () => undefined;
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, intervalMs));
  const after = (await scrape(actuator)) ?? before;
  const seconds = (performance.now() - start) / 1000;
  const [first, last] = [trafficByProcess(before), trafficByProcess(after)];
  return ({ name }) => {
    const now = last.get(name);
    if (now === undefined) return undefined;
    const more = now.calls - (first.get(name)?.calls ?? 0);
    return { ...now, perSecond: Math.max(0, more / seconds) };
  };
}

function report(process: ProcessStatus, traffic: TrafficReader): ProcessReport {
  const seen = traffic(process);
  return {
    ...process,
    rssBytes: process.pid === null ? null : residentBytes(process.pid),
    callsPerSecond: seen === undefined ? null : Math.round(seen.perSecond * 10) / 10,
    errors: seen?.errors ?? null,
    p99Ms: seen?.p99Ms ?? null,
  };
}

const header = [
  "PROCESS",
  "PID",
  "STATE",
  "UPTIME",
  "RESTARTS",
  "MEMORY",
  "CALLS/S",
  "ERRORS",
  "P99",
  "REASON",
];
const right = new Set(["PID", "RESTARTS", "MEMORY", "CALLS/S", "ERRORS", "P99", "UPTIME"]);

function render(
  status: SupervisorStatus,
  rssBytes: number | null,
  processes: readonly ProcessReport[],
): string {
  const show = <T>(value: T | null, format: (value: T) => string): string =>
    value === null ? "-" : format(value);
  const rows = processes.map((p) => [
    p.name,
    show(p.pid, String),
    stateText(p),
    show(p.uptimeMs, formatDuration),
    String(p.restarts),
    show(p.rssBytes, formatMemory),
    show(p.callsPerSecond, (n) => (n < 10 ? String(n) : String(Math.round(n)))),
    show(p.errors, String),
    show(p.p99Ms, formatMs),
    p.reason ?? "",
  ]);
  const memory = show(rssBytes, formatMemory);
  return (
    `supervisor ${status.state}, pid ${status.pid}, up ${formatDuration(status.uptimeMs)}, ${memory}, ` +
    `${status.configFile}\n` +
    `listening on ${status.listen.join(", ") || "-"}, actuator ${status.actuator ?? "-"}\n\n` +
    renderTable(header, rows, right)
  );
}

function stateText(process: ProcessReport): string {
  const health = process.health === null || process.health === "UP" ? "" : ` ${process.health}`;
  const loop = process.crashLoop ? " (crash loop)" : "";
  const draining = process.draining > 0 ? ` +${process.draining} draining` : "";
  return `${process.state}${health}${loop}${draining}`;
}
