import { deferred } from "@layotto/sidecar-kit";
import type { KafkaConsumer } from "../port.ts";
import type { OwnedPartition } from "./owned-partition.ts";

const INTERVAL_MS = 100;
const RETRY_MS = 500;

/** Tells the broker how far the partitions are done: at most 10 times a second, one message at a time. */
export class Committer {
  readonly #partitions: () => Iterable<OwnedPartition>;
  readonly #consumer: () => KafkaConsumer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<boolean> | undefined;
  #stopped = false;

  constructor(
    partitions: () => Iterable<OwnedPartition>,
    consumer: () => KafkaConsumer | undefined,
  ) {
    this.#partitions = partitions;
    this.#consumer = consumer;
  }

  /** Something is done: commits within 100 ms. */
  soon(ms: number = INTERVAL_MS): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.now();
    }, ms);
  }

  /** Commits what is done by now. Never rejects. @returns whether the broker has all of it */
  async now(): Promise<boolean> {
    while (this.#running !== undefined) await this.#running;
    this.#running = this.#commit().finally(() => (this.#running = undefined));
    return await this.#running;
  }

  /** Commits for the last time, after {@link stop}; tries for so long. */
  async finish(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (!(await this.now()) && Date.now() < until) {
      const pause = deferred<void>();
      setTimeout(pause.resolve, INTERVAL_MS);
      await pause.promise;
    }
  }

  /** Commits nothing more by itself. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #commit(): Promise<boolean> {
    const changed = new Map<OwnedPartition, number>();
    for (const partition of this.#partitions()) {
      const { position } = partition.tracker;
      if (position !== undefined && position !== partition.committed)
        changed.set(partition, position);
    }
    if (changed.size === 0) return true;
    const consumer = this.#consumer();
    if (consumer === undefined) return false;
    try {
      await consumer.commit(new Map([...changed].map(([partition, at]) => [partition.id, at])));
    } catch {
      this.soon(RETRY_MS); // the group is being joined anew, or the broker is away: the position is still here
      return false;
    }
    for (const [partition, at] of changed) partition.committed = at;
    return true;
  }
}
