import { backoffMs } from "@layotto/sidecar-kit";
import { KafkaFault, rpcErrorOf } from "../fault.ts";
import { partitionOfKey } from "../murmur2.ts";
import type { OutageLog } from "../outage-log.ts";
import type { KafkaClient } from "../port.ts";
import { PartitionQueue } from "./partition-queue.ts";
import type { Pending } from "./pending.ts";

/** How often a topic is looked at for new partitions, while it is written to. */
const REFRESH_MS = 60_000;
const TROUBLED_REFRESH_MS = 1000;

/** Messages on their way into one topic: puts each into a partition. */
export class TopicWriter {
  readonly #client: KafkaClient;
  readonly #topic: string;
  readonly #maxBatchBytes: number;
  readonly #outages: OutageLog;
  #queues: PartitionQueue[] = [];
  /** Those that came before it is known how many partitions there are. */
  #early: Pending[] = [];
  #lastError: unknown;
  #asking = false;
  #failures = 0;
  #askedAtMs = 0;
  #turn = 0;

  constructor(client: KafkaClient, topic: string, maxBatchBytes: number, outages: OutageLog) {
    this.#client = client;
    this.#topic = topic;
    this.#maxBatchBytes = maxBatchBytes;
    this.#outages = outages;
  }

  push(pending: Pending): void {
    if (this.#queues.length === 0) {
      this.#early.push(pending);
      void this.#ask();
      return;
    }
    if (Date.now() - this.#askedAtMs > REFRESH_MS) void this.#ask();
    this.#queueOf(pending)?.push(pending);
  }

  /** Answers those whose time has come. */
  expire(now: number): void {
    for (const pending of this.#early)
      if (pending.deadlineMs <= now) pending.expire(this.#lastError);
    this.#early = this.#early.filter((each) => !each.isSettled);
    for (const queue of this.#queues) queue.expire(now);
  }

  #queueOf({ key }: Pending): PartitionQueue | undefined {
    if (key !== undefined) return this.#queues[partitionOfKey(key, this.#queues.length)];
    // All of a turn into one partition, the next turn into the next: few large batches instead of many small ones.
    for (let tries = 0; tries < this.#queues.length && this.#current?.isTroubled === true; tries++)
      this.#turn++;
    return this.#current;
  }

  get #current(): PartitionQueue | undefined {
    return this.#queues[this.#turn % this.#queues.length];
  }

  /** Learns how many partitions there are. Never rejects; goes on asking while somebody waits for it. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    this.#askedAtMs = Date.now();
    try {
      this.#resize(await this.#client.partitions(this.#topic));
      this.#failures = 0;
      this.#lastError = undefined;
    } catch (error) {
      this.#askFailed(error);
    }
    this.#asking = false;
  }

  #askFailed(error: unknown): void {
    this.#lastError = error;
    this.#outages.trouble(error);
    this.#early = this.#early.filter((each) => !each.isSettled);
    if (this.#early.length === 0) return;
    if (error instanceof KafkaFault && error.isPassing) {
      setTimeout(
        () => this.#askAgain(),
        backoffMs(++this.#failures, { initialMs: 50, maxMs: 500 }),
      );
      return;
    }
    for (const pending of this.#early) pending.reject(rpcErrorOf(error));
    this.#early = [];
  }

  #askAgain(): void {
    if (this.#early.length > 0) void this.#ask();
  }

  #resize(count: number): void {
    const gone = this.#queues.splice(count).flatMap((queue) => queue.drain());
    for (let partition = this.#queues.length; partition < count; partition++) {
      this.#queues.push(this.#createQueue(partition));
    }
    const early = this.#early;
    this.#early = [];
    for (const pending of [...early, ...gone]) this.#queueOf(pending)?.push(pending);
  }

  #createQueue(partition: number): PartitionQueue {
    const queue: PartitionQueue = new PartitionQueue({
      client: this.#client,
      topic: this.#topic,
      partition,
      maxBatchBytes: this.#maxBatchBytes,
      worked: () => this.#outages.worked(),
      taken: () => {
        if (queue === this.#current) this.#turn++;
      },
      // The topic may have been deleted: asking makes it anew.
      troubled: (fault) => {
        this.#outages.trouble(fault);
        if (Date.now() - this.#askedAtMs > TROUBLED_REFRESH_MS) void this.#ask();
      },
    });
    return queue;
  }
}
