import {
  RedisConnection,
  redisTarget,
  type ConnectionContext,
  type RedisTarget,
} from "@layotto/redis-connection";
import {
  backendErrors,
  RpcError,
  type CallOptions,
  type ComponentContext,
  type ComponentType,
} from "@layotto/sidecar-kit";
import type {
  PublishRequest,
  PubSub,
  PubSubFeature,
  Receiver,
  SubscribeRequest,
} from "../../component.ts";
import { forgetConsumer, newConsumer } from "./consumer-name.ts";
import { keepUntilDue } from "./delay-queue.ts";
import { Dispatcher } from "./dispatcher.ts";
import { delayScripts, type DelayScript } from "./delay-scripts.ts";
import { writtenMetadata } from "./entry.ts";
import { GroupClient, type Seat } from "./group-client.ts";
import type { RedisPubSubMetadata } from "./metadata.ts";
import { Outage } from "./outage.ts";
import { ReaderConnection } from "./reader.ts";
import { streamScripts, type StreamScript } from "./scripts.ts";
import { RedisSubscription } from "./subscription.ts";
import { topicFault } from "./topic.ts";

/** Redis takes no longer argument unless `proto-max-bulk-len` is set. */
const MAX_BYTES = 512 * 1024 * 1024;

type Connection = RedisConnection<StreamScript | DelayScript>;
type Context = Pick<ComponentContext, "logger" | "signal">;

/**
 * Publish and subscribe on Redis Streams in Layotto's own layout: either runtime reads what the other wrote, and
 * consumers of both may share a group.
 */
export class RedisPubSub implements PubSub {
  readonly features: ReadonlySet<PubSubFeature> = new Set(["durable"]);
  readonly maxMessageBytes = MAX_BYTES;
  readonly #connection: Connection;
  readonly #target: RedisTarget;
  readonly #settings: RedisPubSubMetadata;
  readonly #context: Context;
  readonly #outage: Outage;
  readonly #subscriptions = new Set<RedisSubscription>();
  readonly #dispatcher: Dispatcher;

  private constructor(
    connection: Connection,
    target: RedisTarget,
    settings: RedisPubSubMetadata,
    context: Context,
    outage: Outage,
  ) {
    this.#connection = connection;
    this.#target = target;
    this.#settings = settings;
    this.#context = context;
    this.#outage = outage;
    this.#dispatcher = new Dispatcher(connection, outage, context.logger);
  }

  /** Connects. */
  static async open(settings: RedisPubSubMetadata, context: Context): Promise<RedisPubSub> {
    const target = redisTarget(settings);
    const outage = new Outage(context.logger);
    const scripts = { ...streamScripts, ...delayScripts };
    const reported = reportingTo(outage, context);
    const connection = await RedisConnection.open<StreamScript | DelayScript>(
      target,
      scripts,
      reported,
    );
    connection.client.on("ready", () => outage.over(reported));
    return new RedisPubSub(connection, target, settings, context, outage);
  }

  topicFault(topic: string): string | undefined {
    return topicFault(topic);
  }

  publish(request: PublishRequest, options: CallOptions): Promise<string> {
    const { topic, data, key, metadata } = request;
    const bytes = asBuffer(data);
    const written = writtenMetadata(key, metadata);
    const { maxLenApprox } = this.#settings;
    return this.#connection
      .call(options, (client) => {
        if (maxLenApprox === 0 && written === undefined)
          return client.xadd(topic, "*", "data", bytes);
        const limit = maxLenApprox === 0 ? [] : ["MAXLEN", "~", String(maxLenApprox)];
        const more = written === undefined ? [] : ["metadata", written];
        return client.xadd(topic, ...limit, "*", "data", bytes, ...more);
      })
      .then(String, (error: unknown) => {
        throw explained(error, topic);
      });
  }

  async publishLater(
    request: PublishRequest,
    delayMs: number,
    options: CallOptions,
  ): Promise<string> {
    const written = writtenMetadata(request.key, request.metadata);
    const message = { topic: request.topic, data: asBuffer(request.data), metadata: written };
    const id = await keepUntilDue(this.#connection, message, delayMs, options);
    this.#dispatcher.expect(delayMs);
    return id;
  }

  async subscribe(request: SubscribeRequest, receiver: Receiver): Promise<RedisSubscription> {
    const { topic, group } = request;
    const { queueDepth = Infinity, processingTimeout, redeliverInterval } = this.#settings;
    const outage = this.#outage;
    const seat = { topic, group, consumer: newConsumer(group) };
    const reader = await this.#sit(seat);
    const subscription: RedisSubscription = new RedisSubscription({
      seat,
      prefetch: Math.min(request.prefetch, queueDepth),
      receiver,
      times: { processingTimeoutMs: processingTimeout, redeliverIntervalMs: redeliverInterval },
      reader,
      main: this.#connection,
      outage,
      logger: this.#context.logger,
      gaveBack: () => this.#hurry(seat),
      closed: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#connection.ping(signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((each) => each.close()));
    await this.#dispatcher.close();
    await this.#connection.close();
  }

  /** Makes the group where it is missing, and the connection of its new consumer. */
  async #sit(seat: Seat): Promise<ReaderConnection> {
    try {
      await new GroupClient(this.#connection, seat).create();
      return await ReaderConnection.open(this.#target, {
        logger: { warn: () => undefined }, // the subscription's loop says it
        signal: this.#context.signal,
      });
    } catch (error) {
      forgetConsumer(seat.consumer);
      throw explained(error, seat.topic);
    }
  }

  /** Others of the group in this process need not wait for their next look. */
  #hurry({ topic, group }: { topic: string; group: string }): void {
    for (const each of this.#subscriptions)
      if (each.seat.topic === topic && each.seat.group === group) each.hurry();
  }
}

/** Component type `redis`. */
export const redis: ComponentType<RedisPubSub, RedisPubSubMetadata> = {
  metadata: () => import("./metadata.ts").then((module) => module.redisMetadata),
  open: (metadata, context) => RedisPubSub.open(metadata, context),
};

/** The context of the main connection, whose trouble is one part of the outage. */
function reportingTo(outage: Outage, { signal }: Context): ConnectionContext {
  // The connection logs `{ err }` and a text of its own.
  const warn = (...[fields]: unknown[]): void =>
    outage.began(context, (fields as { err?: unknown }).err);
  const context: ConnectionContext = { logger: { warn }, signal };
  return context;
}

/** An answer that says something about the topic alone, in words for the caller. */
function explained(error: unknown, topic: string): unknown {
  if (!(error instanceof RpcError) || !error.message.startsWith("WRONGTYPE")) return error;
  return backendErrors.BACKEND_REFUSED(
    `Cannot use topic "${topic}": redis keeps something else than a stream under this key`,
  );
}

/** ioredis knows bytes by Buffer only. */
function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
