import { backoffMs, type Logger } from "@layotto/sidecar-kit";
import type { BrokerSubscription } from "../../../component.ts";
import { rpcErrorOf } from "../fault.ts";
import type { ConsumeOptions, KafkaClient } from "../port.ts";
import { Membership, type MembershipOptions } from "./membership.ts";

/** What a {@link KafkaSubscription} is made of. */
export interface SubscriptionParts extends Omit<MembershipOptions, "ended" | "topic"> {
  readonly client: KafkaClient;
  readonly consume: ConsumeOptions;
  readonly logger: Logger;
}

/** A subscription: stays in its consumer group, joins it again for ever when it was thrown out. */
export class KafkaSubscription implements BrokerSubscription {
  readonly #parts: SubscriptionParts;
  #membership: Membership | undefined;
  #paused = false;
  #closed = false;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;
  #joining: Promise<void> | undefined;

  private constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  /** Joins the group. @throws RpcError */
  static async open(parts: SubscriptionParts): Promise<KafkaSubscription> {
    const subscription = new KafkaSubscription(parts);
    try {
      await subscription.#join();
    } catch (error) {
      subscription.#closed = true; // the caller tries again
      clearTimeout(subscription.#retry);
      throw rpcErrorOf(error);
    }
    return subscription;
  }

  pause(): void {
    this.#paused = true;
    this.#membership?.setPaused(true);
  }

  resume(): void {
    this.#paused = false;
    this.#membership?.setPaused(false);
  }

  async lag(): Promise<number> {
    const { client, consume } = this.#parts;
    const offsets = await client.offsets(consume.topic, consume.group);
    const ours = this.#membership?.positions;
    let lag = 0;
    for (const { partition, low, end, committed = low } of offsets) {
      lag += Math.max(0, end - Math.max(low, committed, ours?.get(partition) ?? 0));
    }
    return lag;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await Promise.all([this.#membership?.close(), this.#joining?.catch(() => {})]);
  }

  async #join(): Promise<void> {
    const { client, consume, receiver, prefetch, ordering } = this.#parts;
    const membership: Membership = new Membership(
      { topic: consume.topic, receiver, prefetch, ordering, ended: (error) => this.#ended(error) },
      this.#paused,
    );
    // Before it has joined: messages come while it does.
    this.#membership = membership;
    try {
      const consumer = await client.consume(consume, membership);
      membership.joined(consumer);
      membership.setPaused(this.#paused);
      if (this.#closed) await consumer.close();
    } catch (error) {
      membership.ended(error);
      throw error;
    }
  }

  #ended(error: unknown): void {
    this.#membership = undefined;
    if (this.#closed || this.#retry !== undefined) return;
    const { consume, logger } = this.#parts;
    if (this.#attempt++ === 0) {
      logger.warn(
        { topic: consume.topic, err: error },
        "kafka subscription has trouble, joining again",
      );
    }
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#joining = this.#joinAgain().finally(() => (this.#joining = undefined));
      },
      backoffMs(this.#attempt, { initialMs: 200, maxMs: 5000 }),
    );
  }

  async #joinAgain(): Promise<void> {
    try {
      await this.#join();
    } catch {
      return; // the next attempt is under way
    }
    if (this.#closed) return;
    this.#attempt = 0;
    this.#parts.logger.info({ topic: this.#parts.consume.topic }, "kafka subscription is back");
  }
}
