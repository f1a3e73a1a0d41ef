import { defaultLimits } from "../../model/definition.ts";
import { quote } from "../../module/refuse.ts";
import { type GrantKey, grantExamples } from "./grants.ts";
import type { InspectedImport, Inspection } from "./inspection.ts";

/** An inspection as text for people. */
export function renderInspection(inspection: Inspection): string {
  const { file, imports, exports, problems } = inspection;
  const lines = [
    plain(file),
    ...facts(inspection).map(([name, value]) => `  ${name.padEnd(10)} ${value}`),
    "",
    ...section("Imports", imports.map(importRow)),
    ...section(
      "Exports",
      exports.map(({ name, type }) => [plain(name), type, ""]),
    ),
    ...grantLines(inspection),
    ...problems.map(({ reason, message }) => `✖ ${reason}: ${message}`),
  ];
  if (problems.length === 0) lines.push("✔ it can be installed");
  return `${lines.join("\n")}\n`;
}

function facts(inspection: Inspection): [string, string][] {
  const { bytes, sha256, abi, producers, functions } = inspection;
  return [
    ["size", `${bytes} octets`],
    ["sha256", sha256],
    ["interface", abi ?? "none that this host knows"],
    ["memory", memoryText(inspection)],
    ["functions", String(functions)],
    ["made by", producers.length === 0 ? "it does not say" : producers.map(plain).join(", ")],
  ];
}

function memoryText({ memory }: Inspection): string {
  if (memory === undefined) return "none";
  const most =
    memory.maximum === undefined ? "no maximum of its own" : `at most ${mebibytes(memory.maximum)}`;
  const where = memory.imported ? ", imported" : "";
  const limit = defaultLimits.memoryBytes / 1024 ** 2;
  return `begins with ${mebibytes(memory.initial)}, ${most}${where}; the default limit is ${limit} MiB`;
}

function mebibytes(pages: number): string {
  return `${Number((pages / 16).toFixed(2))} MiB`;
}

function importRow(each: InspectedImport): string[] {
  const note = each.known
    ? each.grants.map((key) => `needs capabilities.${key}`).join(", ")
    : "not offered by this host";
  return [plain(`${each.module}.${each.name}`), each.type, note];
}

function section(title: string, rows: readonly string[][]): string[] {
  if (rows.length === 0) return [`${title}: none`, ""];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [`${title}:`, ...lines.map((line) => `  ${line}`), ""];
}

/** What to write into the configuration so that it can do what it was made for. */
function grantLines({ grants, foreignFunctions }: Inspection): string[] {
  const keys = Object.entries(grants) as [GrantKey, string[]][];
  const lines = keys.map(
    ([key, names]) => `  ${key}: [${quote(grantExamples[key])}]  # for ${names.join(", ")}`,
  );
  if (foreignFunctions)
    lines.push("  # it may call the Runtime API by proxy_call_foreign_function as well");
  if (lines.length === 0) return ["Needs no grant", ""];
  return [
    "Needs in its entry of the configuration, names as you have them:",
    "  capabilities:",
    ...lines.map((line) => `  ${line}`),
    "",
  ];
}

/** A name without characters that a terminal acts on. */
function plain(name: string): string {
  const quoted = quote(name);
  return quoted === `"${name}"` ? name : quoted;
}
