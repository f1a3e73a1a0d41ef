import { measureFor } from "../harness/wait.ts";
import type { Caller } from "./callers.ts";
import { ONCE } from "./hosts-messages.ts";

/** Time between two batches of calls, ms. */
const tickMs = 5;
/** So that a late timer is not followed by a flood. */
const maxBatch = 50;

/** What became of the calls of a time. */
export interface Tally {
  calls: number;
  failed: number;
  /** How often each error came. */
  errors: Map<string, number>;
}

/** Calls of one caller at a constant rate, answered or not. */
export class SteadyLoad {
  readonly caller: Caller;
  /** Calls that may run twice, since the last {@link mark}. */
  gets: Tally = emptyTally();
  /** Calls that must not. */
  creates: Tally = emptyTally();
  readonly #perSecond: number;
  readonly #createsPerSecond: number;
  readonly #pending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #issued = 0;
  #created = 0;

  constructor(caller: Caller, perSecond: number, createsPerSecond: number) {
    this.caller = caller;
    this.#perSecond = perSecond;
    this.#createsPerSecond = createsPerSecond;
  }

  /** Calls under way. */
  get pending(): number {
    return this.#pending.size;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Counts anew: calls that begin from now on. */
  mark(): void {
    this.gets = emptyTally();
    this.creates = emptyTally();
  }

  /** Begins no more calls; resolves when all have ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
  }

  #tick(): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const due = Math.floor(seconds * this.#perSecond) - this.#issued;
    this.#issued += due;
    for (let i = 0; i < Math.min(due, maxBatch); i += 1) this.#call(this.gets, "", this.caller.get);
    const createsDue = Math.floor(seconds * this.#createsPerSecond) - this.#created;
    this.#created += createsDue;
    for (let i = 0; i < Math.min(createsDue, maxBatch); i += 1) this.#call(this.creates, ONCE, this.caller.create); // prettier-ignore
  }

  #call(tally: Tally, prefix: string, call: (id: string) => Promise<void>): void {
    tally.calls += 1;
    const id = `${prefix}${this.caller.name}-${(number += 1)}`;
    const pending: Promise<void> = call(id)
      .catch((error: unknown) => {
        tally.failed += 1;
        const text = String(error).replaceAll(/\d{4,}/g, "N").slice(0, 160); // prettier-ignore
        tally.errors.set(text, (tally.errors.get(text) ?? 0) + 1);
      })
      .finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
  }
}

/** Every so many calls that may run twice there is one that must not. */
const getsPerCreate = 10;

/** Loads of all callers, and their rate. */
export interface CarriedLoads {
  readonly loads: readonly SteadyLoad[];
  readonly rate: number;
}

/**
 * Starts loads at the first of the rates that the machine carries while nothing is wrong: beyond it calls queue up and
 * run out of time, whatever the hosts do. Takes the last one as it is.
 */
export async function startCarried(
  callers: readonly Caller[],
  rates: readonly number[],
): Promise<CarriedLoads> {
  for (const [i, rate] of rates.entries()) {
    const loads = callers.map((caller) => new SteadyLoad(caller, rate, rate / getsPerCreate));
    for (const load of loads) load.start();
    // Fresh processes are slow until their code is compiled.
    await measureFor(1000);
    for (const load of loads) load.mark();
    await measureFor(500);
    const isCarried = loads.every(({ gets, pending }) => gets.failed === 0 && pending <= rate / 10);
    if (isCarried || i === rates.length - 1) return { loads, rate };
    await Promise.all(loads.map((load) => load.stop()));
  }
  throw new Error("no rate is given");
}

let number = 0;

function emptyTally(): Tally {
  return { calls: 0, failed: 0, errors: new Map() };
}

/** One line for people. */
export function tallyText({ calls, failed, errors }: Tally): string {
  const worst = [...errors].sort((a, b) => b[1] - a[1]).slice(0, 3);
  return `${calls - failed} of ${calls} well${worst.map(([text, count]) => `; ${count} × ${text}`).join("")}`;
}
