import { backendErrors, type CallOptions } from "@layotto/sidecar-kit";
import type { Durability } from "@layotto/embedded-store";
import { topicFull, type Limits, type Log } from "./log.ts";
import type { Topic } from "./topics.ts";

/** Messages that may wait for the disk, and their bytes; one more is refused with RESOURCE_EXHAUSTED. */
const MAX_WAITING = 65_536;
const MAX_WAITING_BYTES = 2 ** 27;
/** Messages in one transaction, and their bytes: bounds how long the event loop is held. */
const MAX_BATCH = 2048;
const MAX_BATCH_BYTES = 2 ** 23;
/** Acknowledgements reach the disk after this time, with whatever else is written then. */
const SAVE_AFTER_MS = 5;
const SAVE_AGAIN_MS = 1000;

/** A message on its way to the disk. */
interface Waiting {
  readonly topicKey: string;
  readonly record: Buffer;
  readonly limits: Limits;
  readonly deadlineMs: number | undefined;
  readonly resolve: (id: string) => void;
  readonly reject: (error: unknown) => void;
  /** Set by the transaction. */
  outcome: number | Error | undefined;
}

/** Something whose state on disk follows the one in memory. */
export interface Saved {
  /** Inside a write transaction. */
  save(): void;
}

/** Is told the next sequence of a topic after a commit. */
export type Appended = (topicKey: string, next: number) => void;

/**
 * Group commit: all messages of an event-loop turn, and those that arrive while the disk is busy, are one transaction.
 * Acknowledgements that wait to be saved go with them.
 */
export class LogWriter {
  readonly #log: Log;
  readonly #appended: Appended;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  readonly #dirty = new Set<Saved>();
  #dirtySinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, appended: Appended) {
    this.#log = log;
    this.#appended = appended;
  }

  /** Adds a message to the log. @returns its sequence as text */
  publish(
    topicKey: string,
    record: Buffer,
    limits: Limits,
    durability: Durability,
    options: CallOptions,
  ): Promise<string> {
    const bytes = this.#waitingBytes + record.length;
    if (this.#waiting.length >= MAX_WAITING || bytes > MAX_WAITING_BYTES)
      return Promise.reject(
        backendErrors.BACKEND_LIMIT(
          `Cannot publish: ${this.#waiting.length} messages of ${this.#waitingBytes} bytes are waiting for the disk`,
        ),
      );
    const { deadlineMs } = options;
    this.#waitingBytes = bytes;
    return new Promise((resolve, reject) => {
      const outcome = undefined;
      this.#waiting.push({ topicKey, record, limits, deadlineMs, resolve, reject, outcome });
      this.#schedule(durability);
    });
  }

  /** Saves soon, together with others. */
  saveLater(saved: Saved): void {
    if (this.#dirty.size === 0) this.#dirtySinceMs = performance.now();
    this.#dirty.add(saved);
    this.#timer ??= setTimeout(() => this.#saveDue(), SAVE_AFTER_MS).unref();
  }

  /** The state is on disk, or shall not get there any more. */
  forget(saved: Saved): void {
    this.#dirty.delete(saved);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #schedule(durability: Durability): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void this.#commit(durability);
  }

  async #commit(durability: Durability): Promise<void> {
    // A transaction that fails half-way may have run: whoever is in it hears of the failure.
    let batch: Waiting[] = [];
    let saved: Saved[] = [];
    const topics = new Map<string, Topic>();
    try {
      await this.#log.environment.write(() => {
        this.#isScheduled = false;
        if (this.#isSaveDue) saved = this.#saveAll();
        batch = this.#take();
        this.#appendAll(batch, topics, durability);
      }, durability);
    } catch (error) {
      this.#isScheduled = false;
      // The transaction did not even begin: these were to be in it.
      if (batch.length === 0) batch = this.#take();
      for (const { reject } of batch) reject(error);
      this.#saveAgain(saved);
      if (this.#waiting.length > 0) this.#schedule(durability);
      return;
    }
    settle(batch);
    for (const [topicKey, { next }] of topics) this.#appended(topicKey, next);
  }

  /** Takes as many messages as one transaction may have. */
  #take(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { record } of this.#waiting) {
      if (count === MAX_BATCH || bytes >= MAX_BATCH_BYTES) break;
      bytes += record.length;
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  /** Appends what has room; what must wait for the next transaction is taken from the batch. */
  #appendAll(batch: Waiting[], topics: Map<string, Topic>, durability: Durability): void {
    const now = Date.now();
    let done = 0;
    while (done < batch.length) {
      const message = batch[done];
      if (message === undefined || !this.#append(message, topics, now)) break;
      done++;
    }
    const { environment, counters } = this.#log;
    for (const [key, topic] of topics) this.#log.topics.put(key, topic, environment.format);
    if (topics.size > 0) counters.next("changes");
    const rest = batch.splice(done);
    for (const { record } of rest) this.#waitingBytes += record.length;
    if (rest.length > 0) this.#waiting = [...rest, ...this.#waiting];
    if (this.#waiting.length > 0) this.#schedule(durability);
  }

  /** @returns false when the message must wait for the next transaction */
  #append(message: Waiting, topics: Map<string, Topic>, now: number): boolean {
    if (message.deadlineMs !== undefined && message.deadlineMs <= now) {
      message.outcome = backendErrors.BACKEND_TIMEOUT(
        "Cannot publish: the deadline passed while the disk was busy",
      );
      return true;
    }
    const { topicKey, record, limits } = message;
    let topic = topics.get(topicKey);
    if (topic === undefined) {
      topic = this.#log.topics.getOrAdd(topicKey, this.#log.environment.format);
      topics.set(topicKey, topic);
    }
    const room = this.#log.makeRoom(topic, record.length, limits.maxBytes);
    if (room === "later") return false;
    message.outcome =
      room === "made" ? this.#log.append(topic, record) : topicFull(topicKey, limits.maxBytes);
    return true;
  }

  get #isSaveDue(): boolean {
    return this.#dirty.size > 0 && performance.now() - this.#dirtySinceMs >= SAVE_AFTER_MS;
  }

  /** Inside a write transaction. */
  #saveAll(): Saved[] {
    const saved = [...this.#dirty];
    this.#dirty.clear();
    for (const each of saved) each.save();
    return saved;
  }

  #saveDue(): void {
    this.#timer = undefined;
    if (this.#dirty.size === 0) return;
    if (!this.#isSaveDue) {
      this.#timer = setTimeout(() => this.#saveDue(), SAVE_AFTER_MS).unref();
      return;
    }
    let saved: Saved[] = [];
    this.#log.environment
      .write(() => (saved = this.#saveAll()), "async")
      .catch(() => this.#saveAgain(saved));
  }

  /** The disk did not take it: messages may come again after a crash, none is lost. */
  #saveAgain(saved: readonly Saved[]): void {
    if (saved.length === 0) return;
    this.#dirtySinceMs = performance.now();
    for (const each of saved) this.#dirty.add(each);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#saveDue(), SAVE_AGAIN_MS).unref();
  }
}

function settle(batch: readonly Waiting[]): void {
  for (const { outcome, resolve, reject } of batch) {
    if (typeof outcome === "number") resolve(String(outcome));
    else reject(outcome);
  }
}
