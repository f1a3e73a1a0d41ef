import type { Logger } from "@layotto/sidecar-kit";
import type { GuestFault } from "../model/fault.ts";
import type { LoadedVersion } from "../model/engine.ts";

/** Lines per function and second; what is more is counted. */
const LINES_PER_SECOND = 100;

/** Faults per function and second: lines of the guest do not push them out. */
const FAULTS_PER_SECOND = 20;

/** Levels of proxy-wasm in the logger's words. */
const levels = ["trace", "debug", "info", "warn", "error", "error"] as const;

interface Budget {
  second: number;
  lines: number;
  faults: number;
  dropped: number;
}

/** What guests log, and how they end: no guest can fill a disk with it. */
export class GuestLog {
  readonly #logger: Logger;
  readonly #budgets = new Map<number, Budget>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Lowest level that is written at present; past the last one when none is. */
  level(): number {
    const at = levels.findIndex((level) => this.#logger.isEnabled(level));
    return at < 0 ? levels.length : at;
  }

  /** @param level 0 trace … 5 critical */
  line(version: LoadedVersion | undefined, level: number, message: string): void {
    if (version === undefined || !this.#take(version)) return;
    const name = levels[level] ?? "info";
    this.#logger[name]({ function: version.definition.name }, message);
  }

  fault(version: LoadedVersion, { kind, message }: GuestFault): void {
    const budget = this.#budget(version);
    if (++budget.faults > FAULTS_PER_SECOND) return void budget.dropped++;
    const { name } = version.definition;
    this.#logger.warn({ function: name, version: version.version, fault: kind }, message);
  }

  forget(version: LoadedVersion): void {
    this.#budgets.delete(version.version);
  }

  #take(version: LoadedVersion): boolean {
    const budget = this.#budget(version);
    if (++budget.lines <= LINES_PER_SECOND) return true;
    budget.dropped++;
    return false;
  }

  #budget({ version, definition }: LoadedVersion): Budget {
    const second = Math.floor(performance.now() / 1000);
    let budget = this.#budgets.get(version);
    if (budget?.second !== second) {
      const dropped = budget?.dropped ?? 0;
      if (dropped > 0) this.#logger.warn({ function: definition.name }, `${dropped} lines were dropped: too many in one second`); // prettier-ignore
      budget = { second, lines: 0, faults: 0, dropped: 0 };
      this.#budgets.set(version, budget);
    }
    return budget;
  }
}
