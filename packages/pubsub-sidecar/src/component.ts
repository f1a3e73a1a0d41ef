import type { CallOptions, Component, MaybePromise } from "@layotto/sidecar-kit";

/**
 * What a type may support beside publishing and subscribing.
 * - `ttl`: the broker itself drops messages that are too old; otherwise the envelope says when.
 * - `order`: messages of one key are handed out in the order in which they were published.
 * - `durable`: what was acknowledged outlives this process.
 */
export type PubSubFeature = "ttl" | "order" | "durable";

/** One message to publish. */
export interface PublishRequest {
  readonly topic: string;
  /** What goes to the broker, as it is. A type that keeps it beyond the call copies it: it may be a view. */
  readonly data: Uint8Array;
  /** Content type of `data` on the broker. */
  readonly contentType: string;
  /** Messages of one key keep their order (metadata `partitionKey`); `undefined` = in no order with others. */
  readonly key: string | undefined;
  /** Given only to types with the feature "ttl". */
  readonly ttlMs: number | undefined;
  /** Metadata of the request, as the caller gave it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A message as it was handed out. Exactly one of `ack` and `release` is called, once, unless it was revoked before. */
export interface Delivery {
  /** The broker's name of the message: stream entry, `topic-partition-offset`, sequence. */
  readonly id: string;
  /** What is on the broker. Valid until it is settled; never changed. */
  readonly data: Uint8Array;
  /** Messages of one lane must be handled one after another; `undefined` = in any order, all at once. */
  readonly lane: string | undefined;
  /** How often it was handed out before, as far as the broker knows; 0 = never. */
  readonly redelivered: number;
  /** What the broker says beside the bytes; goes to the app as metadata of the event. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** It is done. Never throws: what cannot be told to the broker is handed out again. */
  ack(): void;
  /** It is not done: it is handed out again, here or elsewhere. Never throws. */
  release(): void;
}

/** Who takes the messages of a subscription. Neither method throws. */
export interface Receiver {
  /** A message. At most `prefetch` of them are unsettled at any time. */
  deliver(delivery: Delivery): void;
  /** The broker took an unsettled message back, e.g. in a rebalance: settling it has no effect any more. */
  revoke(delivery: Delivery): void;
}

/** What to subscribe to. */
export interface SubscribeRequest {
  readonly topic: string;
  /**
   * Name of the consumer group (`consumerID`): each message goes to one subscription of the group. A group that is new
   * begins with the oldest message that the broker has, where it keeps any.
   */
  readonly group: string;
  /** Most unsettled messages at a time, at least 1: nothing more is taken from the broker. */
  readonly prefetch: number;
  /** Metadata of the subscription, as the app or the configuration gave it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A subscription with the broker. It comes back by itself after the broker was away; messages that were unsettled then
 * are revoked, unless they can still be settled.
 */
export interface BrokerSubscription {
  /** Hands out nothing until `resume`, and tells the broker so. Unsettled messages stay as they are. */
  pause(): void;
  resume(): void;
  /** Messages that the group has not acknowledged; absent where the broker cannot tell. */
  lag?(): Promise<number>;
  /**
   * Hands out nothing more, at once; resolves when what was acknowledged is with the broker and what is unsettled was
   * given back. The group and its position stay. Called once.
   */
  close(): Promise<void>;
}

/** What a pub/sub back end implements. The conformance suite checks it. */
export interface PubSub extends Component {
  readonly features: ReadonlySet<PubSubFeature>;
  /** Largest `data` that the broker takes, in bytes, as far as it is known; `undefined` = no limit of its own. */
  readonly maxMessageBytes: number | undefined;
  /** Why the broker has no topic of that name, naming the rule, e.g. `may not contain "/"`; `undefined` = it may. */
  topicFault(topic: string): string | undefined;
  /**
   * Publishes; done when the broker has acknowledged the message.
   *
   * @returns the broker's name of the message, the one that {@link Delivery.id} shows; `""` where it has none
   * @throws RpcError BACKEND_UNAVAILABLE, BACKEND_TIMEOUT, BACKEND_LIMIT …
   */
  publish(request: PublishRequest, options: CallOptions): MaybePromise<string>;
  /** Begins to hand out messages. Rejects when that is not possible now; the caller tries again. */
  subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription>;
  /**
   * From now on keeps the messages of a topic for a group, also while nobody is subscribed. Absent where every new group
   * begins with the oldest message anyway.
   */
  keep?(topic: string, group: string): Promise<void>;
  /** Figures of its own that operators should see, e.g. how many messages it holds. */
  figures?(): Readonly<Record<string, number>>;
  /**
   * Publishes after a delay, exactly once, also if this process ends before that. Absent where it cannot be done.
   *
   * @param delayMs at least 1
   * @returns a name of the delayed message
   */
  publishLater?(request: PublishRequest, delayMs: number, options: CallOptions): Promise<string>;
}
