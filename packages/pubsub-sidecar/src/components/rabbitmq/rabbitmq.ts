import { defineComponentType, backendErrors } from "@layotto/sidecar-kit";
import type { CallOptions, ComponentContext } from "@layotto/sidecar-kit";
import type { ChannelModel, Options } from "amqplib";
import type {
  BrokerSubscription,
  PubSub,
  PubSubFeature,
  PublishRequest,
  Receiver,
  SubscribeRequest,
} from "../../component.ts";
import { Link } from "../../link.ts";
import { goodbye, lineGone, modelGone, openModel, openPublishLine } from "./connect.ts";
import type { PublishLine } from "./connect.ts";
import { before } from "./errors.ts";
import { KEY_HEADER } from "./headers.ts";
import { rabbitmqMetadata, type RabbitmqMetadata } from "./metadata.ts";
import { Publisher, Unroutable } from "./publisher.ts";
import { RabbitSubscription } from "./subscription.ts";
import { declareExchange, declareQueue, queueName, topicFault } from "./topology.ts";
import type { QueueRequest } from "./topology.ts";

const PERSISTENT = 2;
/** As the rest of this sidecar: the group of those who name none. */
const DEFAULT_GROUP = "layotto";

/** A connection for publishing, and what lives as long as it does. */
interface PublishSession extends PublishLine {
  readonly publisher: Publisher;
}

/**
 * Publishes to a fanout exchange per topic and consumes a queue per group. Publishing has a connection of its own: the
 * server stops reading from those that publish when it runs out of memory or disk.
 */
export class RabbitPubSub implements PubSub {
  readonly features: ReadonlySet<PubSubFeature>;
  readonly maxMessageBytes: number;
  readonly #publishing: Link<PublishSession>;
  readonly #consuming: Link<ChannelModel>;
  readonly #metadata: RabbitmqMetadata;
  readonly #logger: ComponentContext["logger"];
  readonly #group: string;
  /** Queues of the own group that are being declared for messages that no other takes, by topic. */
  readonly #making = new Map<string, Promise<void>>();

  constructor(
    links: { publishing: Link<PublishSession>; consuming: Link<ChannelModel> },
    metadata: RabbitmqMetadata,
    context: ComponentContext,
  ) {
    this.#publishing = links.publishing;
    this.#consuming = links.consuming;
    this.maxMessageBytes = metadata.maxMessageBytes;
    this.#metadata = metadata;
    this.#logger = context.logger;
    this.#group = metadata.consumerID ?? (context.appId || DEFAULT_GROUP);
    this.features = new Set<PubSubFeature>(isDurable(metadata) ? ["ttl", "durable"] : ["ttl"]);
  }

