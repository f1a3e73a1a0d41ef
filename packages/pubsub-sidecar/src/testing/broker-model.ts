import assert from "node:assert/strict";
import type { BrokerSubscription, Delivery, PubSub, Receiver } from "../component.ts";
import { publishRequest, subscribeRequest } from "./requests.ts";
import { testCall } from "@layotto/sidecar-kit/testing";

const TOPIC = "topic";

/** A group as it has to be: what it must get, and what it has acknowledged. */
class ModelGroup {
  /** Ids of the messages it must get, oldest first, with their keys. */
  readonly expected = new Map<string, string | undefined>();
  readonly acked = new Set<string>();
  /** Who holds what. */
  readonly open = new Map<string, ModelSubscription>();

  handedOut({ id, lane }: Delivery, to: ModelSubscription): void {
    assert.ok(this.expected.has(id), `${id} is not for this group`);
    assert.ok(!this.acked.has(id), `${id} comes again after it was acknowledged`);
    assert.ok(!this.open.has(id), `${id} is handed out twice`);
    assert.equal(lane, this.expected.get(id));
    if (lane !== undefined) this.#checkLane(id, lane, to);
    this.open.set(id, to);
  }

  /** Older messages of the lane are done or with the same subscription; younger ones are nowhere else. */
  #checkLane(id: string, lane: string, to: ModelSubscription): void {
    let isOlder = true;
    for (const [other, key] of this.expected) {
      if (other === id) isOlder = false;
      else if (key === lane) {
        const holder = this.open.get(other);
        if (holder !== undefined) assert.equal(holder, to, `lane ${lane} is with two`);
        else if (isOlder) assert.ok(this.acked.has(other), `${id} overtakes ${other}`);
      }
    }
  }
}

/** A subscription that checks each message it is handed. */
class ModelSubscription implements Receiver {
  readonly open: Delivery[] = [];
  readonly group: ModelGroup;
  subscription: BrokerSubscription | undefined;
  mode: "open" | "paused" | "closed" = "open";
  isAcking = false;
  readonly #prefetch: number;
  readonly #fault: (error: unknown) => void;

  constructor(group: ModelGroup, prefetch: number, fault: (error: unknown) => void) {
    this.group = group;
    this.#prefetch = prefetch;
    this.#fault = fault;
  }

  deliver(delivery: Delivery): void {
    try {
      assert.equal(this.mode, "open");
      this.group.handedOut(delivery, this);
    } catch (error) {
      this.#fault(error);
    }
    this.open.push(delivery);
    if (this.open.length > this.#prefetch) this.#fault(new Error("more than prefetch"));
    if (this.isAcking) this.settle(0, true);
  }

  revoke(): void {
    this.#fault(new Error("revoked"));
  }

  settle(index: number, acked: boolean): void {
    const [delivery] = this.open.splice(index % Math.max(1, this.open.length), 1);
    if (delivery === undefined) return;
    this.group.open.delete(delivery.id);
    if (acked) this.group.acked.add(delivery.id);
    if (acked) delivery.ack();
    else delivery.release();
  }
}

/** A broker with one topic, driven step by step and compared with what has to happen. */
export class BrokerModel {
  readonly subscriptions: ModelSubscription[] = [];
  readonly #pubsub: PubSub;
  readonly #groups = new Map<string, ModelGroup>();
  /** What was published before there was a group. */
  readonly #backlog = new Map<string, string | undefined>();
  readonly #faults: unknown[] = [];

  constructor(pubsub: PubSub) {
    this.#pubsub = pubsub;
  }

  async publish(key: string | undefined): Promise<void> {
    const id = await this.#pubsub.publish(publishRequest(TOPIC, "x", { key }), testCall());
    const groups = [...this.#groups.values()].map(({ expected }) => expected);
    for (const expected of groups.length > 0 ? groups : [this.#backlog]) expected.set(id, key);
  }

  async subscribe(name: string, prefetch: number): Promise<ModelSubscription> {
    const group = this.#groups.get(name) ?? this.#newGroup(name);
    const fault = (error: unknown): number => this.#faults.push(error);
    const subscription = new ModelSubscription(group, prefetch, fault);
    const request = subscribeRequest(TOPIC, name, { prefetch });
    subscription.subscription = await this.#pubsub.subscribe(request, subscription);
    this.subscriptions.push(subscription);
    return subscription;
  }

  async close(subscription: ModelSubscription): Promise<void> {
    if (subscription.mode === "closed") return;
    subscription.mode = "closed";
    for (const { id } of subscription.open.splice(0)) subscription.group.open.delete(id);
    await subscription.subscription?.close();
  }

  pause(subscription: ModelSubscription, isPaused: boolean): void {
    if (subscription.mode === "closed") return;
    subscription.mode = isPaused ? "paused" : "open";
    if (isPaused) subscription.subscription?.pause();
    else subscription.subscription?.resume();
  }

  /** Lets the broker hand out, and fails when something it did was wrong. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  /** Acknowledges everything from now on; then nothing may be left. */
  async finish(): Promise<void> {
    for (const subscription of this.subscriptions) {
      subscription.isAcking = true;
      this.pause(subscription, false);
      while (subscription.open.length > 0) subscription.settle(0, true);
    }
    for (const name of this.#groups.keys()) (await this.subscribe(name, 1)).isAcking = true;
    await this.turn();
    await this.turn();
    for (const { expected, acked, open } of this.#groups.values()) {
      assert.deepEqual(
        [...expected.keys()].filter((id) => !acked.has(id)),
        [],
      );
      assert.equal(open.size, 0);
    }
  }

  #newGroup(name: string): ModelGroup {
    const group = new ModelGroup();
    if (this.#groups.size === 0) for (const [id, key] of this.#backlog) group.expected.set(id, key);
    this.#groups.set(name, group);
    return group;
  }
}
