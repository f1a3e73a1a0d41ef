import { Lane } from "./lane.ts";
import { MessageQueue } from "./message-queue.ts";
import type { Message } from "./message.ts";
import type { InMemoryDelivery, InMemorySubscription } from "./subscription.ts";
import type { Topic } from "./topic.ts";

/**
 * A consumer group of a topic: its position, what was given back to it, and who takes its messages.
 *
 * Messages of one lane are with one subscription at a time. What cannot be handed out because the holder of its lane is
 * full waits in the lane, so that it blocks nobody else.
 */
export class Group {
  /** Messages that it has not acknowledged. */
  unacknowledged = 0;
  /** Position in the topic's log of the next message that nobody has looked at. */
  position: number;
  readonly #topic: Topic;
  readonly #subscriptions: InMemorySubscription[] = [];
  /** Messages without a key that were released. */
  readonly #released = new MessageQueue();
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that nobody holds, with messages that wait. */
  readonly #freeLanes = new Set<Lane>();
  /** How often messages were handed out that were released. */
  readonly #redelivered = new Map<Message, number>();

  constructor(topic: Topic, position: number) {
    this.#topic = topic;
    this.position = position;
  }

  join(subscription: InMemorySubscription): void {
    this.#subscriptions.push(subscription);
    this.wake();
  }

  leave(subscription: InMemorySubscription): void {
    const at = this.#subscriptions.indexOf(subscription);
    if (at >= 0) this.#subscriptions.splice(at, 1);
  }

  /** Ends its subscriptions. */
  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
  }

  /** There may be something to hand out: looks at it soon. */
  wake(): void {
    if (this.#subscriptions.length > 0) this.#topic.wake();
  }

  /** Hands out one message. Returns false when there is none for anybody. */
  step(): boolean {
    let freest: InMemorySubscription | undefined;
    let most = 0;
    for (const each of this.#subscriptions) {
      const { credit } = each;
      if (credit > 0 && each.lanes.size > 0) return this.#continueLane(each.lanes, each);
      if (credit > most) [freest, most] = [each, credit];
    }
    if (freest === undefined) return false;
    const released = this.#released.shift();
    if (released !== undefined) return this.#handOut(released, freest, undefined);
    if (this.#freeLanes.size > 0) return this.#continueLane(this.#freeLanes, freest);
    return this.#stepNew(freest);
  }

  settled(delivery: InMemoryDelivery, acked: boolean): void {
    const { message, heldLane } = delivery;
    if (acked) {
      this.unacknowledged--;
      if (this.#redelivered.size > 0) this.#redelivered.delete(message);
      this.#topic.acknowledged(message);
    } else {
      this.#redelivered.set(message, delivery.redelivered + 1);
      (heldLane?.waiting ?? this.#released).add(message);
    }
    if (heldLane !== undefined) this.#leaveLane(heldLane);
    this.wake();
  }

  /** Hands out the next message of one of the lanes, and lets the other lanes have their turn. */
  #continueLane(lanes: Set<Lane>, subscription: InMemorySubscription): boolean {
    for (const lane of lanes) {
      const message = lane.waiting.shift();
      if (message === undefined) return false;
      this.#handOut(message, subscription, lane);
      if (lanes.delete(lane)) lanes.add(lane);
      return true;
    }
    return false;
  }

  #stepNew(freest: InMemorySubscription): boolean {
    const { log } = this.#topic;
    while (this.position < log.end) {
      const message = log.at(this.position++);
      if (message === undefined) continue;
      if (message.key === undefined) return this.#handOut(message, freest, undefined);
      const lane = this.#lanes.get(message.key);
      if (lane === undefined) return this.#handOut(message, freest, this.#newLane(message.key));
      // Nothing of the lane waits then: `step` would have handed it to the holder.
      if (lane.holder !== undefined && lane.holder.credit > 0)
        return this.#handOut(message, lane.holder, lane);
      lane.waiting.add(message);
      lane.settleIn(this.#freeLanes);
    }
    return false;
  }

  #handOut(message: Message, subscription: InMemorySubscription, lane: Lane | undefined): boolean {
    if (lane !== undefined) {
      lane.holder = subscription;
      lane.open++;
      lane.settleIn(this.#freeLanes);
    }
    const redelivered = this.#redelivered.size === 0 ? 0 : (this.#redelivered.get(message) ?? 0);
    subscription.deliver(message, redelivered, lane);
    return true;
  }

  #newLane(key: string): Lane {
    const lane = new Lane(key);
    this.#lanes.set(key, lane);
    return lane;
  }

  /** One message of the lane is settled. */
  #leaveLane(lane: Lane): void {
    if (--lane.open === 0) {
      lane.holder = undefined;
      if (lane.waiting.length === 0) this.#lanes.delete(lane.key);
    }
    lane.settleIn(this.#freeLanes);
  }
}
