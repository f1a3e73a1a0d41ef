import type { Limit } from "./rule.ts";
import { BLOCKED } from "./shaper.ts";
import type { PassWindow } from "./window.ts";

const passed = 0;
const blocked = 1;
const delayed = 2;
const waited = 3;

/** What happened to the calls of one resource. */
export class Counters {
  readonly #cells = new Float64Array(4);

  /** Calls that passed, at once or later. */
  get passed(): number {
    return this.#cells[passed] ?? 0;
  }

  /** Calls that were refused, or would have been. */
  get blocked(): number {
    return this.#cells[blocked] ?? 0;
  }

  /** Calls that had to wait, among those that passed. */
  get delayed(): number {
    return this.#cells[delayed] ?? 0;
  }

  /** Time that they had to wait, all together, ms. */
  get waitedMs(): number {
    return this.#cells[waited] ?? 0;
  }

  countPass(waitMs: number): void {
    this.#add(passed, 1);
    if (waitMs <= 0) return;
    this.#add(delayed, 1);
    this.#add(waited, waitMs);
  }

  countBlock(): void {
    this.#add(blocked, 1);
  }

  #add(cell: number, amount: number): void {
    this.#cells[cell] = (this.#cells[cell] ?? 0) + amount;
  }
}

/** One resource: the rules that limit it, and the rules of others that count its calls. */
export class Entry {
  readonly counters: Counters;
  readonly #limits: readonly Limit[];
  readonly #countedFor: readonly PassWindow[];

  constructor(limits: readonly Limit[], countedFor: readonly PassWindow[], counters: Counters) {
    this.#limits = limits;
    this.#countedFor = countedFor;
    this.counters = counters;
  }

  /** Whether a rule is about this resource. */
  get limited(): boolean {
    return this.#limits.length > 0;
  }

  /** All rules are asked before any counts, so that a refused call takes nothing from a rule that would let it pass. */
  check(caller: string | undefined, nowMs: number, usedBytes: number): number {
    let waitMs = 0;
    for (const limit of this.#limits) {
      const verdict = limit.shaper(caller)?.verdict(limit.rule.terms, nowMs, usedBytes) ?? 0;
      if (verdict < 0) {
        this.counters.countBlock();
        return BLOCKED;
      }
      if (verdict > waitMs) waitMs = verdict;
    }
    this.#count(caller, nowMs, usedBytes);
    this.counters.countPass(waitMs);
    return waitMs;
  }

  /** A call goes on although a rule forbids it. */
  tolerate(caller: string | undefined): void {
    for (const limit of this.#limits) limit.shaper(caller)?.tolerate();
  }

  /** A call that began in `generation` has ended. */
  leave(caller: string | undefined, generation: number): void {
    for (const limit of this.#limits) {
      const shaper = limit.shaper(caller);
      if (shaper !== undefined && shaper.born <= generation) shaper.leave();
    }
  }

  #count(caller: string | undefined, nowMs: number, usedBytes: number): void {
    for (const limit of this.#limits) {
      const { rule } = limit;
      const shaper = limit.shaper(caller);
      if (shaper === undefined) continue;
      const waitMs = rule.terms.throttles ? shaper.verdict(rule.terms, nowMs, usedBytes) : 0;
      shaper.pass(rule.terms, nowMs, waitMs, rule.refResource === undefined);
    }
    for (const window of this.#countedFor) window.add(nowMs);
  }
}
