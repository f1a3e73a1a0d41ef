import type { Call, Caller } from "./callers.ts";
import { ONCE } from "./hosts-messages.ts";
import { type Tally, tallyText } from "./steady-load.ts";

/** Callers that each begin their next call when the last one has ended. */
export class ClosedLoop {
  readonly tally: Tally = { calls: 0, failed: 0, errors: new Map() };
  readonly #loops: Promise<void>[] = [];
  #running = true;
  #number = 0;

  /** Every other caller makes calls that must not run twice. */
  constructor(callers: readonly Caller[], count: number) {
    for (let i = 0; i < count; i += 1) {
      const caller = callers[i % callers.length];
      if (caller === undefined) throw new Error("no callers");
      const once = Math.floor(i / callers.length) % 2 === 1;
      this.#loops.push(this.#run(caller.name, once ? caller.create : caller.get, once ? ONCE : ""));
    }
  }

  /** @throws Error when a call has failed, with what and how often */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
    if (this.tally.failed > 0) throw new Error(tallyText(this.tally));
  }

  async #run(name: string, call: Call, prefix: string): Promise<void> {
    const { tally } = this;
    while (this.#running) {
      tally.calls += 1;
      try {
        await call(`${prefix}${name}-loop-${(this.#number += 1)}`);
      } catch (error) {
        tally.failed += 1;
        const text = `${name}${prefix === "" ? "" : " once"}: ${String(error)}`.replaceAll(/\d{4,}/g, "N").slice(0, 160); // prettier-ignore
        tally.errors.set(text, (tally.errors.get(text) ?? 0) + 1);
      }
    }
  }
}
