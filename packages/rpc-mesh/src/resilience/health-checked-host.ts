import type { Timer } from "@layotto/sidecar-kit";
import type { MeshClock, Random } from "../clock.ts";
import type { HealthCheckConfig } from "../model/cluster.ts";
import type { ProbeDone } from "./health-probes.ts";

/** The first check of a host comes within this time. */
const FIRST_WITHIN_MS = 1000;
/** Checks are up to this share of the interval early or late. */
const JITTER = 0.1;

/** What the checks of one host need. */
export interface CheckedHostOptions {
  readonly clock: MeshClock;
  readonly random: Random;
  /** Asks once; `done` gets what is wrong. Returns how to give up. */
  readonly probe: (done: ProbeDone) => () => void;
  /** Told whenever a threshold is reached. */
  readonly judged: (healthy: boolean, fault: string) => void;
}

/** The checks of one host, one after the other. */
export class HealthCheckedHost {
  /** What was wrong at the last check; empty: nothing. */
  fault = "";
  private readonly config: HealthCheckConfig;
  private readonly options: CheckedHostOptions;
  /** Equal results in a row: good ones positive, bad ones negative. */
  private streak = 0;
  private closed = false;
  private timer: Timer;
  private giveUp: (() => void) | undefined;

  constructor(config: HealthCheckConfig, options: CheckedHostOptions) {
    this.config = config;
    this.options = options;
    const within = Math.min(FIRST_WITHIN_MS, config.intervalMs);
    this.timer = options.clock.after(options.random() * within, () => this.check());
  }

  close(): void {
    this.closed = true;
    this.timer.cancel();
    this.giveUp?.();
  }

  private check(): void {
    const { timeoutMs } = this.config;
    let over = false;
    const done: ProbeDone = (fault) => {
      if (over || this.closed) return;
      over = true;
      this.next(fault);
    };
    this.timer = this.options.clock.after(timeoutMs, () => {
      const { giveUp } = this;
      done(`no answer within ${timeoutMs} ms`);
      giveUp?.();
    });
    const giveUp = this.ask(done);
    if (!over) this.giveUp = giveUp;
  }

  private ask(done: ProbeDone): (() => void) | undefined {
    try {
      return this.options.probe(done);
    } catch (error) {
      done(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  private next(fault: string | undefined): void {
    this.timer.cancel();
    this.giveUp = undefined;
    this.count(fault);
    // Being told may have closed it.
    if (!this.closed) this.timer = this.options.clock.after(this.pause(), () => this.check());
  }

  private count(fault: string | undefined): void {
    this.fault = fault ?? "";
    const { healthyThreshold, unhealthyThreshold } = this.config;
    if (fault === undefined) this.streak = Math.max(0, this.streak) + 1;
    else this.streak = Math.min(0, this.streak) - 1;
    if (this.streak >= healthyThreshold) this.options.judged(true, "");
    else if (-this.streak >= unhealthyThreshold) this.options.judged(false, this.fault);
  }

  private pause(): number {
    return this.config.intervalMs * (1 + JITTER * (2 * this.options.random() - 1));
  }
}
