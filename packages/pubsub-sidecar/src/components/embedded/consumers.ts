import type { Logger } from "@layotto/sidecar-kit";
import type { Durability } from "@layotto/embedded-store";
import type { Receiver, SubscribeRequest } from "../../component.ts";
import { Consumer } from "./consumer.ts";
import type { Log } from "./log.ts";
import type { LogWriter } from "./log-writer.ts";
import type { Member } from "./member.ts";

/** The groups of this process, by topic. */
export class Consumers {
  readonly #log: Log;
  readonly #topics = new Map<string, Map<string, Consumer>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds a member to a group; resolves when the group is there, with or without its lease. */
  async join(
    topicKey: string,
    request: SubscribeRequest,
    receiver: Receiver,
    options: { writer: LogWriter; durability: Durability; logger: Logger },
  ): Promise<Member> {
    const { group, prefetch } = request;
    let consumer = this.#topics.get(topicKey)?.get(group);
    while (consumer?.ended !== undefined) {
      await consumer.ended.catch(() => undefined);
      consumer = this.#topics.get(topicKey)?.get(group);
    }
    consumer ??= this.#add(topicKey, group, options);
    const member = consumer.join(receiver, prefetch);
    try {
      await consumer.activate();
    } catch (error) {
      await member.close().catch(() => undefined);
      throw error;
    }
    return member;
  }

  /** A topic now ends before this sequence. */
  appended(topicKey: string, end: number): void {
    const groups = this.#topics.get(topicKey);
    if (groups === undefined) return;
    for (const consumer of groups.values()) consumer.appended(end);
  }

  /** Looks what other processes have published. */
  lookForMessages(): void {
    for (const topicKey of this.#topics.keys()) {
      const topic = this.#log.topics.get(topicKey);
      if (topic !== undefined) this.appended(topicKey, topic.next);
    }
  }

  /**
   * Takes the leases that have become free.
   *
   * @returns whether some consumer still waits for its lease
   */
  lookForLeases(): boolean {
    let anyWaits = false;
    for (const groups of this.#topics.values()) {
      for (const consumer of groups.values()) {
        if (!consumer.isWaiting) continue;
        anyWaits = true;
        const { lease } = consumer;
        if (lease !== undefined && this.#log.leases.isFree(lease))
          consumer.activate().catch(() => undefined); // tried again
      }
    }
    return anyWaits;
  }

  #add(
    topicKey: string,
    group: string,
    options: { writer: LogWriter; durability: Durability; logger: Logger },
  ): Consumer {
    const groups = this.#topics.get(topicKey) ?? new Map<string, Consumer>();
    const ended = (): void => {
      groups.delete(group);
      if (groups.size === 0) this.#topics.delete(topicKey);
    };
    const consumer = new Consumer({ ...options, log: this.#log, topicKey, group, ended });
    groups.set(group, consumer);
    this.#topics.set(topicKey, groups);
    return consumer;
  }
}
