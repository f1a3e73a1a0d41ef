import type { Position } from "./groups.ts";
import { Lanes } from "./lanes.ts";
import type { Member } from "./member.ts";
import type { Message, WaitingMessage } from "./message.ts";
import { keyOf } from "./records.ts";

/** Messages that may wait for others of their key before no more is read. */
const MAX_BEHIND = 1000;

/** The part of the log that a {@link Backlog} reads. */
export interface Reader {
  /** `undefined` = it is not there. */
  read(seq: number): Buffer | undefined;
  /** Called for a message that is not there. @returns the oldest one that is; `undefined` = it should be there */
  missing(seq: number): number | undefined;
}

/** A message that can be handed out, and who gets it. */
export interface Turn {
  readonly message: WaitingMessage;
  readonly record: Buffer;
  readonly taker: Member;
}

/**
 * What a group has not acknowledged: who has which message, and which one is next. What waits is known by its sequence
 * and read when its turn comes, so that only what members hold is in memory.
 */
export class Backlog {
  readonly #reader: Reader;
  readonly #lanes = new Lanes();
  /** What was read and not acknowledged, ascending by sequence; the message while a member has it. */
  #open = new Map<number, Message | undefined>();
  /** Sequences that were open at the start and have not been read since. */
  #inherited: number[] = [];
  /** Messages without a key that came back. */
  readonly #again: WaitingMessage[] = [];
  /** Sequence that is read next. */
  #next = 0;
  /** Sequence after the last one that is there. */
  #end = 0;
  #lanesChanged = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Begins where the group was left. */
  start({ next, open }: Position): void {
    this.#next = next;
    this.#inherited = [...open];
    this.#open = new Map(open.map((seq) => [seq, undefined]));
  }

  /** No message from this sequence on is acknowledged, or has been read. */
  get next(): number {
    return this.#next;
  }

  /** What is not acknowledged below `next`, ascending. */
  get open(): ReadonlyMap<number, unknown> {
    return this.#open;
  }

  /** The topic now ends before this sequence. @returns false when that is known */
  appended(end: number): boolean {
    if (end <= this.#end) return false;
    this.#end = end;
    return true;
  }

  /** Somebody may take messages now that waited for others of their key. */
  changed(): void {
    this.#lanesChanged = true;
  }

  /**
   * The next message; the caller hands it out. What throws has changed nothing.
   *
   * @param free a member that takes any message; holders of a key may take more of that key without it
   * @returns "again" when something was left out and the next may do; `undefined` when nothing can be handed out now
   */
  take(free: Member | undefined): Turn | "again" | undefined {
    const [again] = this.#again;
    if (free !== undefined && again !== undefined) {
      const turn = this.#turn(again, free);
      this.#again.shift();
      return turn;
    }
    return this.#takeOfLane(free) ?? (free === undefined ? undefined : this.#takeUnread(free));
  }

  /** A message has been handed out. */
  gave(message: Message): void {
    this.#open.set(message.seq, message);
    message.holder.out++;
    if (message.lane !== undefined) this.#lanes.took(message.lane, message.holder);
  }

  /** @returns false when the message is not out any more */
  acked(message: Message): boolean {
    if (this.#open.get(message.seq) !== message) return false;
    this.#open.delete(message.seq);
    message.holder.out--;
    if (message.lane !== undefined) this.#lanes.done(message.lane);
    return true;
  }

  /** The message waits again, unless it is not out any more. */
  cameBack(message: Message): void {
    const { seq, lane, redelivered } = message;
    if (this.#open.get(seq) !== message) return;
    this.#open.set(seq, undefined);
    message.holder.out--;
    const again = { seq, lane, redelivered: redelivered + 1 };
    if (lane === undefined) this.#again.push(again);
    else this.#lanes.cameBack(again, lane);
  }

  /** Everything that a member has comes back. */
  allCameBack(holder: Member): void {
    for (const message of this.#open.values())
      if (message?.holder === holder) this.cameBack(message);
  }

  #takeOfLane(free: Member | undefined): Turn | "again" | undefined {
    if (!this.#lanesChanged) return undefined;
    const found = this.#lanes.next(free);
    if (found === undefined) {
      this.#lanesChanged = false;
      return undefined;
    }
    const { message, taker, lane } = found;
    try {
      return this.#turn(message, taker);
    } catch (error) {
      this.#lanes.wait(lane, message);
      throw error;
    }
  }

  /** Reads on in the log; what must wait for others of its key is left aside. */
  #takeUnread(free: Member): Turn | "again" | undefined {
    if (this.#lanes.waitingCount >= MAX_BEHIND) return undefined;
    const [inherited] = this.#inherited;
    const seq = inherited ?? this.#next;
    if (inherited === undefined && seq >= this.#end) return undefined;
    const record = this.#reader.read(seq);
    if (inherited === undefined) this.#open.set(this.#next++, undefined);
    else this.#inherited.shift();
    if (record === undefined) return this.#leaveOut(seq);
    const key = keyOf(record);
    const message = { seq, lane: key, redelivered: 0 };
    if (key === undefined) return { message, record, taker: free };
    const lane = this.#lanes.get(key);
    const taker = lane.waiting.length > 0 ? undefined : this.#lanes.taker(lane, free);
    if (taker !== undefined) return { message, record, taker };
    this.#lanes.wait(lane, message);
    return "again";
  }

  #turn(message: WaitingMessage, taker: Member): Turn | "again" {
    const record = this.#reader.read(message.seq);
    if (record !== undefined) return { message, record, taker };
    if (message.lane !== undefined) this.#lanes.tidy(message.lane);
    return this.#leaveOut(message.seq);
  }

  #leaveOut(seq: number): "again" {
    const oldest = this.#reader.missing(seq);
    // What should be there stays unacknowledged, so that nobody takes it for consumed.
    if (oldest === undefined) return "again";
    this.#open.delete(seq);
    this.#next = Math.max(this.#next, oldest);
    return "again";
  }
}
