import { backoffMs, systemClock, type Logger, type Timer } from "@layotto/sidecar-kit";
import { millis, type ConsumerInfo, type Msg, type NatsConnection } from "nats";
import type { BrokerSubscription, Delivery, Receiver, SubscribeRequest } from "../../component.ts";
import type { Session } from "./connect.ts";
import { Feed, type FeedReader } from "./feed.ts";
import {
  ACK,
  NAK,
  WORKING,
  laneOf,
  messageInfo,
  tell,
  type Held,
  type MessageInfo,
} from "./held.ts";
import type { Link } from "../../link.ts";

/** How long the server may take to withdraw what was asked for, and to take the last acknowledgements. */
const GOODBYE_MS = 1500;

/** What a {@link NatsSubscription} is made of. */
export interface SubscriptionOptions {
  readonly link: Link<Session>;
  readonly request: SubscribeRequest;
  readonly receiver: Receiver;
  readonly logger: Pick<Logger, "warn">;
}

/**
 * Pulls the messages of a group and holds them until they are settled. An acknowledgement is a message to a subject
 * that does not belong to a connection, so messages that are held while the connection is away can still be settled:
 * what is settled then is told when it is back.
 */
export class NatsSubscription implements BrokerSubscription, FeedReader {
  readonly #options: SubscriptionOptions;
  readonly #held = new Map<string, Held>();
  /** Settled while there was no connection: where and what to tell. */
  readonly #untold = new Map<string, { reply: string; what: Uint8Array }>();
  readonly #unwatch: () => void;
  #consumer: ConsumerInfo;
  #feed: Feed | undefined;
  /** While what was asked for is being withdrawn: where to give messages back afterwards. */
  #withdrawing: string[] | undefined;
  #paused = false;
  #closed = false;
  #attempt = 0;
  #retry: Timer | undefined;
  #working: NodeJS.Timeout;

  /** Makes the group's consumer and begins. @throws RpcError when that is not possible now */
  static async open(options: SubscriptionOptions): Promise<NatsSubscription> {
    const { link, request } = options;
    const consumer = await link.connected.streams.consumer(request.topic, request.group);
    return new NatsSubscription(options, consumer);
  }

