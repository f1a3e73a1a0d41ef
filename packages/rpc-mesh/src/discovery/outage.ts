import type { Logger } from "@layotto/sidecar-kit";

/** Says once that something cannot be reached, and once that it can again, however many notice. */
export class Outage {
  readonly #logger: Pick<Logger, "info" | "warn">;
  readonly #what: string;
  readonly #troubled = new Set<unknown>();

  /** @param what cannot be used: `"etcd"` gives `etcd cannot be used, keeping what is known` */
  constructor(logger: Pick<Logger, "info" | "warn">, what: string) {
    this.#logger = logger;
    this.#what = what;
  }

  /** @param part that cannot go on */
  began(part: unknown, error: unknown): void {
    if (this.#troubled.size === 0) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn({ reason }, `${this.#what} cannot be used, keeping what is known`);
    }
    this.#troubled.add(part);
  }

  /** The part goes on. */
  over(part: unknown): void {
    if (!this.#troubled.delete(part) || this.#troubled.size > 0) return;
    this.#logger.info(`${this.#what} can be used again`);
  }

  /** The part is no more: nothing is said about it. */
  forget(part: unknown): void {
    this.#troubled.delete(part);
  }
}
