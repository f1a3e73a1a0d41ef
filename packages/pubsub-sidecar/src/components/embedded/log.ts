import type { Database, Environment } from "@layotto/embedded-store";
import { backendErrors } from "@layotto/sidecar-kit";
import { Counters } from "./counters.ts";
import { Groups, type GroupKey, type RecordHead } from "./groups.ts";
import { Leases } from "./leases.ts";
import { publishedMs, stampRecord } from "./records.ts";
import { Topics, type Topic } from "./topics.ts";

/** Part of a topic's bytes that is made free when there is no room, so that it is not done for each message. */
const SPARE = 1 / 64;
/** Records that one transaction removes at most: bounds how long it holds up others. */
export const REMOVE_AT_MOST = 500;

/** What a component keeps. */
export interface Limits {
  /** Messages are removed after this time. */
  readonly maxAgeMs: number;
  /** Bytes of a topic. */
  readonly maxBytes: number;
  /** Messages that every group has acknowledged are removed after this time. */
  readonly keepConsumedMs: number;
}

/** How making room for a message ended; "later" = this transaction has removed enough, the next one goes on. */
export type Room = "made" | "none" | "later";

/** The tables of a directory, and how records come into the log and leave it. */
export class Log {
  readonly environment: Environment;
  readonly counters: Counters;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly leases: Leases;
  /** Due time, component and number of a message that is published later. */
  readonly delayed: Database<Buffer, [component: string, dueMs: number, number: number]>;
  readonly #records: Database<Buffer, [topicId: number, seq: number]>;

  constructor(environment: Environment) {
    this.environment = environment;
    const binary = { encoding: "binary" } as const;
    this.counters = new Counters(environment.openTable("counters", binary));
    this.topics = new Topics(environment.openTable("topics", binary), this.counters);
    this.groups = new Groups(environment.openTable<Buffer, GroupKey>("groups", binary));
    this.leases = new Leases(environment.openTable("leases", { encoding: "string" }), environment);
    this.delayed = environment.openTable("delayed", binary);
    this.#records = environment.openTable("log", binary);
  }

  /** What a record that is written now begins with. */
  get head(): RecordHead {
    const { format, clock } = this.environment;
    return { format, wallMs: clock.wallMs() };
  }

  /** Reads from now on see what other processes have written. */
  refresh(): void {
    this.#records.resetReadTxn();
  }

  /** A copy of a record; `undefined` = it is no longer there. */
  read(topicId: number, seq: number): Buffer | undefined {
    return this.#records.getBinary([topicId, seq]);
  }

  /** Wall time at which the oldest message of a topic was published; `undefined` when it has none. */
  oldestMs(topic: Topic): number | undefined {
    const record = this.#records.getBinaryFast([topic.id, topic.oldest]);
    return record === undefined ? undefined : publishedMs(record);
  }

  /** Only inside a write transaction: adds a record to a topic, whose own record the caller writes. */
  append(topic: Topic, record: Buffer): number {
    stampRecord(record, this.head);
    const seq = topic.next;
    this.#records.putSync([topic.id, seq], record);
    topic.next = seq + 1;
    topic.bytes += record.length;
    return seq;
  }

  /** Only inside a write transaction: makes room for `bytes` by removing what is no longer needed. */
  makeRoom(topic: Topic, bytes: number, maxBytes: number): Room {
    const most = maxBytes - bytes;
    if (topic.bytes <= most) return "made";
    const floor = this.groups.floor(topic.id);
    const target = most - maxBytes * SPARE;
    const removed = this.removeOldest(topic, REMOVE_AT_MOST, (seq) => {
      return topic.bytes > target && seq < floor;
    });
    if (topic.bytes <= most) return "made";
    return removed === REMOVE_AT_MOST ? "later" : "none";
  }

  /**
   * Only inside a write transaction: removes the oldest records as long as they may go.
   *
   * @returns how many it removed
   */
  removeOldest(
    topic: Topic,
    atMost: number,
    mayGo: (seq: number, publishedMs: number) => boolean,
  ): number {
    let removed = 0;
    while (removed < atMost && topic.oldest < topic.next) {
      const record = this.#records.getBinaryFast([topic.id, topic.oldest]);
      if (record !== undefined) {
        if (!mayGo(topic.oldest, publishedMs(record))) break;
        topic.bytes -= record.length;
        this.#records.removeSync([topic.id, topic.oldest]);
      }
      topic.oldest++;
      removed++;
    }
    return removed;
  }
}

/** The topic is full of messages that somebody has not acknowledged. */
export function topicFull(topicKey: string, maxBytes: number): Error {
  return backendErrors.BACKEND_LIMIT(
    `Cannot publish to topic "${topicName(topicKey)}": it has its maxBytes of ${maxBytes} in messages that not every group has acknowledged`,
  );
}

/** The name in the key of a topic, which is what `ownKeys` makes of the component, and the name. */
export function topicName(topicKey: string): string {
  const colon = topicKey.indexOf(":");
  return topicKey.slice(colon + 1 + Number(topicKey.slice(0, colon)) + 1);
}
