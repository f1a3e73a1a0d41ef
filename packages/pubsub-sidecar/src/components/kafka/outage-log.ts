import type { Logger } from "@layotto/sidecar-kit";

/** After so long without trouble it is over: one partition may fail while others work. */
const CALM_MS = 1000;

/** Says once that publishing has trouble, and once that it is over. */
export class OutageLog {
  readonly #logger: Logger;
  #lastMs: number | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  trouble(error: unknown): void {
    if (this.#lastMs === undefined) {
      this.#logger.warn({ err: error }, "kafka cannot be written to, trying again");
    }
    this.#lastMs = Date.now();
  }

  worked(): void {
    if (this.#lastMs === undefined || Date.now() - this.#lastMs < CALM_MS) return;
    this.#lastMs = undefined;
    this.#logger.info("kafka can be written to again");
  }
}
