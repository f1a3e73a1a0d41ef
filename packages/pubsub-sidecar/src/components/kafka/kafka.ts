import {
  backendErrors,
  type CallOptions,
  type ComponentContext,
  defineComponentType,
} from "@layotto/sidecar-kit";
import type {
  BrokerSubscription,
  PubSub,
  PubSubFeature,
  PublishRequest,
  Receiver,
  SubscribeRequest,
} from "../../component.ts";
import { pubsubErrors } from "../../errors.ts";
import type { Ordering } from "./consume/delivery.ts";
import { KafkaSubscription } from "./consume/subscription.ts";
import { rpcErrorOf } from "./fault.ts";
import { KafkajsClient } from "./kafkajs/client.ts";
import { kafkaMetadata, type KafkaMetadata } from "./metadata.ts";
import type { KafkaClient } from "./port.ts";
import { maxDataBytes, Publisher } from "./publish/publisher.ts";
import { saslSettings, tlsSettings } from "./security.ts";
import { kafkaTopicFault } from "./topic-rule.ts";

const CLOSE_GRACE_MS = 5000;

/**
 * Pub/sub on Kafka, with the topics, keys and groups of Layotto's component, so that either runtime reads what the other
 * wrote. A message is published when all replicas in sync have it, and done when the group has committed an offset
 * behind it.
 */
export class KafkaPubSub implements PubSub {
  readonly features: ReadonlySet<PubSubFeature> = new Set(["order", "durable"]);
  readonly maxMessageBytes: number;
  readonly #client: KafkaClient;
  readonly #publisher: Publisher;
  readonly #metadata: KafkaMetadata;
  readonly #context: Pick<ComponentContext, "logger">;

  constructor(
    client: KafkaClient,
    metadata: KafkaMetadata,
    context: Pick<ComponentContext, "logger">,
  ) {
    const { maxMessageBytes, publishTimeout } = metadata;
    this.maxMessageBytes = maxDataBytes(maxMessageBytes);
    this.#client = client;
    this.#publisher = new Publisher(
      client,
      {
        maxBatchBytes: maxMessageBytes,
        timeoutMs: publishTimeout,
      },
      context.logger,
    );
    this.#metadata = metadata;
    this.#context = context;
  }

  topicFault(topic: string): string | undefined {
    return kafkaTopicFault(topic);
  }

  publish({ topic, data, key }: PublishRequest, options: CallOptions): Promise<string> {
    const bytes = data.byteLength + (key === undefined ? 0 : Buffer.byteLength(key));
    if (bytes > this.maxMessageBytes) {
      return Promise.reject(
        backendErrors.BACKEND_LIMIT(
          `Cannot publish to topic "${topic}": message and key have ${bytes} bytes, kafka takes ${this.maxMessageBytes}`,
        ),
      );
    }
    return this.#publisher.publish(topic, key, data, options.deadlineMs ?? Infinity);
  }

  subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    const { topic, prefetch, metadata } = request;
    const { initialOffset } = this.#metadata;
    return KafkaSubscription.open({
      client: this.#client,
      consume: { topic, group: request.group, initialOffset },
      ordering: orderingOf(metadata["ordering"]) ?? this.#metadata.ordering,
      prefetch,
      receiver,
      logger: this.#context.logger,
    });
  }

  async ping(): Promise<void> {
    try {
      await this.#client.ping();
    } catch (error) {
      throw rpcErrorOf(error);
    }
  }

  async close(): Promise<void> {
    await this.#publisher.close(CLOSE_GRACE_MS);
    await this.#client.close();
  }
}

/** @throws RpcError METADATA_INVALID */
function orderingOf(value: string | undefined): Ordering | undefined {
  if (value === undefined || value === "") return undefined;
  if (value === "key" || value === "partition" || value === "none") return value;
  throw pubsubErrors.METADATA_INVALID("ordering", value, "must be key, partition or none");
}

/** The component type `kafka`. */
export const kafka = defineComponentType<KafkaPubSub, KafkaMetadata>({
  // The schema itself: it holds rules that schema.json cannot say.
  metadata: kafkaMetadata,
  async open(metadata, context) {
    const client = new KafkajsClient({
      brokers: metadata.brokers,
      clientId: metadata.clientID ?? context.appId,
      tls: tlsSettings(metadata),
      sasl: saslSettings(metadata),
      requestTimeoutMs: metadata.publishTimeout,
      heartbeatMs: metadata.heartbeatInterval,
      sessionTimeoutMs: metadata.sessionTimeout,
      logger: context.logger,
    });
    try {
      await client.connect();
    } catch (error) {
      await client.close();
      throw rpcErrorOf(error);
    }
    return new KafkaPubSub(client, metadata, context);
  },
});
