import type { Receiver } from "../../component.ts";
import type { Entry } from "./entry.ts";

/** One subscription of a group in this process. */
export interface Member {
  readonly receiver: Receiver;
  readonly prefetch: number;
  /** What it has and has not settled. */
  readonly held: Set<Entry>;
  isPaused: boolean;
  /** Whether it can be handed anything at all. */
  isReady: boolean;
}

/** Which member of a group gets a message: the one with least to do, and one lane is never with two. */
export class Members {
  readonly #all = new Set<Member>();

  add(member: Member): void {
    this.#all.add(member);
  }

  delete(member: Member): void {
    this.#all.delete(member);
  }

  get size(): number {
    return this.#all.size;
  }

  /** Most messages that all together may have unsettled. */
  get prefetch(): number {
    let sum = 0;
    for (const { prefetch } of this.#all) sum += prefetch;
    return sum;
  }

  get hasRoom(): boolean {
    for (const member of this.#all) if (hasRoom(member)) return true;
    return false;
  }

  /** The member that a message of the lane goes to now; `undefined` = it has to wait. */
  choose(lane: string | undefined): Member | undefined {
    const owner = lane === undefined ? undefined : this.#ownerOf(lane);
    if (owner !== undefined) return hasRoom(owner) ? owner : undefined;
    let best: Member | undefined;
    for (const member of this.#all) {
      if (!hasRoom(member)) continue;
      if (best === undefined || member.held.size < best.held.size) best = member;
    }
    return best;
  }

  #ownerOf(lane: string): Member | undefined {
    // With one member there is nothing to keep apart.
    if (this.#all.size < 2) return undefined;
    for (const member of this.#all) {
      for (const { incoming } of member.held) if (incoming.key === lane) return member;
    }
    return undefined;
  }
}

function hasRoom({ isReady, isPaused, held, prefetch }: Member): boolean {
  return isReady && !isPaused && held.size < prefetch;
}
