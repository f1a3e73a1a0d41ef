/** Streams that we reset are remembered for as long as their frames may still be under way. */
const FIRST_CAPACITY = 16;
const MAX_CAPACITY = 1024;

/** The last few stream identifiers, for the rare frame of a stream that is gone. */
export class RecentIds {
  private ids: Int32Array | null = null;
  private next = 0;

  add(id: number): void {
    this.ids ??= new Int32Array(FIRST_CAPACITY);
    if (this.next === this.ids.length) this.growOrWrap(this.ids);
    this.ids[this.next++] = id;
  }

  has(id: number): boolean {
    return this.ids !== null && this.ids.includes(id);
  }

  private growOrWrap(ids: Int32Array): void {
    if (ids.length === MAX_CAPACITY) {
      this.next = 0;
      return;
    }
    this.ids = new Int32Array(ids.length * 4);
    this.ids.set(ids);
  }
}
