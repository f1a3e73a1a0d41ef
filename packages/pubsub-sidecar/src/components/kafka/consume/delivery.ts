import type { Delivery } from "../../../component.ts";
import type { IncomingRecord } from "../port.ts";
import type { OwnedPartition } from "./owned-partition.ts";
import type { Tracked } from "./offset-tracker.ts";

/** Which messages the app gets one after another. */
export type Ordering = "key" | "partition" | "none";

/** A record in our hands. */
export interface HeldRecord extends Tracked {
  readonly record: IncomingRecord;
  /** How often it was handed out. */
  attempts: number;
}

/** Who is told what becomes of a delivery. */
export interface DeliveryOwner {
  readonly topic: string;
  readonly ordering: Ordering;
  settled(delivery: KafkaDelivery, done: boolean): void;
}

/** A record that was handed out. */
export class KafkaDelivery implements Delivery {
  readonly redelivered: number;
  readonly held: HeldRecord;
  readonly partition: OwnedPartition;
  readonly #owner: DeliveryOwner;
  #open = true;

  constructor(held: HeldRecord, partition: OwnedPartition, owner: DeliveryOwner) {
    this.held = held;
    this.partition = partition;
    this.#owner = owner;
    this.redelivered = held.attempts++;
  }

  get id(): string {
    return `${this.#owner.topic}-${this.partition.id}-${this.held.offset}`;
  }

  get data(): Uint8Array {
    return this.held.record.value;
  }

  get lane(): string | undefined {
    const { ordering } = this.#owner;
    if (ordering === "none") return undefined;
    const { key } = this.held.record;
    if (ordering === "partition" || key === undefined) return this.partition.lane;
    return `${this.partition.lane}/${key.toString("latin1")}`;
  }

  get metadata(): Readonly<Record<string, string>> | undefined {
    const { headers, key } = this.held.record;
    if (headers === undefined) return undefined;
    const pairs = headers.map(([name, value]) => [name, value.toString()] as const);
    return {
      ...Object.fromEntries(pairs),
      ...(key !== undefined && { __key: key.toString() }),
      __topic: this.#owner.topic,
      __partition: String(this.partition.id),
      __offset: String(this.held.offset),
    };
  }

  ack(): void {
    this.#settle(true);
  }

  release(): void {
    this.#settle(false);
  }

  /** Settling it has no effect from now on. */
  revoke(): void {
    this.#open = false;
  }

  #settle(done: boolean): void {
    if (!this.#open) return;
    this.#open = false;
    this.#owner.settled(this, done);
  }
}
