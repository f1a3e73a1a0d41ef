/** Runs the cells of the chaos table, as the environment's JSON says; exit code 1 when a promise is broken. */
import type { CellOptions } from "../chaos/cell.ts";
import type { KillName } from "../chaos/kills.ts";
import { type CellReport, runType } from "../chaos/run.ts";
import { legend, tableHead, tableLine } from "../chaos/table.ts";
import { chaosTypes } from "../chaos/types.ts";

/** What `npm run chaos` was asked for. */
interface Asked {
  types: string[];
  kills: string[];
  /** Per type. */
  messages: number;
  keys: number;
  killsPerCell: number;
  perSecond: number;
  seed: number;
}

const asked = JSON.parse(process.argv[2] ?? "{}") as Asked; // tools/chaos.mjs wrote it
const unknown = asked.types.filter((type) => chaosTypes[type] === undefined);
if (unknown.length > 0) {
  console.error(
    `Cannot run type "${unknown.join('", "')}": known are ${Object.keys(chaosTypes).join(", ")}`,
  );
  process.exit(64);
}

let broken = 0;
const skipped: string[] = [];
console.log(`seed ${asked.seed}\n${tableHead()}`);
for (const type of asked.types.length > 0 ? asked.types : Object.keys(chaosTypes)) await show(type);
console.log(`\n${legend}`);
for (const line of skipped) console.log(line);
console.log(broken > 0 ? `${broken} broken promises` : "nothing lost");
process.exitCode = broken > 0 ? 1 : 0;

async function show(type: string): Promise<void> {
  const claim = chaosTypes[type];
  const claimed = claim?.kills ?? [];
  const wanted = claimed.filter((what) => asked.kills.length === 0 || asked.kills.includes(what));
  const reason = claim?.skip();
  if (reason !== false) skipped.push(`skipped: ${type}: ${reason}`);
  if (reason !== false || wanted.length === 0) return;
  try {
    await runType(type, cellsOf(wanted, claimed.length), print);
  } catch (error) {
    broken += 1;
    console.log(`${type}:`, error);
  }
}

/** The messages of a type are split over its cells. */
function cellsOf(
  wanted: readonly KillName[],
  of: number,
): { what: KillName; options: CellOptions }[] {
  const { messages, keys, killsPerCell: kills, seed, perSecond } = asked;
  const share = Math.ceil(messages / of);
  const timing = { patienceMs: 30_000, timeoutMs: 900_000 };
  const options = { messages: share, keys, kills, seed, perSecond, ...timing };
  return wanted.map((what) => ({ what, options }));
}

function print(report: CellReport): void {
  broken += report.faults.length;
  console.log(tableLine(report));
  for (const fault of report.faults) console.log(`  ${fault}`);
  if (report.evidenceDir !== undefined) console.log(`  see ${report.evidenceDir}`);
}
