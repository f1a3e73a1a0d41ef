import { defineComponentType, type CallOptions, type ComponentContext } from "@layotto/sidecar-kit";
import type {
  BrokerSubscription,
  PubSub,
  PubSubFeature,
  PublishRequest,
  Receiver,
  SubscribeRequest,
} from "../../component.ts";
import { Group } from "./group.ts";
import { establish, type SessionPlace } from "./hold.ts";
import { mqttMetadata, type MqttMetadata } from "./metadata.ts";
import { topicFault } from "./names.ts";
import { HEAD_BYTES } from "./packet.ts";
import { Publisher } from "./publisher.ts";

import { targetOf, type Target, type TargetTimes } from "./target.ts";

/**
 * Publishes and subscribes with an MQTT 5 broker, QoS 1. Each group has a persistent session per topic. The broker
 * confirms before it has written to its disk, so nothing is lost when the app or a sidecar is killed, but the broker's
 * own death may lose what it confirmed. A message that is published while a topic has no group is gone.
 */
export class MqttPubSub implements PubSub {
  readonly features: ReadonlySet<PubSubFeature>;
  readonly #target: Target;
  readonly #clean: boolean;
  readonly #context: Pick<ComponentContext, "logger" | "signal">;
  readonly #publisher: Publisher;
  readonly #groups = new Map<string, Group>();
  readonly #stop = new AbortController();

  private constructor(
    target: Target,
    clean: boolean,
    context: Pick<ComponentContext, "logger" | "signal">,
    publisher: Publisher,
  ) {
    this.#target = target;
    this.#clean = clean;
    this.#context = context;
    this.#publisher = publisher;
    this.features = new Set(clean ? ["ttl", "order"] : ["ttl", "order", "durable"]);
  }

  /**
   * Connects. Rejects when that does not work now.
   *
   * @param times for tests
   */
  static async open(
    metadata: MqttMetadata,
    context: Pick<ComponentContext, "logger" | "signal">,
    times?: TargetTimes,
  ): Promise<MqttPubSub> {
    const target = targetOf(metadata, times);
    const publisher = await Publisher.open(target, metadata.retain, context);
    return new MqttPubSub(target, metadata.cleanSession, context, publisher);
  }

  /** Largest message that surely fits, whatever its topic; 256 MiB less a little when the broker sets no limit. */
  get maxMessageBytes(): number {
    return Math.max(0, this.#publisher.connection.packetMaximum - HEAD_BYTES);
  }

  topicFault(topic: string): string | undefined {
    return topicFault(topic);
  }

  publish(request: PublishRequest, options: CallOptions): Promise<string> {
    return this.#publisher.publish(request, options);
  }

  async subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    const { topic, group: name } = request;
    const key = `${name}\0${topic}`;
    for (;;) {
      const group = this.#groups.get(key) ?? new Group(this.#place(topic, name), this.#stop.signal);
      this.#groups.set(key, group);
      if (group.closing === undefined) return group.join(request, receiver);
      await group.closing;
      if (this.#groups.get(key) === group) this.#groups.delete(key);
    }
  }

  async keep(topic: string, group: string): Promise<void> {
    if (this.#clean) return;
    const known = this.#groups.get(`${group}\0${topic}`);
    if ((await known?.isEstablished()) === true) return;
    await known?.closing;
    await establish(this.#place(topic, group), this.#stop.signal);
  }

  async ping(): Promise<void> {
    await this.#publisher.connection.ping();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
    await this.#publisher.close();
  }

  #place(topic: string, group: string): SessionPlace {
    const { logger } = this.#context;
    return { target: this.#target, topic, group, clean: this.#clean, logger };
  }
}

/** Component type `mqtt`. */
export const mqtt = defineComponentType<MqttPubSub, MqttMetadata>({
  // The schema itself: it holds rules that schema.json cannot say.
  metadata: mqttMetadata,
  open: (metadata, context) => MqttPubSub.open(metadata, context),
});
