import { backendErrors, type Logger, type RpcError } from "@layotto/sidecar-kit";
import { OutageLog } from "../outage-log.ts";
import type { KafkaClient } from "../port.ts";
import { Pending, recordBytes } from "./pending.ts";
import { TopicWriter } from "./topic-writer.ts";

/** What {@link Publisher} keeps of messages that the brokers have not acknowledged. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const TICK_MS = 20;

/** Limits of a {@link Publisher}. */
export interface PublisherLimits {
  /** Largest batch that the brokers take. */
  readonly maxBatchBytes: number;
  /** Longest wait for an acknowledgement. */
  readonly timeoutMs: number;
}

/** Publishes messages, those that come together in one batch per partition. */
export class Publisher {
  readonly #client: KafkaClient;
  readonly #limits: PublisherLimits;
  readonly #outages: OutageLog;
  readonly #topics = new Map<string, TopicWriter>();
  readonly #pending = new Set<Pending>();
  #waitingBytes = 0;
  #ticker: NodeJS.Timeout | undefined;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(client: KafkaClient, limits: PublisherLimits, logger: Logger) {
    this.#client = client;
    this.#limits = limits;
    this.#outages = new OutageLog(logger);
  }

  /**
   * Resolves when the brokers have acknowledged it.
   *
   * @param deadlineMs when the caller stops waiting, ms since the epoch
   * @returns `topic-partition-offset`
   * @throws RpcError BACKEND_UNAVAILABLE, BACKEND_TIMEOUT, BACKEND_LIMIT …
   */
  publish(
    topic: string,
    key: string | undefined,
    data: Uint8Array,
    deadlineMs: number,
  ): Promise<string> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#waitingBytes + data.byteLength > MAX_WAITING_BYTES) return Promise.reject(full());
    const until = Math.min(deadlineMs, Date.now() + this.#limits.timeoutMs);
    const pending = new Pending(key, Buffer.from(data), until, this.#settled);
    this.#pending.add(pending);
    this.#waitingBytes += pending.value.byteLength;
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    this.#writer(topic).push(pending);
    return pending.answer;
  }

  /** Waits for what is under way, so long; what is left fails. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#pending.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const pending of this.#pending) pending.reject(closed());
    clearInterval(this.#ticker);
  }

  readonly #settled = (pending: Pending): void => {
    this.#pending.delete(pending);
    this.#waitingBytes -= pending.value.byteLength;
    if (this.#pending.size === 0) this.#idle?.();
  };

  #writer(topic: string): TopicWriter {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const writer = new TopicWriter(this.#client, topic, this.#limits.maxBatchBytes, this.#outages);
    this.#topics.set(topic, writer);
    return writer;
  }

  #tick(): void {
    if (this.#pending.size === 0) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
      return;
    }
    const now = Date.now();
    for (const writer of this.#topics.values()) writer.expire(now);
  }
}

/** Largest `data` of a message without key that fits into a batch of so many bytes. */
export function maxDataBytes(maxBatchBytes: number): number {
  return maxBatchBytes - recordBytes(undefined, NOTHING) - 64;
}

const NOTHING = new Uint8Array(0);

function closed(): RpcError {
  return backendErrors.BACKEND_UNAVAILABLE("Cannot publish: the component is closed");
}

function full(): RpcError {
  return backendErrors.BACKEND_LIMIT(
    `Cannot publish: ${MAX_WAITING_BYTES} bytes wait for kafka's acknowledgement already`,
  );
}