  private constructor(options: SubscriptionOptions, consumer: ConsumerInfo) {
    this.#options = options;
    this.#consumer = consumer;
    this.#unwatch = options.link.watch({
      up: () => void this.#restore(),
      down: () => void this.#withdraw(),
    });
    this.#working = setInterval(() => this.#keep(), this.#keepMs()).unref();
    // The connection may have gone since the consumer was made.
    this.#begin();
  }

  pause(): void {
    this.#paused = true;
    void this.#withdraw();
  }

  resume(): void {
    this.#paused = false;
    this.#begin();
  }

  async lag(): Promise<number> {
    const { stream_name, name } = this.#consumer;
    return this.#options.link.connected.streams.lag(stream_name, name);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    this.#retry?.cancel();
    clearInterval(this.#working);
    await this.#withdraw();
    for (const held of [...this.#held.values()]) this.#settle(held, NAK);
    const connection = this.#options.link.current?.connection;
    if (connection !== undefined) await within(GOODBYE_MS, connection, connection.flush());
  }

  message(message: Msg, feed: Feed): void {
    const info = messageInfo(message.reply ?? "");
    const session = this.#options.link.current;
    if (info === undefined || session === undefined) return;
    const { key } = info;
    const reply = message.reply ?? "";
    const untold = this.#untold.get(key);
    const held = this.#held.get(key);
    if (untold !== undefined) {
      this.#untold.delete(key);
      tell(session.connection, reply, untold.what);
    } else if (held !== undefined) {
      // Handed out a second time since its time was over, or since the server forgot: it is in good hands.
      held.reply = reply;
    } else if (feed !== this.#feed || this.#held.size >= this.#options.request.prefetch) {
      this.#giveBack(session, reply);
    } else {
      this.#deliver(message, info);
    }
    this.#refill();
  }

  wanting(): void {
    this.#refill();
  }

  ended(feed: Feed, reason: string): void {
    if (feed !== this.#feed) return;
    this.#feed = undefined;
    this.#later(reason);
  }

  #deliver(message: Msg, { key, sequence, deliveries }: MessageInfo): void {
    const delivery: Delivery = {
      id: sequence,
      data: message.data,
      lane: laneOf(message),
      redelivered: deliveries - 1,
      metadata: undefined,
      ack: () => this.#settle(held, ACK),
      release: () => this.#settle(held, NAK),
    };
    const held: Held = { key, reply: message.reply ?? "", delivery };
    this.#held.set(key, held);
    this.#options.receiver.deliver(delivery);
  }

  #settle(held: Held, what: Uint8Array): void {
    if (this.#held.get(held.key) !== held) return;
    this.#held.delete(held.key);
    const session = this.#options.link.current;
    if (session !== undefined && what === NAK) this.#giveBack(session, held.reply);
    else if (session !== undefined) tell(session.connection, held.reply, what);
    else if (!this.#closed) this.#untold.set(held.key, { reply: held.reply, what });
    this.#refill();
  }

  /** Asks for what there is room for, in steps of a quarter so that not each message costs a request. */
  #refill(): void {
    const feed = this.#feed;
    if (feed === undefined) return;
    const { prefetch } = this.#options.request;
    const room = prefetch - this.#held.size - feed.requested;
    const step = feed.requested === 0 ? 1 : Math.ceil(prefetch / 4);
    if (room >= step) feed.request(Math.min(room, this.#consumer.config.max_batch || Infinity));
  }

  #begin(): void {
    const session = this.#options.link.current;
    if (session === undefined || this.#feed !== undefined) return;
    if (this.#paused || this.#closed || this.#retry !== undefined) return;
    try {
      this.#feed = new Feed(session.connection, this.#consumer, this);
    } catch {
      return; // the connection is lost: the next one begins again
    }
    this.#refill();
  }

  /**
   * Ends the feed. Nothing is given back before the server has forgotten what was asked for, since nats-server 2.9
   * then mistakes which message it was: it hands out another, and this one only after `ack_wait`. It forgets when it is
   * asked about the consumer.
   */
  async #withdraw(): Promise<void> {
    const feed = this.#feed;
    this.#feed = undefined;
    if (feed === undefined) return;
    const waiting: string[] = (this.#withdrawing ??= []);
    const { stream_name, name } = this.#consumer;
    const session = this.#options.link.current;
    const closed = feed.close();
    if (session !== undefined) {
      const forgotten = closed.then(() => session.streams.lag(stream_name, name));
      await within(GOODBYE_MS, session.connection, forgotten);
    }
    if (this.#withdrawing === waiting) this.#withdrawing = undefined;
    if (session !== undefined)
      for (const reply of waiting.splice(0)) tell(session.connection, reply, NAK);
  }

  #giveBack({ connection }: Session, reply: string): void {
    if (this.#withdrawing === undefined || this.#feed !== undefined) tell(connection, reply, NAK);
    else this.#withdrawing.push(reply);
  }

  /** After the connection came back, or the server ended the feed. */
  async #restore(): Promise<void> {
    this.#retry?.cancel();
    this.#retry = undefined;
    const { link, request } = this.#options;
    const session = link.current;
    if (session === undefined || this.#closed) return;
    try {
      this.#consumer = await session.streams.consumer(request.topic, request.group);
    } catch (error) {
      if (link.current === session)
        this.#later(error instanceof Error ? error.message : String(error));
      return;
    }
    if (link.current !== session || this.#closed) return;
    this.#attempt = 0;
    for (const { reply, what } of this.#untold.values()) tell(session.connection, reply, what);
    this.#untold.clear();
    this.#begin();
  }

  #later(reason: string): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#attempt += 1;
    const { topic, group } = this.#options.request;
    if (this.#attempt === 2) {
      this.#options.logger.warn({ topic, group, reason }, "nats does not serve the subscription");
    }
    const pauseMs = backoffMs(this.#attempt, { initialMs: 50, maxMs: 5000 });
    this.#retry = systemClock.after(pauseMs, () => void this.#restore());
  }

  #keepMs(): number {
    const { ack_wait = 0 } = this.#consumer.config;
    return Math.max(100, millis(ack_wait) / 3);
  }

  /** Tells the server that what is held is being worked on, so that it goes to nobody else. */
  #keep(): void {
    const session = this.#options.link.current;
    if (session === undefined) return;
    for (const { reply } of this.#held.values()) tell(session.connection, reply, WORKING);
  }
}

/**
 * Waits for something, whatever comes of it, but not longer than `ms`, and only while there is the connection: without
 * it, what the client library promised may never settle.
 */
async function within(
  ms: number,
  connection: NatsConnection,
  work: Promise<unknown>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.catch(() => undefined), connection.closed(), late]);
  clearTimeout(timer);
}
