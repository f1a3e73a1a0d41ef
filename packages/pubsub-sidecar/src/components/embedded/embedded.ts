import {
  backendErrors,
  type CallOptions,
  type ComponentType,
  type Logger,
} from "@layotto/sidecar-kit";
import {
  checkKey,
  openEnvironment,
  ownKeys,
  type Durability,
  type Environment,
} from "@layotto/embedded-store";
import type {
  BrokerSubscription,
  PubSub,
  PubSubFeature,
  PublishRequest,
  Receiver,
  SubscribeRequest,
} from "../../component.ts";
import { Delayed, checkDelay } from "./delayed.ts";
import { Engine } from "./engine.ts";
import type { Limits } from "./log.ts";
import type { Member } from "./member.ts";
import type { EmbeddedPubSubMetadata } from "./metadata.ts";
import { recordOf } from "./records.ts";
import { Retention } from "./retention.ts";

const MAX_TOPIC_BYTES = 255;
const MAX_MESSAGE_BYTES = 2 ** 24;

/** What {@link EmbeddedPubSub} is made of. */
export interface EmbeddedPubSubOptions {
  /** Names the part of the environment that belongs to this component. */
  readonly name: string;
  readonly durability: Durability;
  readonly limits: Limits;
  readonly logger: Logger;
}

/**
 * A log in lmdb. A message is acknowledged when its transaction is on disk. Each group of a topic is the work of one
 * process at a time, its lease; in there it has any number of subscriptions.
 */
export class EmbeddedPubSub implements PubSub {
  readonly features: ReadonlySet<PubSubFeature> = new Set(["order", "durable"]);
  readonly maxMessageBytes = MAX_MESSAGE_BYTES;
  readonly #environment: Environment;
  readonly #options: EmbeddedPubSubOptions;
  readonly #prefix: string;
  readonly #engine: Engine;
  readonly #delayed: Delayed;
  readonly #retention: Retention;
  readonly #members = new Set<Member>();
  readonly #joining = new Set<Promise<Member>>();
  #closed = false;

  /** Takes over `environment` and closes it with itself. */
  constructor(environment: Environment, options: EmbeddedPubSubOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#prefix = ownKeys(options.name);
    const engine = Engine.of(environment);
    this.#engine = engine;
    this.#delayed = new Delayed({ ...options, engine, component: options.name });
    this.#retention = new Retention(engine.log, this.#prefix, options.limits, options.logger);
  }

  topicFault(topic: string): string | undefined {
    const bytes = Buffer.byteLength(topic);
    if (bytes >= 1 && bytes <= MAX_TOPIC_BYTES) return undefined;
    return `must have 1 to ${MAX_TOPIC_BYTES} bytes, this one has ${bytes}`;
  }

  publish(request: PublishRequest, options: CallOptions): Promise<string> {
    const { limits, durability } = this.#options;
    this.#checkOpen();
    checkSize(request);
    const record = recordOf(request);
    return this.#engine.writer.publish(
      this.#topicKey(request.topic),
      record,
      limits,
      durability,
      options,
    );
  }

  async publishLater(
    request: PublishRequest,
    delayMs: number,
    options: CallOptions,
  ): Promise<string> {
    this.#checkOpen();
    checkSize(request);
    checkDelay(delayMs);
    return this.#delayed.add(this.#topicKey(request.topic), request, delayMs, options);
  }

  async subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    this.#checkOpen();
    checkKey(request.group);
    const { writer, consumers } = this.#engine;
    const { durability, logger } = this.#options;
    const topicKey = this.#topicKey(request.topic);
    const options = { writer, durability, logger };
    const joining = consumers.join(topicKey, request, receiver, options);
    this.#joining.add(joining);
    try {
      const member = await joining;
      this.#members.add(member);
      member.onClosed(() => this.#members.delete(member));
      return member;
    } finally {
      this.#joining.delete(joining);
    }
  }

  /** Holds what is published from now on, and what is there, until the group has acknowledged it. */
  async keep(topic: string, group: string): Promise<void> {
    this.#checkOpen();
    checkKey(group);
    const { log } = this.#engine;
    const key = this.#topicKey(topic);
    await log.environment.write(() => {
      const { id, oldest } = log.topics.getOrAdd(key, log.environment.format);
      log.groups.getOrAdd([id, group], oldest, log.head);
    }, this.#options.durability);
  }

  /** Removes one piece of what need not be kept, as it happens from time to time. @returns how many messages */
  sweep(): Promise<number> {
    return this.#retention.sweep();
  }

  async close(): Promise<void> {
    this.#closed = true;
    try {
      const joined = await Promise.allSettled(this.#joining);
      for (const each of joined) if (each.status === "fulfilled") this.#members.add(each.value);
      await Promise.all([
        this.#retention.close(),
        this.#delayed.close(),
        ...Array.from(this.#members, (member) => member.close()),
      ]);
    } finally {
      this.#engine.leave();
      await this.#environment.close();
    }
  }

  #checkOpen(): void {
    if (this.#closed)
      throw backendErrors.BACKEND_UNAVAILABLE(
        `Cannot use pub/sub "${this.#options.name}": it has been closed`,
      );
  }

  #topicKey(topic: string): string {
    return checkKey(this.#prefix + topic);
  }
}

/** Component type `embedded`. */
export const embedded: ComponentType<EmbeddedPubSub, EmbeddedPubSubMetadata> = {
  metadata: () => import("./metadata.ts").then((module) => module.embeddedPubSubMetadata),
  open: async (metadata, context) =>
    new EmbeddedPubSub(openEnvironment(metadata, context, "pubsub"), {
      name: context.name,
      durability: metadata.durability,
      limits: {
        maxAgeMs: metadata.maxAge,
        maxBytes: metadata.maxBytes,
        keepConsumedMs: metadata.keepConsumed,
      },
      logger: context.logger,
    }),
};

function checkSize({ data }: PublishRequest): void {
  if (data.byteLength <= MAX_MESSAGE_BYTES) return;
  throw backendErrors.BACKEND_LIMIT(
    `Cannot publish ${data.byteLength} bytes: the embedded log takes ${MAX_MESSAGE_BYTES}`,
  );
}
