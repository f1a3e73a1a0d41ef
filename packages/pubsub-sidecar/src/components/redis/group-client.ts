import type { RedisConnection, ScriptedClient } from "@layotto/redis-connection";
import type { StreamEntry } from "./entry.ts";
import type { StreamScript } from "./scripts.ts";

/** Whose consumer of which stream. */
export interface Seat {
  readonly topic: string;
  readonly group: string;
  /** Name of the consumer. */
  readonly consumer: string;
}

/** A consumer of a group, as Redis lists it. */
export interface ListedConsumer {
  readonly name: string;
  readonly pending: number;
  readonly idleMs: number;
}

/** What was claimed from another consumer. */
export interface Claimed {
  readonly entries: StreamEntry[];
  /** There may be more. */
  readonly isFull: boolean;
}

type Client = ScriptedClient<StreamScript>;
type Row = [id: Buffer, fields: Buffer[] | null];

/** Every command runs to its end: the connection bounds it. */
const unbounded = { signal: new AbortController().signal, deadlineMs: undefined };

/** The commands of one consumer, on one connection. */
export class GroupClient {
  readonly #connection: RedisConnection<StreamScript>;
  readonly #seat: Seat;

  constructor(connection: RedisConnection<StreamScript>, seat: Seat) {
    this.#connection = connection;
    this.#seat = seat;
  }

  /** Makes the stream and the group where they are missing; a new group begins with the oldest entry. */
  async create(): Promise<void> {
    const { topic, group } = this.#seat;
    try {
      await this.#call((client) => client.xgroup("CREATE", topic, group, "0", "MKSTREAM"));
    } catch (error) {
      if (!isAnswer(error, "BUSYGROUP")) throw error;
    }
  }

  /** Takes new entries, waiting for one. */
  async read(count: number, blockMs: number): Promise<StreamEntry[]> {
    const { topic, group, consumer } = this.#seat;
    const reply = await this.#call((client) =>
      client.xreadgroupBuffer(
        ...(["GROUP", group, consumer, "COUNT", count, "BLOCK", blockMs] as const),
        ...(["STREAMS", topic, ">"] as const),
      ),
    );
    // One stream was asked for, so there is one row at most.
    const rows = (reply as [Buffer, Row[]][] | null)?.[0]?.[1] ?? [];
    return rows.map((row) => entryOf(row, 0));
  }

  /** Ids that this consumer holds in Redis. */
  async own(after: string, count: number): Promise<string[]> {
    const { topic, group, consumer } = this.#seat;
    const start = after === "" ? "-" : `(${after}`;
    const rows = await this.#call((client) =>
      client.xpending(topic, group, start, "+", count, consumer),
    );
    return (rows as [string, ...unknown[]][]).map(([id]) => id);
  }

  /** Fetches entries that this consumer holds in Redis; those that it does not are left out. */
  async fetch(ids: readonly string[]): Promise<StreamEntry[]> {
    if (ids.length === 0) return [];
    const { topic, group, consumer } = this.#seat;
    const rows = await this.#call((client) =>
      client.pubsubFetchOwnBuffer(topic, group, consumer, ...ids),
    );
    return claimedEntries(rows);
  }

  /** All consumers of the group. */
  async consumers(): Promise<ListedConsumer[]> {
    const { topic, group } = this.#seat;
    const rows = await this.#call((client) => client.xinfo("CONSUMERS", topic, group));
    return (rows as (string | number)[][]).map((row) => {
      const of = (name: string) => row[row.indexOf(name) + 1];
      const [pending, idleMs] = [Number(of("pending")), Number(of("idle"))];
      return { name: String(of("name")), pending, idleMs };
    });
  }

  /** Takes entries from another consumer that have been with it for so long. */
  async claim(from: string, idleMs: number, count: number): Promise<Claimed> {
    const { topic, group, consumer } = this.#seat;
    const reply = await this.#call((client) =>
      client.pubsubClaimBuffer(topic, group, consumer, from, idleMs, count),
    );
    const [seen, rows] = reply as [number, unknown]; // what the script returns
    return { entries: claimedEntries(rows), isFull: seen >= count };
  }

  /** Removes another consumer unless it holds something. */
  async retire(name: string): Promise<void> {
    const { topic, group } = this.#seat;
    await this.#call((client) => client.pubsubRetire(topic, group, name));
  }

  /** @returns ids that this consumer does not hold any more */
  async keep(ids: readonly string[]): Promise<string[]> {
    const { topic, group, consumer } = this.#seat;
    const lost = await this.#call((client) => client.pubsubKeep(topic, group, consumer, ...ids));
    return lost as string[];
  }

  async ack(ids: readonly string[]): Promise<void> {
    const { topic, group } = this.#seat;
    await this.#call((client) => client.xack(topic, group, ...ids));
  }

  /** Gives entries to another consumer, as if it had held them for so long. */
  async giveBack(to: string, idleMs: number, ids: readonly string[]): Promise<void> {
    const { topic, group, consumer } = this.#seat;
    await this.#call((client) => client.pubsubGiveBack(topic, group, consumer, to, idleMs, ...ids));
  }

  /** Gives all entries to another consumer, and removes this one. */
  async leave(to: string, idleMs: number): Promise<void> {
    const { topic, group, consumer } = this.#seat;
    await this.#call((client) => client.pubsubLeave(topic, group, consumer, to, idleMs));
  }

  #call<T>(send: (client: Client) => Promise<T>): Promise<T> {
    return this.#connection.call(unbounded, send);
  }
}

/** Whether an error is the answer of Redis that begins with these words. */
export function isAnswer(error: unknown, ...beginnings: string[]): boolean {
  return error instanceof Error && beginnings.some((words) => error.message.startsWith(words));
}

/** Whether the stream or its group is missing. */
export function isGroupMissing(error: unknown): boolean {
  return (
    isAnswer(error, "NOGROUP", "ERR no such key", "UNBLOCKED") || /\bNOGROUP\b/.test(String(error))
  );
}

function entryOf([id, fields]: Row, redelivered: number): StreamEntry {
  return { id: id.toString("latin1"), fields: fields ?? [], redelivered };
}

function claimedEntries(rows: unknown): StreamEntry[] {
  // What the scripts return.
  return (rows as [...Row, number][]).map(([id, fields, times]) => entryOf([id, fields], times));
}