  topicFault(topic: string): string | undefined {
    return topicFault(topic, this.#group);
  }

  /**
   * A message that no queue takes would be dropped with a confirm. So then it goes to the queue of the component's own
   * group, which is made but not bound: it gets nothing more once there is a subscription.
   */
  async publish(request: PublishRequest, { deadlineMs = Infinity }: CallOptions): Promise<string> {
    const { topic, data } = request;
    if (data.length > this.maxMessageBytes) {
      throw backendErrors.BACKEND_LIMIT(
        `Cannot publish ${data.length} bytes: rabbitmq takes ${this.maxMessageBytes} (maxMessageBytes)`,
      );
    }
    const { publisher } = this.#publishing.connected;
    const content = Buffer.from(data); // a copy: the caller's buffer may be used again
    const endMs = Math.min(deadlineMs, Date.now() + this.#metadata.callTimeout);
    const properties = this.#properties(request);
    await before(this.#exchange(publisher, topic), endMs, "before it was sent to rabbitmq");
    const all = { exchange: topic, routingKey: "" };
    const taken = await routed(publisher.publish(all, content, properties, endMs));
    if (taken !== undefined) return taken;
    await before(this.#makeOwn(topic), endMs, "before rabbitmq had a queue for it");
    const own = { exchange: "", routingKey: queueName(topic, this.#group) };
    const kept = await routed(publisher.publish(own, content, properties, endMs));
    if (kept !== undefined) return kept;
    throw backendErrors.BACKEND_UNAVAILABLE(
      `Cannot publish: rabbitmq has no queue for "${topic}" now`,
    );
  }

  async subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    const prefetch = Math.min(request.prefetch, this.#metadata.prefetchCount || Infinity);
    return RabbitSubscription.open({
      link: this.#consuming,
      request: { ...request, prefetch },
      receiver,
      logger: this.#logger,
      callTimeoutMs: this.#metadata.callTimeout,
      declare: (model) => declareQueue(model, { ...request, bound: true }, this.#metadata),
    });
  }

  keep(topic: string, group: string): Promise<void> {
    return this.#declare({ topic, group, bound: true });
  }

  async ping(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    void this.#publishing.connected;
    const channel = await this.#consuming.connected.createChannel();
    await channel.close();
  }

  async close(): Promise<void> {
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }

  #exchange(publisher: Publisher, topic: string): Promise<void> {
    const known = publisher.exchanges.get(topic);
    if (known !== undefined) return known;
    const declared = declareExchange(this.#consuming.connected, topic);
    publisher.exchanges.set(topic, declared);
    declared.catch(() => publisher.exchanges.delete(topic));
    return declared;
  }

  async #declare(queue: QueueRequest): Promise<void> {
    const declared = declareQueue(this.#consuming.connected, queue, this.#metadata);
    await before(declared, Date.now() + this.#metadata.callTimeout, "before rabbitmq answered");
  }

  #makeOwn(topic: string): Promise<void> {
    const known = this.#making.get(topic);
    if (known !== undefined) return known;
    const made = this.#declare({ topic, group: this.#group, bound: false }).finally(() =>
      this.#making.delete(topic),
    );
    this.#making.set(topic, made);
    return made;
  }

  #properties({ contentType, key, ttlMs }: PublishRequest): Options.Publish {
    return {
      persistent: this.#metadata.deliveryMode === PERSISTENT,
      ...(contentType !== "" && { contentType }),
      ...(key !== undefined && { headers: { [KEY_HEADER]: key } }),
      ...(ttlMs !== undefined && { expiration: String(Math.max(1, Math.round(ttlMs))) }),
    };
  }
}

/** The id of a message; undefined when no queue took it. */
async function routed(published: Promise<string>): Promise<string | undefined> {
  try {
    return await published;
  } catch (error) {
    if (error instanceof Unroutable) return undefined;
    throw error;
  }
}

function isDurable({ durable, deletedWhenUnused, deliveryMode }: RabbitmqMetadata): boolean {
  return durable && !deletedWhenUnused && deliveryMode === PERSISTENT;
}

function warn(metadata: RabbitmqMetadata, logger: ComponentContext["logger"]): void {
  if (metadata.autoAck) {
    logger.warn("autoAck is ignored: a message is acknowledged when the app has handled it");
  }
  if (!isDurable(metadata)) {
    logger.warn("messages can be lost: durable, deletedWhenUnused and deliveryMode say so");
  }
}

/** The `rabbitmq` component type. */
export const rabbitmq = defineComponentType<PubSub, RabbitmqMetadata>({
  // The schema itself: it holds rules that schema.json cannot say.
  metadata: rabbitmqMetadata,
  async open(metadata, context) {
    const { logger } = context;
    const maxPauseMs = Math.max(100, metadata.reconnectWaitSeconds * 1000);
    const publishing = await Link.open<PublishSession>({
      broker: "rabbitmq",
      connect: async () => {
        const line = await openPublishLine(metadata, context);
        return { ...line, publisher: new Publisher(line) };
      },
      gone: lineGone,
      disconnect: ({ model }) => goodbye(model),
      logger,
      maxPauseMs,
    });
    try {
      const consuming = await Link.open<ChannelModel>({
        broker: "rabbitmq",
        connect: () => openModel(metadata, context),
        gone: modelGone,
        disconnect: goodbye,
        // The other connection goes and comes with this one, and tells of it.
        logger: { info: () => undefined, warn: () => undefined },
        maxPauseMs,
      });
      warn(metadata, logger);
      return new RabbitPubSub({ publishing, consuming }, metadata, context);
    } catch (error) {
      await publishing.close();
      throw error;
    }
  },
});
