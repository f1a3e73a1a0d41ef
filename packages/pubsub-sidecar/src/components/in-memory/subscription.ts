import type { BrokerSubscription, Delivery, Receiver } from "../../component.ts";
import type { Group } from "./group.ts";
import type { Lane } from "./lane.ts";
import type { Message } from "./message.ts";

/** A message in the hands of a subscription. */
export class InMemoryDelivery implements Delivery {
  readonly id: string;
  readonly data: Uint8Array;
  readonly lane: string | undefined;
  readonly redelivered: number;
  readonly metadata: undefined;
  readonly message: Message;
  readonly heldLane: Lane | undefined;
  readonly #subscription: InMemorySubscription;

  constructor(
    message: Message,
    redelivered: number,
    subscription: InMemorySubscription,
    lane: Lane | undefined,
  ) {
    this.id = message.id;
    this.data = message.data;
    this.lane = message.key;
    this.redelivered = redelivered;
    this.message = message;
    this.heldLane = lane;
    this.#subscription = subscription;
  }

  ack(): void {
    this.#subscription.settle(this, true);
  }

  release(): void {
    this.#subscription.settle(this, false);
  }
}

/** A subscription of a group in this process. */
export class InMemorySubscription implements BrokerSubscription {
  /** Lanes whose unsettled messages are here while more of them wait. */
  readonly lanes = new Set<Lane>();
  readonly #group: Group;
  readonly #receiver: Receiver;
  readonly #prefetch: number;
  readonly #open = new Set<InMemoryDelivery>();
  #paused = false;
  #closed = false;

  constructor(group: Group, receiver: Receiver, prefetch: number) {
    this.#group = group;
    this.#receiver = receiver;
    this.#prefetch = prefetch;
  }

  /** How many messages it may be handed now. */
  get credit(): number {
    return this.#paused || this.#closed ? 0 : this.#prefetch - this.#open.size;
  }

  deliver(message: Message, redelivered: number, lane: Lane | undefined): void {
    const delivery = new InMemoryDelivery(message, redelivered, this, lane);
    this.#open.add(delivery);
    this.#receiver.deliver(delivery);
  }

  /** Does nothing when the delivery is settled, or was given back when the subscription closed. */
  settle(delivery: InMemoryDelivery, acked: boolean): void {
    if (this.#open.delete(delivery)) this.#group.settled(delivery, acked);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#group.wake();
  }

  lag(): Promise<number> {
    return Promise.resolve(this.#group.unacknowledged);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#group.leave(this);
    for (const delivery of this.#open) this.settle(delivery, false);
    return Promise.resolve();
  }
}
