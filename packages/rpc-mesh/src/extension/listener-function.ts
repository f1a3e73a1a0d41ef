import { Histogram, type Logger } from "@layotto/sidecar-kit";
import type { ExtensionSettings } from "@layotto/sidecar-kit/extension";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { meshFailure } from "../call/statuses.ts";
import type { MeshClock } from "../clock.ts";
import type { FunctionConfig } from "../model/listener.ts";
import type { ExtensionClient } from "./extension-client.ts";
import { FunctionRun } from "./function-run.ts";

/** How often at most a function that fails is named in the log, ms. */
const LOG_EVERY_MS = 10_000;

/** So many phases in a row without an answer, and a function that calls can do without is left alone for a moment. */
const MAX_MISSES = 5;
/** How long, ms. */
const REST_MS = 1000;

/** What a function does for a listener. */
export type Part = "filter" | "route" | "host";

/** What functions are run with. */
export interface FunctionTools {
  readonly client: ExtensionClient;
  readonly clock: MeshClock;
  readonly logger: Logger;
}

/** What has come of a function so far. */
export class FunctionCounters {
  /** Phases, however they ended. */
  readonly latency = new Histogram();
  /** Calls that it answered itself. */
  answered = 0;
  failed = 0;
  /** Calls that went on without it because it has not answered time and again. */
  skipped = 0;
  /** Hosts that it named and that were not among those it was told of. */
  ignored = 0;
}

/** A function as one listener uses it. */
export class ListenerFunction {
  readonly listener: string;
  readonly part: Part;
  readonly config: FunctionConfig;
  /** It sees bodies. */
  readonly body: boolean;
  readonly tools: FunctionTools;
  readonly counters = new FunctionCounters();
  /** What it is asked with. */
  readonly extension: ExtensionSettings;
  private loggedAt = Number.NEGATIVE_INFINITY;
  private unlogged = 0;
  private misses = 0;
  private restsUntil = 0;

  constructor(
    listener: string,
    part: Part,
    config: FunctionConfig & { readonly body?: boolean },
    tools: FunctionTools,
  ) {
    this.listener = listener;
    this.part = part;
    this.config = config;
    this.body = config.body === true;
    this.tools = tools;
    const { latency } = this.counters;
    this.extension = { function: config.function, clock: tools.clock, latency };
  }

  /** Beside a new call. */
  start(): FunctionRun {
    return new FunctionRun(this);
  }

  /** Whether calls go on without it for now: never where they need it. */
  get rests(): boolean {
    return this.misses >= MAX_MISSES && this.tools.clock.monotonic() < this.restsUntil;
  }

  /** It has answered. */
  heard(): void {
    this.misses = 0;
  }

  /** It has not answered. */
  missed(): void {
    this.misses++;
    if (this.config.onFailure === "open") this.restsUntil = this.tools.clock.monotonic() + REST_MS;
  }

  /** Its phase has failed. Returns what the call ends with; undefined: it goes on. */
  failed(why: string): MeshFailure | undefined {
    this.counters.failed++;
    this.log(why);
    const { function: name, onFailure } = this.config;
    if (onFailure === "open") return undefined;
    return meshFailure(Reason.FUNCTION, `function "${name}" of listener "${this.listener}" failed: ${why}`);
  } // prettier-ignore

  private log(why: string): void {
    const now = this.tools.clock.monotonic();
    if (now - this.loggedAt < LOG_EVERY_MS) {
      this.unlogged++;
      return;
    }
    const { function: name, onFailure: policy } = this.config;
    const { listener, part, unlogged: more } = this;
    this.loggedAt = now;
    this.unlogged = 0;
    this.tools.logger.warn({ function: name, listener, part, policy, why, more }, "function failed"); // prettier-ignore
  }
}
