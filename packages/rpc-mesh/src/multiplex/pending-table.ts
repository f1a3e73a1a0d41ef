/** Something that waits for the answer with an id. */
export interface Pending {
  /** Request id, a signed 32-bit integer; the table sets it. */
  id: number;
}

const FIRST_SLOTS = 64;

/**
 * Requests that wait for answers on one connection, by id. Ids count up and wrap after 2^32; an id that is still taken is
 * passed over. The slot of a request is the low bits of its id, so that looking it up is one array access.
 */
export class PendingTable<P extends Pending> {
  private slots: (P | undefined)[] = newSlots(FIRST_SLOTS);
  private mask = FIRST_SLOTS - 1;
  private last: number;
  private count = 0;

  /** @param last the id before the first that is given out */
  constructor(last = 0) {
    this.last = last | 0;
  }

  /** Requests that wait. */
  get size(): number {
    return this.count;
  }

  /** Takes up a request under a new id, never 0, and sets `pending.id`. */
  add(pending: P): void {
    if (this.count * 2 >= this.slots.length) this.grow();
    let id = this.last;
    do {
      id = (id + 1) | 0;
    } while (id === 0 || this.slots[id & this.mask] !== undefined);
    this.last = id;
    pending.id = id;
    this.slots[id & this.mask] = pending;
    this.count += 1;
  }

  /** An id for a frame of our own that stands in no slot: a heartbeat. It may be that of no request that waits. */
  spareId(): number {
    let id = this.last;
    do {
      id = (id + 1) | 0;
    } while (id === 0 || this.slots[id & this.mask] !== undefined);
    this.last = id;
    return id;
  }

  /** Removes the request with this id; undefined: nobody waits (any more). */
  take(id: number): P | undefined {
    const slot = id & this.mask;
    const pending = this.slots[slot];
    if (pending === undefined || pending.id !== id) return undefined;
    this.slots[slot] = undefined;
    this.count -= 1;
    return pending;
  }

  /** Removes all. */
  takeAll(): P[] {
    const all = this.slots.filter((pending) => pending !== undefined);
    this.slots = newSlots(FIRST_SLOTS);
    this.mask = FIRST_SLOTS - 1;
    this.count = 0;
    return all;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = newSlots(old.length * 2);
    this.mask = old.length * 2 - 1;
    // Ids that differ in their low bits differ in one bit more as well: no two meet.
    for (const pending of old)
      if (pending !== undefined) this.slots[pending.id & this.mask] = pending;
  }
}

function newSlots<P>(length: number): (P | undefined)[] {
  return new Array<P | undefined>(length).fill(undefined);
}
