import type { Http2Stream } from "./stream.ts";

/** Slots of the array part: a power of two, more than streams usually open at once. */
const FIRST_SLOTS = 16;
const MAX_SLOTS = 1024;

/**
 * Streams by identifier. Identifiers grow by two, so `(id >> 1) & mask` is a slot of its own for as
 * many young streams as there are slots; older ones that collide live in a map.
 */
export class StreamTable {
  /** Number of streams. */
  size = 0;
  private slots: (Http2Stream | null)[] = new Array<Http2Stream | null>(FIRST_SLOTS).fill(null);
  private mask = FIRST_SLOTS - 1;
  private readonly others = new Map<number, Http2Stream>();

  get(id: number): Http2Stream | undefined {
    const stream = this.slots[(id >> 1) & this.mask];
    if (stream !== null && stream !== undefined && stream.id === id) return stream;
    return this.others.size === 0 ? undefined : this.others.get(id);
  }

  add(stream: Http2Stream): void {
    if (this.size >= this.slots.length && this.slots.length < MAX_SLOTS) this.grow();
    this.size++;
    this.place(stream);
  }

  delete(stream: Http2Stream): void {
    const slot = (stream.id >> 1) & this.mask;
    if (this.slots[slot] === stream) this.slots[slot] = null;
    else if (!this.others.delete(stream.id)) return;
    this.size--;
  }

  /** A copy, so that the caller may remove streams while it walks. */
  toArray(): Http2Stream[] {
    const all = [...this.others.values()];
    for (const stream of this.slots) if (stream !== null) all.push(stream);
    return all;
  }

  private place(stream: Http2Stream): void {
    const slot = (stream.id >> 1) & this.mask;
    const holder = this.slots[slot];
    if (holder) this.others.set(holder.id, holder);
    this.slots[slot] = stream;
  }

  private grow(): void {
    const all = this.toArray();
    this.slots = new Array<Http2Stream | null>(this.slots.length * 4).fill(null);
    this.mask = this.slots.length - 1;
    this.others.clear();
    for (const stream of all) this.place(stream);
  }
}
