import type { Labels, MetricFamily } from "@layotto/sidecar-kit";
import { flowFamilies } from "./families.ts";
import type { FlowSettings } from "./metadata.ts";
import { RuleBook } from "./book.ts";

/** What {@link FlowControl} needs beside its settings. */
export interface FlowOptions {
  /** Milliseconds with fractions that never step. Default: `performance.now`. */
  readonly clock?: { monotonic(): number };
  /** Memory in use, bytes, for rules that follow it; asked once a second at most. Default: resident set size. */
  readonly usedBytes?: () => number;
}

const realTime = { monotonic: () => performance.now() };
const memorySampleMs = 1000;

/** Limits calls by flow rules. A check makes no object and takes the same time whatever the number of rules. */
export class FlowControl {
  readonly #clock: { monotonic(): number };
  readonly #usedBytes: () => number;
  #settings: FlowSettings;
  #book: RuleBook;
  #generation = 1;
  #needsMemory: boolean;
  #memory = 0;
  #memoryUntil = Number.NEGATIVE_INFINITY;

  /** @param settings checked by the schema and by `checkFlow` */
  constructor(settings: FlowSettings, options: FlowOptions = {}) {
    this.#clock = options.clock ?? realTime;
    this.#usedBytes = options.usedBytes ?? (() => process.memoryUsage.rss());
    this.#settings = settings;
    this.#book = new RuleBook(settings.rules, this.#generation);
    this.#needsMemory = followsMemory(settings);
  }

  /** The settings in force. */
  get settings(): FlowSettings {
    return this.#settings;
  }

  /** Number of the present rules, to be given to {@link done}; 0 while they do not act. */
  get generation(): number {
    return this.#settings.global_switch ? this.#generation : 0;
  }

  /**
   * May a call pass? One that may is counted. With `monitor` every call may.
   *
   * @param resource e.g. the path of a gRPC method
   * @param caller who calls, for rules that tell callers apart; undefined: unknown
   * @returns 0: it may; above 0: it may after waiting so many ms; below 0: it must be refused
   */
  check(resource: string, caller: string | undefined): number {
    if (!this.#settings.global_switch) return 0;
    const entry = this.#book.find(resource);
    if (entry === undefined) return 0;
    const nowMs = this.#clock.monotonic();
    const verdict = entry.check(caller, nowMs, this.#needsMemory ? this.#usedMemory(nowMs) : 0);
    if (!this.#settings.monitor) return verdict;
    if (verdict < 0) entry.tolerate(caller);
    return 0;
  }

  /**
   * A call that {@link check} let pass has ended. Needed where rules limit calls in progress.
   *
   * @param generation that of {@link generation} when the call was checked
   */
  done(resource: string, caller: string | undefined, generation: number): void {
    if (generation > 0) this.#book.find(resource)?.leave(caller, generation);
  }

  /** Replaces the settings at once; rules that stay, be it with other thresholds, keep what they have counted. */
  update(settings: FlowSettings): void {
    this.#generation += 1;
    this.#book = new RuleBook(settings.rules, this.#generation, this.#book);
    this.#settings = settings;
    this.#needsMemory = followsMemory(settings);
  }

  /**
   * What happened per limited resource, for `Metrics.addSource`.
   *
   * @param labels tell this one from others of the process, e.g. the listener. Default: none
   */
  families(labels: Labels = {}): MetricFamily[] {
    return flowFamilies(this.#book.counted(), labels);
  }

  #usedMemory(nowMs: number): number {
    if (nowMs >= this.#memoryUntil) {
      this.#memory = this.#usedBytes();
      this.#memoryUntil = nowMs + memorySampleMs;
    }
    return this.#memory;
  }
}

function followsMemory({ rules }: FlowSettings): boolean {
  return rules.some((rule) => rule.tokenCalculateStrategy === 2);
}
