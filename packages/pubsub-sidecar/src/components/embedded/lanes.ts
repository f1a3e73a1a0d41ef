import type { Member } from "./member.ts";
import type { WaitingMessage } from "./message.ts";

/** Messages of one key that are not acknowledged. */
export interface Lane {
  readonly key: string;
  /** Who holds messages of it; all of them are with one member, so that they stay in order. */
  holder: Member | undefined;
  /** Messages that the holder has. */
  out: number;
  /**
   * A message came back while later ones are still out: nothing is handed out until they have come back, or they would
   * be overtaken.
   */
  cameBack: boolean;
  /** Messages behind those, by sequence. */
  readonly waiting: WaitingMessage[];
}

/** Which messages may be handed out to whom, so that those of one key keep their order. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #withWaiting = new Set<Lane>();
  #waitingCount = 0;

  /** Messages that wait for others of their key. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  get(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, holder: undefined, out: 0, cameBack: false, waiting: [] };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** Who may get the next message of the lane, `free` or its holder; `undefined` = nobody now. */
  taker(lane: Lane, free: Member | undefined): Member | undefined {
    if (lane.cameBack) return undefined;
    if (lane.out === 0) return free;
    return lane.holder?.isFree === true ? lane.holder : undefined;
  }

  /** A message went out. */
  took(key: string, holder: Member): void {
    const lane = this.get(key);
    lane.holder = holder;
    lane.out++;
  }

  /** A message that was out is done. */
  done(key: string): void {
    this.#back(this.get(key));
  }

  /** A message that was out waits again. */
  cameBack(message: WaitingMessage, key: string): void {
    const lane = this.get(key);
    this.wait(lane, message);
    lane.cameBack = true;
    this.#back(lane);
  }

  /** A message waits, behind those that were published before it. */
  wait(lane: Lane, message: WaitingMessage): void {
    const { waiting } = lane;
    let at = waiting.length;
    while (at > 0 && (waiting[at - 1]?.seq ?? 0) > message.seq) at--;
    waiting.splice(at, 0, message);
    this.#waitingCount++;
    this.#withWaiting.add(lane);
  }

  /** Takes the first waiting message that somebody may get now. */
  next(
    free: Member | undefined,
  ): { message: WaitingMessage; taker: Member; lane: Lane } | undefined {
    for (const lane of this.#withWaiting) {
      const taker = this.taker(lane, free);
      if (taker === undefined) continue;
      const message = lane.waiting.shift();
      if (message === undefined) continue;
      this.#waitingCount--;
      if (lane.waiting.length === 0) this.#withWaiting.delete(lane);
      return { message, taker, lane };
    }
    return undefined;
  }

  /** Forgets a lane that has nothing. */
  tidy(key: string): void {
    const lane = this.#lanes.get(key);
    if (lane?.out === 0 && lane.waiting.length === 0) this.#lanes.delete(key);
  }

  #back(lane: Lane): void {
    lane.out--;
    if (lane.out > 0) return;
    lane.holder = undefined;
    lane.cameBack = false;
    if (lane.waiting.length === 0) this.#lanes.delete(lane.key);
  }
}
