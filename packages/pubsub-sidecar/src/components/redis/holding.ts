import type { Receiver } from "../../component.ts";
import type { RedisDelivery } from "./entry.ts";

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;

/** The entries that a consumer holds: with the receiver, or waiting to be handed out again. */
export class Holding {
  readonly #receiver: Receiver;
  readonly #held = new Map<string, RedisDelivery>();
  readonly #waiting = new Map<RedisDelivery, NodeJS.Timeout>();

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  get size(): number {
    return this.#held.size;
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  ids(): string[] {
    return [...this.#held.keys()];
  }

  handOut(delivery: RedisDelivery): void {
    this.#held.set(delivery.id, delivery);
    delivery.isOut = true;
    this.#receiver.deliver(delivery);
  }

  /** @returns whether it was with the receiver: only then does settling it have an effect */
  settle(delivery: RedisDelivery): boolean {
    if (this.#held.get(delivery.id) !== delivery || !delivery.isOut) return false;
    return this.#held.delete(delivery.id);
  }

  /** Hands it out again after a pause that grows from time to time. */
  later(delivery: RedisDelivery): void {
    const next = delivery.again();
    this.#held.set(next.id, next);
    const doublings = Math.min(next.redelivered - 1, 10);
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** doublings);
    const timer = setTimeout(() => {
      this.#waiting.delete(next);
      this.handOut(next);
    }, pauseMs);
    this.#waiting.set(next, timer);
  }

  /** Others have these now. */
  revoke(ids: readonly string[]): void {
    for (const id of ids) {
      const delivery = this.#held.get(id);
      if (delivery === undefined) continue;
      this.#forget(delivery);
      if (delivery.isOut) this.#receiver.revoke(delivery);
    }
  }

  /** Forgets those that wait. @returns their ids */
  recall(): string[] {
    const waiting = [...this.#waiting.keys()];
    for (const delivery of waiting) this.#forget(delivery);
    return waiting.map(({ id }) => id);
  }

  /** Forgets everything: settling has no effect any more. */
  clear(): void {
    this.recall();
    this.#held.clear();
  }

  #forget(delivery: RedisDelivery): void {
    clearTimeout(this.#waiting.get(delivery));
    this.#waiting.delete(delivery);
    this.#held.delete(delivery.id);
  }
}
