import type { Database } from "@layotto/embedded-store";

// One group of a topic: format (1 byte), sequence of the next message to hand out (8, float), wall time of the last
// write in ms (8, float), then the sequences below that are not acknowledged, ascending (8 each, float).
const NEXT = 1;
const USED = 9;
const OPEN = 17;
const EACH = 8;

/** How far a group is. */
export interface Position {
  /** No message from this sequence on was handed out. */
  readonly next: number;
  /** Sequences below `next` that are not acknowledged, ascending. */
  readonly open: readonly number[];
}

/** Topic and name of a group; a name of `""` is a bound of ranges. */
export type GroupKey = [topicId: number, group: string];

/** The table of groups. */
export class Groups {
  readonly #table: Database<Buffer, GroupKey>;

  constructor(table: Database<Buffer, GroupKey>) {
    this.#table = table;
  }

  get(key: GroupKey): Position | undefined {
    const record = this.#table.getBinary(key);
    if (record === undefined) return undefined;
    const open: number[] = [];
    for (let at = OPEN; at < record.length; at += EACH) open.push(record.readDoubleLE(at));
    return { next: record.readDoubleLE(NEXT), open };
  }

  /**
   * Only inside a write transaction.
   *
   * @param open what is not acknowledged, ascending
   */
  put(key: GroupKey, next: number, open: ReadonlyMap<number, unknown>, head: RecordHead): void {
    const record = Buffer.allocUnsafe(OPEN + EACH * open.size);
    record[0] = head.format;
    record.writeDoubleLE(next, NEXT);
    record.writeDoubleLE(head.wallMs, USED);
    let at = OPEN;
    for (const seq of open.keys()) at = record.writeDoubleLE(seq, at);
    this.#table.putSync(key, record);
  }

  /** Only inside a write transaction: where a group is; a new one begins with the oldest message. */
  getOrAdd(key: GroupKey, oldest: number, head: RecordHead): Position {
    const position = this.get(key);
    if (position !== undefined) return position;
    this.put(key, oldest, new Map(), head);
    return { next: oldest, open: [] };
  }

  /**
   * The oldest sequence of a topic that some group has not acknowledged; `Infinity` when the topic has no group.
   */
  floor(topicId: number): number {
    let floor = Infinity;
    for (const { value } of this.#range(topicId)) {
      const hasOpen = value.length > OPEN;
      floor = Math.min(floor, value.readDoubleLE(hasOpen ? OPEN : NEXT));
    }
    return floor;
  }

  /** Groups of a topic that nobody has written since `wallMs`. */
  unusedSince(topicId: number, wallMs: number): GroupKey[] {
    const unused: GroupKey[] = [];
    for (const { key, value } of this.#range(topicId))
      if (value.readDoubleLE(USED) < wallMs) unused.push(key);
    return unused;
  }

  /** Only inside a write transaction. */
  remove(key: GroupKey): void {
    this.#table.removeSync(key);
  }

  #range(topicId: number): Iterable<{ key: GroupKey; value: Buffer }> {
    return this.#table.getRange({ start: [topicId, ""], end: [topicId + 1, ""] });
  }
}

/** What every record begins with. */
export interface RecordHead {
  readonly format: number;
  readonly wallMs: number;
}
