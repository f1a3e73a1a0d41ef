import { Histogram, type Logger } from "@layotto/sidecar-kit";
import type { ExtensionSettings } from "@layotto/sidecar-kit/extension";
import { hookClock } from "./hook-clock.ts";

/** One entry of `gateway.hooks`, as it is configured. */
export interface HookConfig {
  /** `package.Service/Method` or `package.Service/*`, a slash before it or not. */
  readonly method: string;
  readonly when: "before" | "after" | "both";
  readonly function: string;
  /** Whether the function sees the message. */
  readonly body: boolean;
  /** Longest time of one phase, ms. */
  readonly timeout: number;
  readonly on_failure: "closed" | "open";
}

/** What has come of a hook so far. */
export class HookCounters {
  /** Phases, however they ended. */
  readonly latency = new Histogram();
  answered = 0;
  denied = 0;
  failed = 0;
}

/** How often at most a hook that fails is named in the log, ms. */
const logEveryMs = 10_000;

/** One function around the calls of a method. */
export class Hook {
  readonly config: HookConfig;
  /** Place in the configuration. */
  readonly index: number;
  readonly counters = new HookCounters();
  /** What its function is asked with. */
  readonly extension: ExtensionSettings;
  readonly #logger: Logger;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  constructor(config: HookConfig, index: number, logger: Logger) {
    this.config = config;
    this.index = index;
    const { latency } = this.counters;
    this.extension = { function: config.function, clock: hookClock, latency };
    this.#logger = logger;
  }

  /** Counts a failure and names it in the log, now and then. */
  failed(path: string, why: string): void {
    this.counters.failed += 1;
    const now = performance.now();
    if (now - this.#loggedAt < logEveryMs) {
      this.#unlogged += 1;
      return;
    }
    const { function: name, on_failure: policy } = this.config;
    const fields = { function: name, method: path, policy, why, more: this.#unlogged };
    this.#loggedAt = now;
    this.#unlogged = 0;
    this.#logger.warn(fields, "hook failed");
  }
}

/** What runs around the calls of one method. */
export interface MethodHooks {
  /** In the order in which they run. */
  readonly before: readonly Hook[];
  /** In the order in which they run. */
  readonly after: readonly Hook[];
  /** Whether a hook before the call wants its first message. */
  readonly readsRequest: boolean;
  /** Whether a hook after the call wants the reply. */
  readonly readsReply: boolean;
}
