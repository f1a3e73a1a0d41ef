import type { Database } from "@layotto/embedded-store";
import type { Counters } from "./counters.ts";

// One topic: format (1 byte), id (4), next sequence, oldest sequence and bytes of its records (8 each, float).
const ID = 1;
const NEXT = 5;
const OLDEST = 13;
const BYTES = 21;
const LENGTH = 29;

/** What is known of a topic. Its records are those from `oldest` up to, not including, `next`, without a gap. */
export interface Topic {
  readonly id: number;
  /** Sequence of the next message. */
  next: number;
  /** Sequence of the oldest message that is still there; `next` when there is none. */
  oldest: number;
  /** Bytes of the records. */
  bytes: number;
}

/** The table of topics by key: what stands before the keys of a component, and the name. */
export class Topics {
  readonly #table: Database<Buffer, string>;
  readonly #counters: Counters;

  constructor(table: Database<Buffer, string>, counters: Counters) {
    this.#table = table;
    this.#counters = counters;
  }

  get(key: string): Topic | undefined {
    const record = this.#table.getBinaryFast(key);
    return record === undefined ? undefined : decode(record);
  }

  /** Only inside a write transaction: the topic, made when it is new. */
  getOrAdd(key: string, format: number): Topic {
    const found = this.get(key);
    if (found !== undefined) return found;
    const topic = { id: this.#counters.next("topic"), next: 1, oldest: 1, bytes: 0 };
    this.put(key, topic, format);
    return topic;
  }

  /** Only inside a write transaction. */
  put(key: string, topic: Topic, format: number): void {
    const record = Buffer.allocUnsafe(LENGTH);
    record[0] = format;
    record.writeUInt32LE(topic.id, ID);
    record.writeDoubleLE(topic.next, NEXT);
    record.writeDoubleLE(topic.oldest, OLDEST);
    record.writeDoubleLE(topic.bytes, BYTES);
    this.#table.putSync(key, record);
  }

  /** Keys of all topics that begin with `prefix`. */
  keys(prefix: string): string[] {
    const keys: string[] = [];
    for (const key of this.#table.getKeys({ start: prefix })) {
      if (!key.startsWith(prefix)) break;
      keys.push(key);
    }
    return keys;
  }
}

function decode(record: Buffer): Topic {
  return {
    id: record.readUInt32LE(ID),
    next: record.readDoubleLE(NEXT),
    oldest: record.readDoubleLE(OLDEST),
    bytes: record.readDoubleLE(BYTES),
  };
}
