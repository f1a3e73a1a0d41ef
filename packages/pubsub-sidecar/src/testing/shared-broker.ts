import { backendErrors } from "@layotto/sidecar-kit";
import type {
  BrokerSubscription,
  Delivery,
  PubSub,
  PublishRequest,
  Receiver,
  SubscribeRequest,
} from "../component.ts";
import { InMemoryPubSub } from "../components/in-memory/in-memory.ts";

/**
 * A broker with several clients that can go away and come back, in this process. It shows that the conformance suite can
 * be met in all its parts.
 */
export class SharedBroker {
  readonly core = new InMemoryPubSub({ maxMessages: 100_000, maxBytes: 2 ** 28, backlog: 1000 });
  readonly subscriptions = new Set<SharedSubscription>();
  isAway = false;

  open(): PubSub {
    return new SharedClient(this);
  }

  /** Takes back what is unsettled. */
  async kill(): Promise<void> {
    this.isAway = true;
    for (const subscription of this.subscriptions) await subscription.cut();
  }

  async start(): Promise<void> {
    this.isAway = false;
    for (const subscription of this.subscriptions) await subscription.connect();
  }

  check(): void {
    if (this.isAway) throw backendErrors.BACKEND_UNAVAILABLE("the broker is away");
  }
}

class SharedClient implements PubSub {
  readonly features = new Set(["order"] as const);
  readonly maxMessageBytes = undefined;
  readonly #broker: SharedBroker;
  readonly #own = new Set<SharedSubscription>();

  constructor(broker: SharedBroker) {
    this.#broker = broker;
  }

  topicFault(topic: string): string | undefined {
    return topic.includes("/") ? 'may not contain "/"' : undefined;
  }

  async publish(request: PublishRequest): Promise<string> {
    await Promise.resolve();
    this.#broker.check();
    return this.#broker.core.publish(request);
  }

  publishLater(request: PublishRequest, delayMs: number): Promise<string> {
    setTimeout(() => this.#broker.core.publish(request), delayMs);
    return Promise.resolve("later");
  }

  keep(topic: string, group: string): Promise<void> {
    return this.#broker.core.keep(topic, group);
  }

  async subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    this.#broker.check();
    const subscription = new SharedSubscription(this.#broker, request, receiver);
    await subscription.connect();
    this.#own.add(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    for (const subscription of this.#own) await subscription.close();
  }
}

class SharedSubscription implements BrokerSubscription, Receiver {
  readonly #broker: SharedBroker;
  readonly #request: SubscribeRequest;
  readonly #receiver: Receiver;
  readonly #open = new Set<Delivery>();
  #inner: BrokerSubscription | undefined;

  constructor(broker: SharedBroker, request: SubscribeRequest, receiver: Receiver) {
    this.#broker = broker;
    this.#request = request;
    this.#receiver = receiver;
    broker.subscriptions.add(this);
  }

  async connect(): Promise<void> {
    this.#inner = await this.#broker.core.subscribe(this.#request, this);
  }

  async cut(): Promise<void> {
    await this.#inner?.close();
    for (const delivery of this.#open) this.revoke(delivery);
  }

  deliver(delivery: Delivery): void {
    const own = {
      ...plain(delivery),
      ack: () => settle(delivery.ack),
      release: () => settle(delivery.release),
    };
    const settle = (how: () => void): void => {
      this.#open.delete(own);
      how.call(delivery);
    };
    this.#open.add(own);
    this.#receiver.deliver(own);
  }

  revoke(delivery: Delivery): void {
    this.#open.delete(delivery);
    this.#receiver.revoke(delivery);
  }

  pause(): void {
    this.#inner?.pause();
  }

  resume(): void {
    this.#inner?.resume();
  }

  async lag(): Promise<number> {
    return (await this.#inner?.lag?.()) ?? 0;
  }

  async close(): Promise<void> {
    this.#broker.subscriptions.delete(this);
    await this.#inner?.close();
  }
}

function plain(delivery: Delivery): Omit<Delivery, "ack" | "release"> {
  const { id, data, lane, redelivered, metadata } = delivery;
  return { id, data, lane, redelivered, metadata };
}
