import type { Logger } from "@layotto/sidecar-kit";

/** Says once that Redis cannot be used, and once that it can again, however many connections and loops notice. */
export class Outage {
  readonly #logger: Logger;
  readonly #troubled = new Set<object>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param part of the component that cannot go on */
  began(part: object, error: unknown): void {
    if (this.#troubled.size === 0) this.#logger.warn({ err: error }, "redis cannot be used");
    this.#troubled.add(part);
  }

  /** The part goes on, or is no more. */
  over(part: object): void {
    if (!this.#troubled.delete(part) || this.#troubled.size > 0) return;
    this.#logger.info("redis can be used again");
  }
}
