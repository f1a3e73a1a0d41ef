/** Streams that we reset are remembered for as long as their frames may still be under way. */
const CAPACITY = 64;

/** The last few stream identifiers, for the rare frame of a stream that is gone. */
export class RecentIds {
  private ids: Int32Array | null = null;
  private next = 0;

  add(id: number): void {
    this.ids ??= new Int32Array(CAPACITY);
    this.ids[this.next] = id;
    this.next = (this.next + 1) % CAPACITY;
  }

  has(id: number): boolean {
    return this.ids !== null && this.ids.includes(id);
  }
}
