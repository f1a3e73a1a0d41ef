import { backendErrors, type ComponentType, type RpcError } from "@layotto/sidecar-kit";
import type {
  BrokerSubscription,
  PubSub,
  PubSubFeature,
  PublishRequest,
  Receiver,
  SubscribeRequest,
} from "../../component.ts";
import type { Group } from "./group.ts";
import type { Message } from "./message.ts";
import type { InMemoryMetadata } from "./metadata.ts";
import { InMemorySubscription } from "./subscription.ts";
import { Topic, type TopicOwner } from "./topic.ts";

/** Limits of an {@link InMemoryPubSub}. */
export type InMemoryLimits = Pick<InMemoryMetadata, "maxMessages" | "maxBytes" | "backlog">;

/** What a message costs beside its data and key; an estimate. */
const MESSAGE_OVERHEAD_BYTES = 192;

/**
 * A broker in the memory of this process: what was not handled is gone when it ends. Topics and groups come into being
 * when they are used; groups stay, also without subscriptions.
 */
export class InMemoryPubSub implements PubSub, TopicOwner {
  readonly features: ReadonlySet<PubSubFeature> = new Set(["order"]);
  readonly maxMessageBytes: number;
  readonly #limits: InMemoryLimits;
  readonly #topics = new Map<string, Topic>();
  /** Topics without groups: their messages make room when there is none. */
  readonly #unasked = new Set<Topic>();
  #awake: Topic[] = [];
  #messages = 0;
  #bytes = 0;
  #dropped = 0;
  #lastSeq = 0;

  constructor(limits: InMemoryLimits) {
    this.#limits = limits;
    this.maxMessageBytes = limits.maxBytes;
  }

  topicFault(): undefined {
    return undefined;
  }

  /** @throws RpcError BACKEND_LIMIT when the component holds as much as it may, all of it for groups */
  publish({ topic: name, data, key }: PublishRequest): string {
    const bytes = cost(name, data, key);
    const { maxMessages, maxBytes, backlog } = this.#limits;
    if (this.#messages >= maxMessages || this.#bytes + bytes > maxBytes)
      this.#makeRoom(name, bytes);
    const topic = this.#topics.get(name) ?? this.#newTopic(name);
    const { id } = topic.append(++this.#lastSeq, data, key);
    this.#messages++;
    this.#bytes += bytes;
    if (topic.backlog > backlog) this.#dropOldest(topic);
    return id;
  }

  subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    const group = this.#group(request.topic, request.group);
    const subscription = new InMemorySubscription(group, receiver, request.prefetch);
    group.join(subscription);
    return Promise.resolve(subscription);
  }

  keep(topic: string, group: string): Promise<void> {
    this.#group(topic, group);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#topics.values()].map((topic) => topic.close()));
    this.#topics.clear();
    this.#unasked.clear();
    this.#awake = [];
  }

  /** What is in memory, and how many messages were dropped because no group had asked for them. */
  get usage(): { messages: number; bytes: number; topics: number; dropped: number } {
    const { size } = this.#topics;
    return { messages: this.#messages, bytes: this.#bytes, topics: size, dropped: this.#dropped };
  }

  figures(): Readonly<Record<string, number>> {
    return this.usage;
  }

  /** Called by a topic: once per turn of the event loop all of them hand out what they have. */
  wake(topic: Topic): void {
    if (topic.isAwake) return;
    topic.isAwake = true;
    if (this.#awake.push(topic) === 1) setImmediate(this.#turn);
  }

  /** Called by a topic: nobody needs the message any more. */
  freed(topic: Topic, { data, key }: Message): void {
    this.#messages--;
    this.#bytes -= cost(topic.name, data, key);
  }

  readonly #turn = (): void => {
    const awake = this.#awake;
    this.#awake = [];
    for (const topic of awake) {
      topic.isAwake = false;
      topic.turn();
    }
  };

  #newTopic(name: string): Topic {
    const topic = new Topic(name, this);
    this.#topics.set(name, topic);
    this.#unasked.add(topic);
    return topic;
  }

  #group(topicName: string, name: string): Group {
    const topic = this.#topics.get(topicName) ?? this.#newTopic(topicName);
    this.#unasked.delete(topic);
    return topic.group(name);
  }

  #dropOldest(topic: Topic): void {
    topic.dropOldest();
    this.#dropped++;
    if (topic.backlog > 0) return;
    this.#unasked.delete(topic);
    this.#topics.delete(topic.name);
  }

  /** Drops messages that nobody has asked for, those of the same topic first. */
  #makeRoom(name: string, bytes: number): void {
    const { maxMessages, maxBytes } = this.#limits;
    const same = this.#topics.get(name);
    while (this.#messages >= maxMessages || this.#bytes + bytes > maxBytes) {
      const [any] = this.#unasked;
      const victim = same !== undefined && same.backlog > 0 ? same : any;
      if (victim === undefined || bytes > maxBytes) throw this.#full(name);
      this.#dropOldest(victim);
    }
  }

  #full(topic: string): RpcError {
    const { maxMessages, maxBytes } = this.#limits;
    const most =
      this.#messages >= maxMessages
        ? `more than ${maxMessages} messages, its maxMessages`
        : `more than ${maxBytes} bytes, its maxBytes`;
    return backendErrors.BACKEND_LIMIT(
      `Cannot publish to topic "${topic}": the component would hold ${most}`,
    );
  }
}

/** Component type `in-memory`. */
export const inMemory: ComponentType<InMemoryPubSub, InMemoryMetadata> = {
  metadata: () => import("./metadata.ts").then((module) => module.inMemoryMetadata),
  open: (metadata) => Promise.resolve(new InMemoryPubSub(metadata)),
};

function cost(topic: string, data: Uint8Array, key: string | undefined): number {
  const text = 2 * (topic.length + (key?.length ?? 0));
  return MESSAGE_OVERHEAD_BYTES + text + data.byteLength;
}
