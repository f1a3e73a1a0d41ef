import { HeaderField } from "./field.ts";

const vacant = new HeaderField("", "");
const initialCapacity = 16;

/**
 * The dynamic table of one direction (RFC 7541 §2.3.2), a ring that grows with its use. Entries carry a
 * running insertion number, from 1, which names them for as long as they live.
 */
export class DynamicTable {
  /** Changes whenever an index may mean another field, so it guards everything derived from indexes. */
  generation = 0;
  /** Number of the newest entry ever inserted. */
  inserted = 0;
  /** Number of the newest entry ever dropped. */
  dropped = 0;
  /** Sum of the entries' sizes. */
  bytes = 0;
  maxBytes: number;
  private ring: HeaderField[] = [];
  private mask = -1;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get length(): number {
    return this.inserted - this.dropped;
  }

  /** The entry at a position counted from the newest, 0; undefined when there is none. */
  at(position: number): HeaderField | undefined {
    if (position >= this.inserted - this.dropped) return undefined;
    return this.ring[(this.inserted - position) & this.mask];
  }

  /** Appends a field for which there is room. */
  append(field: HeaderField): void {
    if (this.inserted - this.dropped > this.mask) this.grow();
    this.inserted++;
    this.ring[this.inserted & this.mask] = field;
    this.bytes += field.size;
    this.generation++;
  }

  /** Removes and returns the oldest entry; the table must not be empty. */
  dropOldest(): HeaderField {
    this.dropped++;
    const slot = this.dropped & this.mask;
    const field = this.ring[slot] ?? vacant;
    this.ring[slot] = vacant;
    this.bytes -= field.size;
    this.generation++;
    return field;
  }

  private grow(): void {
    const capacity = this.mask < 0 ? initialCapacity : (this.mask + 1) * 2;
    const ring = Array.from({ length: capacity }, () => vacant);
    for (let number = this.dropped + 1; number <= this.inserted; number++) {
      ring[number & (capacity - 1)] = this.ring[number & this.mask] ?? vacant;
    }
    this.ring = ring;
    this.mask = capacity - 1;
  }
}
