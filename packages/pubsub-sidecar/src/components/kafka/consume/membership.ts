import type { Receiver } from "../../../component.ts";
import type { ConsumerListener, IncomingRecord, KafkaConsumer } from "../port.ts";
import { Committer } from "./committer.ts";
import { type DeliveryOwner, type HeldRecord, KafkaDelivery, type Ordering } from "./delivery.ts";
import { OwnedPartition } from "./owned-partition.ts";

/** What a {@link Membership} is made of. */
export interface MembershipOptions {
  readonly topic: string;
  readonly ordering: Ordering;
  readonly prefetch: number;
  readonly receiver: Receiver;
  /** The consumer has ended by itself. */
  ended(error: unknown): void;
}

/** How long fetching waits for room. Then it leaves the partition out, which takes up to 100 ms to be undone. */
const PATIENCE_MS = 200;
const REDELIVERY_MS = 20;
const LAST_COMMIT_MS = 2000;

/** One stay in a consumer group: hands out what is read of the partitions that are ours, and commits what is done. */
export class Membership implements ConsumerListener, DeliveryOwner {
  readonly topic: string;
  readonly ordering: Ordering;
  readonly #options: MembershipOptions;
  readonly #committer: Committer;
  #partitions = new Map<number, OwnedPartition>();
  #inTurn: OwnedPartition[] = [];
  #consumer: KafkaConsumer | undefined;
  #unsettled = 0;
  #paused: boolean;
  #closed = false;
  #over = false;
  #pumping = false;
  #turn = 0;
  #redelivery: NodeJS.Timeout | undefined;

  constructor(options: MembershipOptions, paused: boolean) {
    this.topic = options.topic;
    this.ordering = options.ordering;
    this.#options = options;
    this.#paused = paused;
    this.#committer = new Committer(
      () => this.#partitions.values(),
      () => this.#consumer,
    );
  }

  /** The group was joined. */
  joined(consumer: KafkaConsumer): void {
    this.#consumer = consumer;
    for (const partition of this.#inTurn) this.#adjust(partition);
  }

  /** Where the partitions that are ours are done, also what is not committed yet. */
  get positions(): ReadonlyMap<number, number> {
    const positions = new Map<number, number>();
    for (const { id, tracker } of this.#inTurn) {
      if (tracker.position !== undefined) positions.set(id, tracker.position);
    }
    return positions;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    for (const partition of this.#inTurn) this.#adjust(partition);
    if (!paused) setImmediate(() => this.#pump()); // never inside the caller's call
  }

  assigned(ids: readonly number[]): ReadonlyMap<number, number> {
    const before = this.#partitions;
    this.#partitions = new Map(ids.map((id) => [id, before.get(id) ?? new OwnedPartition(id)]));
    this.#inTurn = [...this.#partitions.values()];
    for (const [id, partition] of before) if (!this.#partitions.has(id)) this.#lose(partition);
    const goOn = new Map<number, number>();
    for (const { id, tracker } of this.#inTurn) {
      if (tracker.next !== undefined) goOn.set(id, tracker.next);
    }
    // One that was ours before may have been paused then.
    this.#consumer?.resume(ids.filter((id) => !before.has(id)));
    for (const partition of this.#inTurn) this.#adjust(partition);
    this.#committer.soon();
    this.#pump();
    return goOn;
  }

  rebalancing(): void {
    void this.#committer.now();
  }

  async records(id: number, records: readonly IncomingRecord[], next: number): Promise<void> {
    let partition = this.#partitions.get(id);
    if (partition === undefined || this.#closed) return;
    if (next <= (partition.tracker.position ?? 0)) partition = this.#restart(partition);
    partition.add(records, next);
    this.#pump();
    if (partition.hasRoom || this.#closed) return;
    const timer = setTimeout(() => {
      this.#adjust(partition);
      partition.freeRoom();
    }, PATIENCE_MS);
    await partition.room();
    clearTimeout(timer);
  }

  ended(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop();
    for (const partition of this.#inTurn) this.#lose(partition);
    this.#options.ended(error);
  }

  settled(delivery: KafkaDelivery, done: boolean): void {
    const { partition, held } = delivery;
    partition.out.delete(delivery);
    if (this.#closed) return;
    this.#unsettled--;
    if (!done) {
      partition.putBack(held);
      return this.#handOutSoon();
    }
    partition.tracker.done(held);
    this.#committer.soon();
    this.#pump();
  }

  /** Hands out nothing more, commits, and leaves the group. */
  async close(): Promise<void> {
    this.#stop();
    await this.#committer.finish(LAST_COMMIT_MS);
    await this.#consumer?.close();
  }

  #stop(): void {
    this.#closed = true;
    clearTimeout(this.#redelivery);
    for (const partition of this.#inTurn) {
      for (const delivery of partition.out) delivery.revoke();
      partition.freeRoom();
    }
    this.#committer.stop();
  }

  #pump(): void {
    if (this.#pumping) return; // the receiver has settled one at once
    this.#pumping = true;
    let idle = 0;
    while (idle < this.#inTurn.length && this.#mayDeliver) {
      const partition = this.#inTurn[this.#turn++ % this.#inTurn.length];
      const held = partition?.take();
      if (partition === undefined || held === undefined) {
        idle++;
        continue;
      }
      idle = 0;
      this.#handOut(partition, held);
    }
    this.#pumping = false;
  }

  get #mayDeliver(): boolean {
    return !this.#closed && !this.#paused && this.#unsettled < this.#options.prefetch;
  }

  #handOut(partition: OwnedPartition, held: HeldRecord): void {
    const delivery = new KafkaDelivery(held, partition, this);
    partition.out.add(delivery);
    this.#unsettled++;
    if (partition.hasRoom) {
      partition.freeRoom();
      if (partition.isPaused) this.#adjust(partition);
    }
    this.#options.receiver.deliver(delivery);
  }

  /** Who gives everything back at once must not keep the process busy, so this does not go on in the same turn. */
  #handOutSoon(): void {
    this.#redelivery ??= setTimeout(() => {
      this.#redelivery = undefined;
      this.#pump();
    }, REDELIVERY_MS);
  }

  /** Tells the client whether to read more of a partition. */
  #adjust(partition: OwnedPartition): void {
    if (this.#consumer === undefined || this.#closed) return;
    const wanted = this.#paused || !partition.hasRoom;
    if (wanted === partition.isPaused) return;
    partition.isPaused = wanted;
    if (wanted) this.#consumer.pause([partition.id]);
    else this.#consumer.resume([partition.id]);
  }

  /** The offsets begin anew, because the topic was deleted and made again: forgets what was known. */
  #restart(partition: OwnedPartition): OwnedPartition {
    this.#lose(partition);
    const anew = new OwnedPartition(partition.id);
    anew.isPaused = partition.isPaused;
    this.#partitions.set(partition.id, anew);
    this.#inTurn = [...this.#partitions.values()];
    return anew;
  }

  /** The partition is no more ours. */
  #lose(partition: OwnedPartition): void {
    this.#unsettled -= partition.out.size;
    for (const delivery of partition.out) {
      delivery.revoke();
      this.#options.receiver.revoke(delivery);
    }
    partition.out.clear();
    partition.freeRoom();
  }
}
