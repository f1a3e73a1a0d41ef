import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Arrival } from "./arrival.ts";
import type { CellResult } from "./cell.ts";

/** Most entries of a list in a report. */
const MOST = 1000;

/** Writes all that is known of a cell into a new folder, which stays; returns its path. */
export function keepEvidence(
  result: CellResult,
  faults: readonly string[],
  output: string,
): string {
  const { type, what, evidence, verdict, publishFailures } = result;
  const dir = mkdtempSync(join(tmpdir(), `layotto-chaos-${type}-${what}-`));
  const report = {
    faults,
    kills: evidence.kills.map((kill) => ({ ...kill, time: time(kill.at) })),
    publishFailures: Object.fromEntries(publishFailures),
    lost: verdict.lost.slice(0, MOST).map((each) => ({
      ...each,
      firstTime: time(each.firstAt),
      acknowledgedTime: time(each.acknowledgedAt ?? 0),
    })),
    orderBreaks: verdict.orderBreaks.slice(0, MOST).map(({ arrival, overtaken }) => ({
      overtaken,
      ...arrival,
      time: time(arrival.at),
    })),
    unexplained: verdict.duplicates.unexplained.slice(0, MOST).map((each) => ({
      ...each,
      time: time(each.at),
      all: sameMessage(evidence.arrivals, each),
    })),
    foreign: verdict.foreign.slice(0, MOST),
  };
  writeFileSync(join(dir, "report.json"), JSON.stringify(report, null, 2));
  const published = [...evidence.publications.values()].flat();
  writeFileSync(
    join(dir, "published.json"),
    published.map((each) => JSON.stringify(each)).join("\n"),
  );
  copyFileSync(result.journal, join(dir, "arrived.txt"));
  writeFileSync(join(dir, "layotto.log"), output);
  writeFileSync(join(dir, "app.log"), result.appOutput);
  return dir;
}

function sameMessage(arrivals: readonly Arrival[], { key, seq }: Arrival): Arrival[] {
  return arrivals.filter((each) => each.key === key && each.seq === seq);
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
