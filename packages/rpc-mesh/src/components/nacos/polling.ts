import { backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import type { Outage } from "../../discovery/outage.ts";

/** Pauses after failures. */
const PAUSE = { initialMs: 500, maxMs: 10_000 };
/** However often a server wants to be asked. */
const MIN_INTERVAL_MS = 100;

/** Does something again and again, with longer pauses while it fails, until it is stopped. */
export class Polling {
  readonly #work: () => Promise<number>;
  readonly #outage: Outage;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #attempt = 0;
  #stopped = false;

  /** @param work one round; resolves with the time, ms, until the next */
  constructor(work: () => Promise<number>, outage: Outage) {
    this.#work = work;
    this.#outage = outage;
  }

  /** Begins after a pause, ms. */
  start(pauseMs = 0): void {
    this.#timer = systemClock.after(pauseMs, () => {
      this.#running = this.#round();
    });
  }

  /** Resolves when a round that is under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#outage.forget(this);
    await this.#running;
  }

  async #round(): Promise<void> {
    let pauseMs: number;
    try {
      pauseMs = Math.max(MIN_INTERVAL_MS, await this.#work());
      this.#attempt = 0;
      if (!this.#stopped) this.#outage.over(this);
    } catch (error) {
      this.#attempt += 1;
      pauseMs = backoffMs(this.#attempt, PAUSE);
      if (!this.#stopped) this.#outage.began(this, error);
    }
    if (!this.#stopped) this.start(pauseMs);
  }
}
