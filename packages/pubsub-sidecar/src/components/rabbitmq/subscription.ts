import { randomUUID } from "node:crypto";
import { backoffMs, systemClock, type Logger, type Timer } from "@layotto/sidecar-kit";
import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import type { BrokerSubscription, Delivery, Receiver, SubscribeRequest } from "../../component.ts";
import type { Link } from "../../link.ts";
import { onChannel } from "./connect.ts";
import { before, rabbitError } from "./errors.ts";
import { KEY_HEADER } from "./headers.ts";
import { queueName } from "./topology.ts";

/** Most that the protocol can say. */
const MAX_PREFETCH = 65_535;
/** How long `close` waits for the server. */
const CLOSE_TIMEOUT_MS = 2000;
/** Longest pause before a subscription that the server does not serve is tried again. */
const MAX_RETRY_MS = 30_000;

/** What a {@link RabbitSubscription} is made of. */
export interface SubscriptionOptions {
  readonly link: Link<ChannelModel>;
  readonly request: SubscribeRequest;
  readonly receiver: Receiver;
  readonly logger: Pick<Logger, "warn">;
  readonly callTimeoutMs: number;
  /** Declares the queue of the request. */
  declare(model: ChannelModel): Promise<void>;
}

/** Consumes the queue of a group on a channel of its own. When the channel is lost all unsettled messages are revoked. */
export class RabbitSubscription implements BrokerSubscription {
  readonly #options: SubscriptionOptions;
  readonly #queue: string;
  readonly #unsettled = new Set<Delivery>();
  /** Came after a resume while older ones were unsettled: the server counts the prefetch of each consumer anew. */
  #waiting: ConsumeMessage[] = [];
  #unwatch: () => void = () => undefined;
  #channel: Channel | undefined;
  /** Of the consumer that is there or coming. */
  #tag: string | undefined;
  #changing: Promise<void> | undefined;
  #handing = false;
  #restoring = false;
  #paused = false;
  #closed = false;
  #attempt = 0;
  #retry: Timer | undefined;

