import { deferred, type Deferred } from "@layotto/sidecar-kit";
import type { IncomingRecord } from "../port.ts";
import type { HeldRecord, KafkaDelivery } from "./delivery.ts";
import { OffsetTracker } from "./offset-tracker.ts";

/** With so little waiting, more is fetched: it lasts while the client gets to it, and is all that memory holds besides. */
const LOW_RECORDS = 200;
const LOW_BYTES = 128 * 1024;
const COMPACT_AT = 256;

/** A partition that is ours: what was read of it and not handed out, what is out, and how far it is done. */
export class OwnedPartition {
  readonly id: number;
  readonly lane: string;
  readonly tracker = new OffsetTracker<HeldRecord>();
  readonly out = new Set<KafkaDelivery>();
  /** Whether the client was told to read nothing more. */
  isPaused = false;
  /** What the broker knows. */
  committed: number | undefined;
  #waiting: HeldRecord[] = [];
  #head = 0;
  #bytes = 0;
  #room: Deferred<void> | undefined;

  constructor(id: number) {
    this.id = id;
    this.lane = String(id);
  }

  get isEmpty(): boolean {
    return this.#head === this.#waiting.length;
  }

  /** Whether more may be fetched. */
  get hasRoom(): boolean {
    return this.#waiting.length - this.#head <= LOW_RECORDS && this.#bytes <= LOW_BYTES;
  }

  /** Takes what was read. What is here already, read again after the group was joined anew, is left out. */
  add(records: readonly IncomingRecord[], next: number): void {
    const known = this.tracker.next ?? -1;
    const fresh = records.filter(({ offset }) => offset >= known).map(held);
    for (const one of fresh) {
      this.#waiting.push(one);
      this.#bytes += one.record.value.byteLength;
    }
    if (next > known) this.tracker.add(fresh, next);
  }

  /** The next record to hand out. */
  take(): HeldRecord | undefined {
    const held = this.#waiting[this.#head];
    if (held === undefined) return undefined;
    this.#head++;
    this.#bytes -= held.record.value.byteLength;
    if (this.#head === this.#waiting.length || this.#head >= COMPACT_AT) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return held;
  }

  /** Hands this one out once more, before all younger ones. */
  putBack(held: HeldRecord): void {
    const waiting = this.#waiting.slice(this.#head);
    const younger = waiting.findIndex(({ offset }) => offset > held.offset);
    waiting.splice(younger < 0 ? waiting.length : younger, 0, held);
    this.#waiting = waiting;
    this.#head = 0;
    this.#bytes += held.record.value.byteLength;
  }

  /** Resolves when there is room for more. */
  room(): Promise<void> {
    this.#room ??= deferred<void>();
    return this.#room.promise;
  }

  /** Lets go whoever waits for room. */
  freeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

function held(record: IncomingRecord): HeldRecord {
  return { offset: record.offset, done: false, attempts: 0, record };
}
