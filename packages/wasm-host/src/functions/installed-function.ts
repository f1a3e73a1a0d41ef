import { isDeepStrictEqual } from "node:util";
import { Histogram } from "@layotto/sidecar-kit";
import { Choice } from "./choice.ts";
import type { ActiveVersion, FunctionVersion, KeptVersion } from "./function-version.ts";
import type { FunctionDefinition } from "../model/definition.ts";
import type { FunctionRoute } from "../config/settings.ts";
import { Totals } from "./totals.ts";

/** So many versions that are no longer active are kept for a rollback. */
export const KEPT_VERSIONS = 3;

/** A function: its versions, which of them take calls, and what it has counted. */
export class InstalledFunction {
  readonly name: string;
  definition: FunctionDefinition;
  routes: readonly FunctionRoute[] = [];
  /** Which versions take calls; none: the first module has not been right yet. */
  choice: Choice<FunctionVersion> | undefined;
  /** Why what came last is not in use; undefined: it is. */
  fault: string | undefined;
  /** Instances that were ordered later than the definition. */
  instances: number | undefined;
  /** How often other versions took over. */
  swaps = 0;
  /** Calls that were refused while it rested. */
  rested = 0;
  /** Of calls, and of the phases of filters. */
  readonly durations = new Histogram();
  private active: readonly ActiveVersion[] = [];
  private kept: readonly KeptVersion[] = [];
  private readonly leaving = new Set<FunctionVersion>();
  private readonly gone = new Totals();
  private lastNumber = 0;

  constructor(definition: FunctionDefinition) {
    this.name = definition.name;
    this.definition = definition;
  }

  /** Those that take calls, in the order of the plan. */
  get activeVersions(): readonly ActiveVersion[] {
    return this.active;
  }

  /** Those to go back to, the last active first. */
  get keptVersions(): readonly KeptVersion[] {
    return this.kept;
  }

  nextNumber(): number {
    this.lastNumber++;
    return this.lastNumber;
  }

  /** Other versions take over the calls. Returns those that no longer take any. */
  activate(next: readonly ActiveVersion[]): FunctionVersion[] {
    const staying = new Set(next.map(({ version }) => version));
    const before = this.active.map(({ version }) => version);
    const replaced = before.filter((version) => !staying.has(version));
    if (before.length > 0 && replaced.length > 0) this.swaps++;
    this.active = next;
    this.choice = Choice.of(next.map(({ version, weight }) => ({ target: version, weight })));
    this.keep(replaced);
    for (const version of replaced) this.leaving.add(version);
    return replaced;
  }

  /** What is active, or kept already, is not kept once more. */
  private keep(replaced: readonly FunctionVersion[]): void {
    const kept: KeptVersion[] = [];
    for (const each of [...replaced.map(keptOf), ...this.kept]) {
      const isActive = this.active.some(({ version }) => isSame(version, each));
      if (!isActive && !kept.some((other) => isSame(other, each))) kept.push(each);
    }
    this.kept = kept.slice(0, KEPT_VERSIONS);
  }

  /** A version that was replaced has ended its calls. */
  forget(version: FunctionVersion): void {
    if (!this.leaving.delete(version)) return;
    this.gone.addCounters(version.loaded.stats());
  }

  totals(): Totals {
    const totals = new Totals().merge(this.gone);
    for (const { version } of this.active) totals.add(version.loaded.stats());
    for (const version of this.leaving) totals.add(version.loaded.stats());
    if (this.rested > 0) totals.addFaults("back-off", this.rested);
    return totals;
  }
}

function isSame(a: KeptVersion, b: KeptVersion): boolean {
  if (a.number === b.number) return true;
  return a.sha256 === b.sha256 && isDeepStrictEqual(a.definition, b.definition);
}

/** Lets go of the compiled module. */
function keptOf(version: FunctionVersion): KeptVersion {
  const { number, bytes, sha256, origin, installedAt, definition, id } = version;
  return { number, bytes, sha256, origin, installedAt, definition, id };
}