  /** Declares the queue and consumes it. @throws RpcError when that is not possible now */
  static async open(options: SubscriptionOptions): Promise<RabbitSubscription> {
    const subscription = new RabbitSubscription(options);
    await subscription.#attach(options.link.connected);
    subscription.#unwatch = options.link.watch({
      up: () => void subscription.#restore(),
      down: () => undefined,
    });
    // It may have been lost while nobody watched.
    if (subscription.#channel === undefined) subscription.#later("lost");
    return subscription;
  }

  private constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#queue = queueName(options.request.topic, options.request.group);
  }

  pause(): void {
    this.#paused = true;
    this.#giveBackWaiting();
    this.#change();
  }

  resume(): void {
    this.#paused = false;
    this.#change();
  }

  /** The queue, and what this process holds; what other processes hold the server does not tell. */
  async lag(): Promise<number> {
    const model = this.#options.link.connected;
    const attempt = { what: `look at queue "${this.#queue}"` };
    const looking = onChannel(model, attempt, (channel) => channel.checkQueue(this.#queue));
    const endMs = Date.now() + this.#options.callTimeoutMs;
    const { messageCount } = await before(looking, endMs, "before rabbitmq answered");
    return messageCount + this.#unsettled.size + this.#waiting.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    this.#retry?.cancel();
    const channel = this.#channel;
    this.#channel = undefined;
    this.#unsettled.clear();
    this.#waiting = [];
    if (channel === undefined) return;
    // With its channel the server takes everything back that is not acknowledged. Rejects when it is lost already.
    const closed = closeChannel(channel);
    await before(closed, Date.now() + CLOSE_TIMEOUT_MS, "").catch(() => undefined);
  }

  async #attach(model: ChannelModel): Promise<void> {
    const opening = this.#prepare(model);
    const endMs = Date.now() + this.#options.callTimeoutMs;
    const channel = await before(opening, endMs, "before rabbitmq answered").catch(
      (error: unknown) => {
        // It may still open, when nobody wants it any more.
        opening.then(closeChannel).catch(() => undefined);
        throw rabbitError(error, { what: `consume queue "${this.#queue}"` });
      },
    );
    if (this.#closed) return closeChannel(channel);
    let reason = "the channel was closed";
    channel.on("error", (error) => (reason = error.message));
    channel.on("close", () => this.#lost(model, channel, reason));
    this.#channel = channel;
    this.#change();
    await this.#changing;
  }

  /** Declares the queue and opens a channel for it. */
  async #prepare(model: ChannelModel): Promise<Channel> {
    const { declare, request } = this.#options;
    await declare(model);
    const channel = await model.createChannel();
    channel.on("error", () => undefined);
    await channel.prefetch(Math.min(request.prefetch, MAX_PREFETCH));
    return channel;
  }

  #lost(model: ChannelModel, channel: Channel, reason: string): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#tag = undefined;
    this.#waiting = [];
    const unsettled = [...this.#unsettled];
    this.#unsettled.clear();
    for (const delivery of unsettled) this.#options.receiver.revoke(delivery);
    // When the connection is lost too, its channels say so first; the next connection restores it then.
    setImmediate(() => {
      if (this.#options.link.current === model) this.#later(reason);
    });
  }

  async #restore(): Promise<void> {
    this.#retry?.cancel();
    this.#retry = undefined;
    if (this.#restoring) return;
    this.#restoring = true;
    // Again at once when there is another connection meanwhile.
    while (await this.#tryAttach());
    this.#restoring = false;
  }

  /** Returns whether to try again now. */
  async #tryAttach(): Promise<boolean> {
    const { link } = this.#options;
    const model = link.current;
    if (model === undefined || this.#closed || this.#channel !== undefined) return false;
    try {
      await this.#attach(model);
      this.#attempt = 0;
    } catch (error) {
      if (link.current !== model) return true;
      this.#later(error instanceof Error ? error.message : String(error));
    }
    return false;
  }

  #later(reason: string): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#attempt += 1;
    const { topic, group } = this.#options.request;
    if (this.#attempt === 1) {
      this.#options.logger.warn(
        { topic, group, reason },
        "rabbitmq does not serve the subscription",
      );
    }
    const pauseMs = backoffMs(this.#attempt, { initialMs: 100, maxMs: MAX_RETRY_MS });
    this.#retry = systemClock.after(pauseMs, () => void this.#restore());
  }

  /** Consumes, or stops that, until it is as it should be; one step after another. */
  #change(): void {
    this.#changing ??= this.#steps().finally(() => {
      this.#changing = undefined;
    });
  }

  async #steps(): Promise<void> {
    for (;;) {
      const channel = this.#channel;
      const wanted = !this.#paused && !this.#closed;
      if (channel === undefined || wanted === (this.#tag !== undefined)) return;
      try {
        await (wanted ? this.#consume(channel) : this.#cancel(channel));
      } catch {
        return; // the channel is lost, which `#lost` hears of
      }
    }
  }

  async #consume(channel: Channel): Promise<void> {
    const consumerTag = randomUUID();
    this.#tag = consumerTag;
    const arrived = (message: ConsumeMessage | null): void => {
      // null: the server has cancelled the consumer, since the queue was deleted or moved.
      if (message === null) void closeChannel(channel);
      else this.#arrived(channel, message);
    };
    await channel.consume(this.#queue, arrived, { consumerTag });
  }

  async #cancel(channel: Channel): Promise<void> {
    const tag = this.#tag;
    this.#tag = undefined;
    if (tag !== undefined) await channel.cancel(tag);
  }

  #arrived(channel: Channel, message: ConsumeMessage): void {
    if (channel !== this.#channel) return;
    if (this.#paused) return this.#nack(channel, message);
    this.#waiting.push(message);
    this.#handOut(channel);
  }

  #handOut(channel: Channel): void {
    // A message that is settled while it is handed out must not begin another round inside this one.
    if (this.#handing) return;
    this.#handing = true;
    const { request, receiver } = this.#options;
    while (!this.#paused && this.#unsettled.size < request.prefetch) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      const delivery = this.#delivery(channel, message);
      this.#unsettled.add(delivery);
      receiver.deliver(delivery);
    }
    this.#handing = false;
  }

  #delivery(channel: Channel, message: ConsumeMessage): Delivery {
    const { fields, properties, content } = message;
    const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
    const lane = headers[KEY_HEADER];
    const count = headers["x-delivery-count"]; // of quorum queues
    const delivery: Delivery = {
      id: typeof properties.messageId === "string" ? properties.messageId : "",
      data: content,
      lane: typeof lane === "string" ? lane : undefined,
      redelivered: typeof count === "number" ? count : Number(fields.redelivered),
      metadata: undefined,
      ack: () => this.#settle(channel, delivery, () => channel.ack(message)),
      release: () => this.#settle(channel, delivery, () => this.#nack(channel, message)),
    };
    return delivery;
  }

  #settle(channel: Channel, delivery: Delivery, tell: () => void): void {
    if (!this.#unsettled.delete(delivery)) return;
    try {
      tell();
    } catch {
      // The channel is closed just now: the server hands it out again.
    }
    this.#handOut(channel);
  }

  #nack(channel: Channel, message: ConsumeMessage): void {
    try {
      channel.nack(message, false, true);
    } catch {
      // As above.
    }
  }

  #giveBackWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting)
      if (this.#channel !== undefined) this.#nack(this.#channel, message);
  }
}

async function closeChannel(channel: Channel): Promise<void> {
  const gone = new Promise((resolve) => channel.once("close", resolve));
  // Rejects when it is closed already; does not settle when the connection is lost meanwhile.
  await Promise.race([gone, channel.close().catch(() => undefined)]);
}
