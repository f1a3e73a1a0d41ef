import { constants } from "node:os";
import type { RootDatabase } from "lmdb";
import { backendErrors, type CallOptions } from "@layotto/sidecar-kit";

/** When a write is acknowledged: after the disk has it, or as soon as other readers see it. */
export type Durability = "sync" | "async";

/** Writes that may wait for a transaction; one more is refused with RESOURCE_EXHAUSTED. */
const MAX_QUEUED = 65_536;
const NOT_RUN = { result: undefined };
/** Writes in one transaction: bounds how long the event loop is held. */
const MAX_BATCH = 4096;

interface Write {
  readonly run: () => unknown;
  readonly durability: Durability;
  readonly deadlineMs: number | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What `run` returned or threw; settled once the transaction is where the durability wants it. */
  outcome: { readonly result: unknown } | { readonly error: unknown };
}

/**
 * Collects the writes of an event-loop turn, and those that arrive while the disk is busy, into one transaction and one
 * fsync. A write is a function that runs inside the transaction; what it throws rejects that write alone, and what it
 * wrote before stays.
 */
export class WriteQueue {
  readonly #env: RootDatabase;
  #queue: Write[] = [];
  #working: Promise<void> | undefined;

  constructor(env: RootDatabase) {
    this.#env = env;
  }

  add<T>(run: () => T, durability: Durability, options?: CallOptions): Promise<T> {
    if (this.#queue.length >= MAX_QUEUED) {
      return Promise.reject(
        backendErrors.BACKEND_LIMIT(`Cannot queue a write: ${MAX_QUEUED} are waiting for the disk`),
      );
    }
    return new Promise<T>((resolve, reject) => {
      const resolveAny = resolve as (result: unknown) => void; // it gets what `run` returned, a T
      const deadlineMs = options?.deadlineMs;
      this.#queue.push({
        run,
        durability,
        deadlineMs,
        resolve: resolveAny,
        reject,
        outcome: NOT_RUN,
      });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when nothing is queued or being written. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #work(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      try {
        await this.#commit(batch);
      } catch (error) {
        const fault = await commitFault(error);
        for (const write of batch) write.reject(fault);
      }
    }
    this.#working = undefined;
  }

  /**
   * Also failures wait for the commit: what such a write did before it failed must be there when its caller hears of
   * it, and so must the write of another caller that it failed for.
   */
  async #commit(batch: readonly Write[]): Promise<void> {
    await this.#env.transaction(() => {
      // lmdb has another promise for the same commit by now; when it rejects and nobody listens the process ends.
      this.#env.committed.then(undefined, () => undefined);
      runAll(batch);
    });
    settle(batch, "async");
    if (batch.every((write) => write.durability === "async")) return;
    await this.#env.flushed;
    settle(batch, "sync");
  }
}

/**
 * What was wrong with a commit. lmdb tells it by a second promise, `commitError` of the error, which rejects: somebody
 * must listen to it, or the process ends when the disk is full.
 */
async function commitFault(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<never> }; // lmdb has no type for it
  if (commitError === undefined) return error;
  const cause: unknown = await commitError.catch((reason: unknown) => reason);
  const text = cause instanceof Error ? cause.message : String(cause);
  const { code } = cause as { code?: unknown }; // errno, as lmdb has it from the system
  const isFull = code === constants.errno.ENOSPC || code === constants.errno.EDQUOT;
  return isFull
    ? backendErrors.BACKEND_LIMIT(`Cannot write: ${text}`)
    : backendErrors.BACKEND_FAILED(`Cannot write: ${text}`);
}

function settle(batch: readonly Write[], durability: Durability): void {
  for (const write of batch) {
    if (write.durability !== durability) continue;
    if ("error" in write.outcome) write.reject(write.outcome.error);
    else write.resolve(write.outcome.result);
  }
}

/** Runs the writes inside the transaction. */
function runAll(batch: readonly Write[]): void {
  const now = Date.now();
  for (const write of batch) {
    try {
      if (write.deadlineMs !== undefined && write.deadlineMs <= now) throw tooLate();
      write.outcome = { result: write.run() };
    } catch (error) {
      write.outcome = { error };
    }
  }
}

function tooLate(): Error {
  return backendErrors.BACKEND_TIMEOUT("Cannot write: the deadline passed while the disk was busy");
}
