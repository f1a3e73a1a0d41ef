/** A record whose fate decides where the group goes on. */
export interface Tracked {
  readonly offset: number;
  /** Nobody needs to see it again. */
  done: boolean;
}

const COMPACT_AT = 1024;

/**
 * Where a group may go on in a partition: at the oldest record that is not done. Records come in the order of their
 * offsets and are done in any order; offsets without a record (compacted, or marks of transactions) are passed over.
 */
export class OffsetTracker<T extends Tracked> {
  #records: T[] = [];
  #head = 0;
  #next: number | undefined;

  /** Offset after everything that was read; `undefined` when nothing was. */
  get next(): number | undefined {
    return this.#next;
  }

  /** Offset to commit: all before it is done. `undefined` when nothing was read. */
  get position(): number | undefined {
    return this.#records[this.#head]?.offset ?? this.#next;
  }

  /** Takes records, and the offset after them. */
  add(records: readonly T[], next: number): void {
    for (const record of records) this.#records.push(record);
    this.#next = next;
  }

  /** A record is done. */
  done(record: T): void {
    record.done = true;
    while (this.#records[this.#head]?.done === true) this.#head++;
    if (this.#head === this.#records.length) {
      this.#records = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }
}
