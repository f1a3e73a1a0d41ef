import { backoffMs, deferred, type Deferred } from "@layotto/sidecar-kit";
import { setTimeout as pause } from "node:timers/promises";

const MOST_PER_COMMAND = 1000;

/** What an {@link IdQueue} needs of its surroundings. */
export interface IdQueueOptions {
  /** Sends ids; what rejects is tried again. */
  send(ids: readonly string[]): Promise<unknown>;
  /** Told before each further attempt. */
  failed(error: unknown): void;
  /** Told when it works again, or for the first time. */
  sent(): void;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
}

/**
 * Ids of entries with which the same is to be done: those of one event-loop turn go out in one command, one command at
 * a time, again and again until Redis has answered.
 */
export class IdQueue {
  readonly #options: IdQueueOptions;
  readonly #ids = new Set<string>();
  #isSending = false;
  #idle: Deferred<void> | undefined;

  constructor(options: IdQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** It need not be done any more. */
  delete(id: string): void {
    this.#ids.delete(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#isSending) return;
    this.#isSending = true;
    setImmediate(() => void this.#sendAll());
  }

  /** Resolves when nothing is left, or nothing more is sent. */
  async drained(): Promise<void> {
    if (!this.#isSending) return;
    this.#idle ??= deferred();
    await this.#idle.promise;
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#options;
    for (let attempt = 1; this.#ids.size > 0 && !signal.aborted;) {
      attempt = (await this.#sendSome()) ? 1 : attempt + 1;
      if (attempt > 1)
        await pause(backoffMs(attempt - 1, { maxMs: 1000 }), undefined, { signal }).catch(() => 0);
    }
    this.#isSending = false;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  async #sendSome(): Promise<boolean> {
    const ids = [...this.#ids].slice(0, MOST_PER_COMMAND);
    try {
      await this.#options.send(ids);
    } catch (error) {
      this.#options.failed(error);
      return false;
    }
    for (const id of ids) this.#ids.delete(id);
    this.#options.sent();
    return true;
  }
}
