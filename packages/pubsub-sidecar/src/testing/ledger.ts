import type { Delivery } from "../component.ts";

/**
 * Who holds what in one consumer group. It finds messages that are handed out twice while they are unsettled, and lanes
 * that are with two subscriptions at once.
 */
export class Ledger {
  /** What went wrong, as sentences. */
  readonly faults: string[] = [];
  readonly #holders = new Map<string, object>();
  readonly #lanes = new Map<string, { holder: object; count: number }>();
  readonly #exclusiveLanes: boolean;

  /** @param exclusiveLanes whether a lane may be with one subscription only */
  constructor(exclusiveLanes: boolean) {
    this.#exclusiveLanes = exclusiveLanes;
  }

  handedOut(message: string, delivery: Delivery, holder: object): void {
    const other = this.#holders.get(message);
    if (other !== undefined) {
      const where = other === holder ? "again to the same" : "to another";
      this.faults.push(`"${message}" was handed out ${where} subscription while it was unsettled`);
    }
    this.#holders.set(message, holder);
    if (delivery.lane === undefined || !this.#exclusiveLanes) return;
    const lane = this.#lanes.get(delivery.lane);
    if (lane === undefined || lane.count === 0) {
      this.#lanes.set(delivery.lane, { holder, count: 1 });
      return;
    }
    lane.count++;
    if (lane.holder !== holder)
      this.faults.push(`lane "${delivery.lane}" was with two subscriptions at once`);
  }

  settled(message: string, delivery: Delivery, holder: object): void {
    if (this.#holders.get(message) !== holder) return;
    this.#holders.delete(message);
    const lane = delivery.lane === undefined ? undefined : this.#lanes.get(delivery.lane);
    if (lane !== undefined) lane.count--;
  }
}
