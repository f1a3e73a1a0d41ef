import type { BrokerSubscription, Receiver } from "../../component.ts";

/** The group that a {@link Member} belongs to. */
export interface MemberGroup {
  changed(): void;
  lag(): number;
  leave(member: Member): Promise<void>;
}

/** One subscription of a group. */
export class Member implements BrokerSubscription {
  readonly receiver: Receiver;
  /** Messages that it holds. */
  out = 0;
  readonly #prefetch: number;
  readonly #group: MemberGroup;
  #paused = false;
  #closed: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  constructor(receiver: Receiver, prefetch: number, group: MemberGroup) {
    this.receiver = receiver;
    this.#prefetch = prefetch;
    this.#group = group;
  }

  /** Whether it takes another message now. */
  get isFree(): boolean {
    return this.out < this.#prefetch && !this.#paused && this.#closed === undefined;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#group.changed();
  }

  async lag(): Promise<number> {
    return this.#group.lag();
  }

  /** Calls back when it is closed. */
  onClosed(listener: () => void): void {
    this.#onClosed = listener;
  }

  close(): Promise<void> {
    // Not free from here on; `leave` must see it so.
    this.#closed ??= Promise.resolve().then(() => this.#leave());
    return this.#closed;
  }

  async #leave(): Promise<void> {
    try {
      await this.#group.leave(this);
    } finally {
      this.#onClosed?.();
    }
  }
}
