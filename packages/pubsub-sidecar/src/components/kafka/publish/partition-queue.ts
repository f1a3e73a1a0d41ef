import { backoffMs } from "@layotto/sidecar-kit";
import { KafkaFault, rpcErrorOf } from "../fault.ts";
import type { KafkaClient } from "../port.ts";
import type { Pending } from "./pending.ts";

/** kafkajs copies what it has gathered with every further record of a batch, so larger ones cost more than they save. */
const MAX_BATCH_RECORDS = 500;
/** A batch has a head of 61 bytes. Source: https://kafka.apache.org/documentation/#recordbatch */
const BATCH_OVERHEAD = 64;

/** What a {@link PartitionQueue} needs. */
export interface QueueOptions {
  readonly client: KafkaClient;
  readonly topic: string;
  readonly partition: number;
  readonly maxBatchBytes: number;
  /** A batch was taken: unkeyed messages go elsewhere now. */
  taken(): void;
  /** Sending fails and is tried again. */
  troubled(fault: KafkaFault): void;
  worked(): void;
}

/**
 * Messages on their way into one partition. One batch is under way at a time, so their order is kept whatever fails;
 * what comes meanwhile is the next batch. A batch that fails in passing is sent again until nobody waits for it.
 */
export class PartitionQueue {
  readonly #options: QueueOptions;
  #waiting: Pending[] = [];
  #batch: Pending[] = [];
  #running = false;
  #failures = 0;
  #lastError: unknown;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get isTroubled(): boolean {
    return this.#failures > 0;
  }

  push(pending: Pending): void {
    this.#waiting.push(pending);
    if (this.#running) return;
    this.#running = true;
    // What else is published in this turn goes along.
    setImmediate(() => void this.#run());
  }

  /** Answers those whose time has come. */
  expire(now: number): void {
    for (const list of [this.#batch, this.#waiting]) {
      for (const pending of list) if (pending.deadlineMs <= now) pending.expire(this.#lastError);
    }
    if (this.#waiting.length > 0) this.#waiting = this.#waiting.filter((each) => !each.isSettled);
  }

  /** Takes out everything that is not under way: the topic has no such partition any more. */
  drain(): Pending[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#batch = this.#take();
      this.#options.taken();
      await this.#deliver(this.#batch);
    }
    this.#batch = [];
    this.#running = false;
  }

  #take(): Pending[] {
    let bytes = BATCH_OVERHEAD;
    let count = 0;
    for (const pending of this.#waiting) {
      bytes += pending.bytes;
      if (count > 0 && (bytes > this.#options.maxBatchBytes || count >= MAX_BATCH_RECORDS)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Sends until all are answered. Never rejects. */
  async #deliver(batch: readonly Pending[]): Promise<void> {
    for (;;) {
      const left = batch.filter((each) => !each.isSettled);
      if (left.length === 0) return;
      try {
        return await this.#send(left);
      } catch (error) {
        const fault =
          error instanceof KafkaFault ? error : new KafkaFault("failed", String(error), error);
        if (fault.kind === "too-large" && left.length > 1) return await this.#halve(left);
        if (!fault.isPassing) return rejectAll(left, fault);
        await this.#pause(fault);
      }
    }
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    const { client, topic, partition } = this.#options;
    const first = await client.send(topic, partition, batch);
    this.#options.worked();
    this.#failures = 0;
    this.#lastError = undefined;
    for (const [index, pending] of batch.entries())
      pending.resolve(`${topic}-${partition}-${first + index}`);
  }

  /** The broker takes smaller batches than we thought; it has written nothing of this one. */
  async #halve(batch: readonly Pending[]): Promise<void> {
    const middle = batch.length >> 1;
    await this.#deliver(batch.slice(0, middle));
    await this.#deliver(batch.slice(middle));
  }

  async #pause(fault: KafkaFault): Promise<void> {
    this.#failures++;
    this.#lastError = fault;
    this.#options.troubled(fault);
    const ms = backoffMs(this.#failures, { initialMs: 50, maxMs: 500 });
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

function rejectAll(batch: readonly Pending[], fault: KafkaFault): void {
  for (const pending of batch) pending.reject(rpcErrorOf(fault));
}
