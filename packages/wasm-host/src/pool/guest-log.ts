import type { Logger } from "@layotto/sidecar-kit";
import type { GuestFault } from "../model/fault.ts";
import type { RunningVersion } from "./running-version.ts";

/** Lines per function and second; what is more is counted. */
const LINES_PER_SECOND = 100;

/** Levels of proxy-wasm in the logger's words. */
const levels = ["trace", "debug", "info", "warn", "error", "error"] as const;

interface Budget {
  second: number;
  lines: number;
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
  line(version: RunningVersion | undefined, level: number, message: string): void {
    if (version === undefined || !this.#take(version)) return;
    const name = levels[level] ?? "info";
    this.#logger[name]({ function: version.definition.name }, message);
  }

  fault(version: RunningVersion, { kind, message }: GuestFault): void {
    if (!this.#take(version)) return;
    const { name } = version.definition;
    this.#logger.warn({ function: name, version: version.version, fault: kind }, message);
  }

  forget(version: RunningVersion): void {
    this.#budgets.delete(version.version);
  }

  #take({ version, definition }: RunningVersion): boolean {
    const second = Math.floor(performance.now() / 1000);
    let budget = this.#budgets.get(version);
    if (budget?.second !== second) {
      const dropped = budget?.dropped ?? 0;
      if (dropped > 0) this.#logger.warn({ function: definition.name }, `${dropped} lines were dropped: more than ${LINES_PER_SECOND} in one second`); // prettier-ignore
      budget = { second, lines: 0, dropped: 0 };
      this.#budgets.set(version, budget);
    }
    if (++budget.lines <= LINES_PER_SECOND) return true;
    budget.dropped++;
    return false;
  }
}
