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
  const { machine: host, rows, checks } = result;
  const lines = [
    `Measured on ${host.date}: Node ${host.node}, ${host.cores} cores of ${host.cpu}, Linux ${host.kernel}.`,
    "All processes and the load generator share these cores: compare ratios and CPU per call.",
    "",
    ...loadTable(rows),
  ];
  if (result.latency) lines.push("", ...latencyTable(result.latency));
  if (checks.length > 0) lines.push("", ...checkTable(checks));
  return `${lines.join("\n")}\n`;
}

function loadTable(rows) {
  const lines = [
    "| call | load | req/s | CPU per call: gateway + sidecar (back end), µs | gRPC OK |",
    "|---|---|---|---|---|",
  ];
  for (const row of rows) {
    const { gateway, sidecar, ...rest } = row.cpu;
    const own = [gateway, sidecar].filter((value) => value !== undefined).map(oneDigit);
    const others = Object.entries(rest).map(([name, value]) => `${name} ${oneDigit(value)}`);
    const cpu = own.join(" + ") + (others.length > 0 ? ` (${others.join(", ")})` : "");
    lines.push(
      `| ${row.name} | ${row.load} | ${thousands(row.perSecond)} | ${cpu} | ${row.statuses} |`,
    );
  }
  return lines;
}

function latencyTable(latency) {
  const lines = ["| latency, µs | p50 | p99 |", "|---|---|---|"];
  for (const [name, { p50, p99 }] of Object.entries(latency)) {
    lines.push(`| ${name} | ${Math.round(p50)} | ${Math.round(p99)} |`);
  }
  return lines;
}

function checkTable(checks) {
  const lines = ["| figure | measured | target | met |", "|---|---|---|---|"];
  for (const { name, shown, target, ok } of checks) {
    lines.push(`| ${name} | ${shown} | ${target} | ${yesNo(ok)} |`);
  }
  return lines;
}
