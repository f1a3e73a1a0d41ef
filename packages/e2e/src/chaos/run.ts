import { Scope } from "../harness/scope.ts";
import { type CellOptions, type CellResult, runCell } from "./cell.ts";
import { keepEvidence } from "./keep-evidence.ts";
import type { KillName } from "./kills.ts";
import { chaosTypes } from "./types.ts";
import { type World, startWorld } from "./world.ts";

/** A cell that is over. */
export interface CellReport {
  readonly result: CellResult;
  /** What is not as promised; empty = all is well. */
  readonly faults: readonly string[];
  /** Folder with everything that is known, when something is not as promised. */
  readonly evidenceDir: string | undefined;
}

/** Of the processes' output in an error, characters. */
const MOST_OUTPUT = 4000;

/** Runs one cell and says what is not as promised. */
export async function reportCell(
  world: World,
  what: KillName,
  options: CellOptions,
): Promise<CellReport> {
  let report: CellReport | undefined;
  const run = runCell(world, what, options, (result) => {
    const faults = faultsOf(result, options);
    const evidenceDir =
      faults.length > 0 ? keepEvidence(result, faults, world.layotto.output()) : undefined;
    report = { result, faults, evidenceDir };
  });
  await run.catch((cause: unknown) => {
    const said = world.layotto.output().slice(-MOST_OUTPUT);
    throw new Error(`The cell "${world.type}, ${what}" did not end well; layotto said:\n${said}`, {
      cause,
    });
  });
  if (report === undefined) throw new Error("the cell ended without a result");
  return report;
}

/** Runs cells of a type, one after another, on one broker and one runtime. */
export async function runType(
  type: string,
  cells: readonly { what: KillName; options: CellOptions }[],
  onReport: (report: CellReport, settings: string) => void,
): Promise<void> {
  const scope = new Scope();
  try {
    const world = await startWorld(scope, type);
    for (const { what, options } of cells) {
      onReport(await reportCell(world, what, options), world.broker.settings);
    }
  } finally {
    await scope.close();
  }
}

/** Broken promises of a cell, one line each. */
function faultsOf({ verdict, evidence, type }: CellResult, options: CellOptions): string[] {
  const { acknowledged, lost, orderBreaks, duplicates, foreign, mostAttempts } = verdict;
  const faults: string[] = [];
  const add = (isBad: boolean, text: string): void => void (isBad && faults.push(text));
  const { kills } = evidence;
  const stuck = kills.filter(({ overAt }) => overAt === undefined).length;
  add(lost.length > 0, `${lost.length} of ${acknowledged} acknowledged messages are lost`);
  add(
    acknowledged < options.messages,
    `only ${acknowledged} of ${options.messages} were published`,
  );
  add(kills.length < options.kills, `only ${kills.length} of ${options.kills} kills were done`);
  add(stuck > 0, `work did not go on after ${stuck} of ${kills.length} kills`);
  add(foreign.length > 0, `${foreign.length} events arrived that nobody published`);
  add(
    mostAttempts > 2,
    `an event had ${mostAttempts} attempts, where the app refuses it once at most`,
  );
  const keepsOrder = chaosTypes[type]?.keepsOrder ?? false;
  add(
    keepsOrder && orderBreaks.length > 0,
    `${orderBreaks.length} events overtook another of their key`,
  );
  const { unexplained } = duplicates;
  add(unexplained.length > 0, `${unexplained.length} events came twice without a reason`);
  return faults;
}
