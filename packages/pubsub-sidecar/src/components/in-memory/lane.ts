import { MessageQueue } from "./message-queue.ts";
import type { InMemorySubscription } from "./subscription.ts";

/** The messages of one key that are unsettled or wait in a group. */
export class Lane {
  readonly key: string;
  readonly waiting = new MessageQueue();
  /** Who has unsettled messages of it. */
  holder: InMemorySubscription | undefined;
  /** How many. */
  open = 0;
  /** The set that it is in because messages wait: its holder's, or the group's free ones. */
  #place: Set<Lane> | undefined;

  constructor(key: string) {
    this.key = key;
  }

  /** Moves to the set where those look who can hand out its messages. */
  settleIn(free: Set<Lane>): void {
    const taken = this.holder?.lanes ?? free;
    const place = this.waiting.length === 0 ? undefined : taken;
    if (place === this.#place) return;
    this.#place?.delete(this);
    place?.add(this);
    this.#place = place;
  }
}
