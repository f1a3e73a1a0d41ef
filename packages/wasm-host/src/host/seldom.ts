import type { Clock } from "@layotto/sidecar-kit";

/** How long a line that was written is not written again, ms. */
const QUIET_MS = 60_000;
/** Different lines that one function may cause in that time. */
const MAX_LINES = 20;

interface Written {
  since: number;
  readonly keys: Set<string>;
}

/** Keeps log lines that guests cause rare: a module can fail a million times a second, always for another reason. */
export class Seldom {
  readonly #clock: Clock;
  readonly #functions = new Map<string, Written>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a line about this fact may be written now: the first one in a minute, of the first twenty of a function. */
  allows(name: string, fact: string): boolean {
    const now = this.#clock.now();
    let written = this.#functions.get(name);
    if (written === undefined || now - written.since >= QUIET_MS) {
      written = { since: now, keys: new Set() };
      this.#functions.set(name, written);
    }
    if (written.keys.size >= MAX_LINES || written.keys.has(fact)) return false;
    written.keys.add(fact);
    return true;
  }

  /** The function is gone. */
  forget(name: string): void {
    this.#functions.delete(name);
  }
}
