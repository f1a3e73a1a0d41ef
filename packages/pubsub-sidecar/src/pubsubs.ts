import type { ComponentConfig, ComponentSet, ConfigFault } from "@layotto/sidecar-kit";
import type { JsonSchema } from "@layotto/sidecar-kit/config";
import type { PubSub } from "./component.ts";
import { type DeliveryOptions, readDelivery } from "./delivery/options.ts";
import { pubsubErrors } from "./errors.ts";

/** Consumer group where neither the component nor the configuration names one. */
const DEFAULT_GROUP = "layotto";
/** Legal topic names that are remembered per component. */
const MAX_REMEMBERED = 10_000;

/** The configured components, and what the file says about each beside what the component itself reads. */
export class PubSubs {
  readonly components: ComponentSet<PubSub>;
  readonly #configs: Readonly<Record<string, ComponentConfig>>;
  readonly #appId: string;
  readonly #schema: JsonSchema;
  readonly #legal = new Map<string, Set<string>>();
  readonly #kept = new Map<string, Promise<void>>();

  /** @param schema of the delivery keys of metadata */
  constructor(
    components: ComponentSet<PubSub>,
    configs: Readonly<Record<string, ComponentConfig>>,
    appId: string,
    schema: JsonSchema,
  ) {
    this.components = components;
    this.#configs = configs;
    this.#appId = appId;
    this.#schema = schema;
  }

  /** Component type, e.g. `"redis"`. */
  typeOf(pubsub: string): string {
    return this.#configs[pubsub]?.type ?? "";
  }

  /** The consumer group of a component's subscriptions: `consumerID` (kafka: `consumerGroup`), otherwise the app. */
  groupOf(pubsub: string): string {
    const metadata: unknown = this.#configs[pubsub]?.metadata;
    const named = (key: string): unknown => Reflect.get(Object(metadata), key);
    const configured = named("consumerGroup") ?? named("consumerID");
    return typeof configured === "string" ? configured : this.#appId || DEFAULT_GROUP;
  }

  /** How a subscription delivers: what its own metadata says, then that of the component, then the defaults. */
  deliveryOf(
    pubsub: string,
    metadata: unknown,
  ): { options: DeliveryOptions; faults: readonly ConfigFault[] } {
    const { options } = readDelivery(this.#schema, inNumbers(this.#configs[pubsub]?.metadata));
    return readDelivery(this.#schema, metadata, options);
  }

  /**
   * Lets the broker keep the messages of a topic for a group from now on; asks it only once. Resolves when it does; the
   * next call tries again what has failed.
   */
  keep(pubsub: string, topic: string, group: string): Promise<void> {
    const key = JSON.stringify([pubsub, topic, group]);
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const kept = this.#keep(pubsub, topic, group);
    this.#kept.set(key, kept);
    kept.catch(() => this.#kept.delete(key));
    return kept;
  }

  async #keep(pubsub: string, topic: string, group: string): Promise<void> {
    await this.components.get(pubsub).keep?.(topic, group);
  }

  /** @throws RpcError TOPIC_INVALID naming the rule */
  checkTopic(pubsub: string, component: PubSub, topic: string): void {
    let legal = this.#legal.get(pubsub);
    if (legal?.has(topic) === true) return;
    const fault = component.topicFault(topic);
    if (fault !== undefined) throw pubsubErrors.TOPIC_INVALID(topic, pubsub, fault);
    if (legal === undefined) this.#legal.set(pubsub, (legal = new Set()));
    if (legal.size < MAX_REMEMBERED) legal.add(topic);
  }
}

/** Metadata whose concurrency may be in the words of Dapr's rabbitmq component. */
function inNumbers(metadata: unknown = {}): unknown {
  const { concurrency, ...rest } = Object(metadata) as Record<string, unknown>;
  if (concurrency === "single") return { ...rest, concurrency: 1 };
  return concurrency === "parallel" ? rest : metadata;
}
