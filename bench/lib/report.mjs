import { cpus, release, totalmem } from "node:os";

const number = new Intl.NumberFormat("en");

/** A count in thousands, e.g. `181 k`. */
export const thousands = (value) => `${number.format(Math.round(value / 100) / 10)} k`;
export const oneDigit = (value) => value.toFixed(1);
const yesNo = (ok) => (ok ? "yes" : "**no**");

/** Machine and versions, for the head of a report. */
export function machine() {
  const list = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    kernel: release(),
    cores: list.length,
    cpu: list[0]?.model ?? "?",
    memoryGib: Math.round(totalmem() / 2 ** 30),
  };
}

/** The report in Markdown. */
export function markdown(result) {
  const { machine: host, rows, checks, latency, memory, notes } = result;
  const loads = [host.loadBefore, host.loadAfter].map((load) => load?.toFixed(1)).join(" and ");
  const lines = [
    `Measured on ${host.date}: Node ${host.node}, ${host.cores} cores of ${host.cpu}, Linux ${host.kernel}; load ${loads} before and after.`,
    "All processes and the load generator share these cores: compare ratios and CPU per call.",
    ...section(rows, loadTable),
    ...section(Object.entries(latency), latencyTable),
    ...section(Object.entries(memory), memoryTable),
    ...section(checks, checkTable),
    ...section(notes, (all) => all.map((note) => `- ${note}`)),
  ];
  return `${lines.join("\n")}\n`;
}

function section(entries, render) {
  return entries.length === 0 ? [] : ["", ...render(entries)];
}

function loadTable(rows) {
  const lines = [
    "| call | load | req/s | CPU per call: gateway + sidecar (back end), µs | gRPC OK | CPU taken by others |",
    "|---|---|---|---|---|---|",
  ];
  for (const { name, load, perSecond, cpu, statuses, othersPercent } of rows) {
    const { gateway, sidecar, ...rest } = cpu;
    const own = [gateway, sidecar].filter((value) => value !== undefined).map(oneDigit);
    const backEnds = Object.entries(rest).map(([back, value]) => ` (${back} ${oneDigit(value)})`);
    const others = othersPercent === undefined ? "" : `${Math.round(othersPercent)} %`;
    const shownCpu = own.join(" + ") + backEnds.join("");
    lines.push(
      `| ${name} | ${load} | ${thousands(perSecond)} | ${shownCpu} | ${statuses} | ${others} |`,
    );
  }
  return lines;
}

function memoryTable(processes) {
  const times = Object.keys(processes[0]?.[1] ?? {});
  const mib = ({ pss, rss }) => `${oneDigit(pss / 1024)} (${oneDigit(rss / 1024)})`;
  return [
    `| PSS (RSS), MiB | ${times.join(" | ")} |`,
    `|---|${times.map(() => "---|").join("")}`,
    ...processes.map(
      ([name, at]) => `| ${name} | ${times.map((time) => mib(at[time])).join(" | ")} |`,
    ),
  ];
}

function latencyTable(latency) {
  const lines = ["| latency, µs | p50 | p99 |", "|---|---|---|"];
  for (const [name, { p50, p99 }] of latency) {
    lines.push(`| ${name} | ${Math.round(p50)} | ${Math.round(p99)} |`);
  }
  return lines;
}

function checkTable(checks) {
  const lines = ["| figure | measured | target | met |", "|---|---|---|---|"];
  for (const { name, shown, target, ok, atLeast } of checks) {
    const wanted = `${atLeast ? "≥" : "≤"} ${number.format(target)}`;
    lines.push(`| ${name} | ${shown} | ${wanted} | ${yesNo(ok)} |`);
  }
  return lines;
}
