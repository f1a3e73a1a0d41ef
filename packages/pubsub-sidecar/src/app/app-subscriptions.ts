import type { ClientTarget } from "@layotto/grpc-transport";
import type { TopicSubscription } from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import { backoffMs, type Clock, type Logger, type Timer } from "@layotto/sidecar-kit";
import type { Subscription } from "../delivery/subscription.ts";
import type { Subscriptions } from "../delivery/subscriptions.ts";
import type { PubSubs } from "../pubsubs.ts";
import { AppChannel } from "./app-channel.ts";
import { AppSink } from "./app-sink.ts";

/** A subscription of the app, as it lists it or as the file does. */
export interface WantedSubscription {
  readonly pubsub: string;
  readonly topic: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What {@link AppSubscriptions} is made of. */
export interface AppSubscriptionsOptions {
  readonly target: ClientTarget;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly pubsubs: PubSubs;
  readonly subscriptions: Subscriptions;
  /** Subscriptions of the configuration file; one that the app lists itself goes before. */
  readonly declared: readonly WantedSubscription[];
}

interface Active {
  readonly wanted: string;
  readonly sink: AppSink;
  readonly subscription: Subscription;
  readonly detach: () => void;
}

/** Keeps what the app is subscribed to as the app and the file want it. */
export class AppSubscriptions {
  readonly #options: AppSubscriptionsOptions;
  readonly #channel: AppChannel;
  #active = new Map<string, Active>();
  #keepAgain: Timer | undefined;

  constructor(options: AppSubscriptionsOptions) {
    this.#options = options;
    const { target, logger, clock } = options;
    this.#channel = new AppChannel({
      target,
      logger,
      clock,
      events: {
        onReady: (listed) => this.#reconcile(listed),
        onAway: () => this.#eachChanged(),
      },
    });
  }

  /** Connects to the app, now and whenever it comes back. */
  start(): void {
    this.#reconcile([]);
    this.#channel.connect();
    this.#keepDeclared();
    this.#options.pubsubs.components.onChange(() => this.#keepDeclared());
  }

  /** Ends the connection to the app. Messages must have been drained before. */
  close(): Promise<void> {
    this.#keepAgain?.cancel();
    return this.#channel.close();
  }

  /** What the file declares is known before the app comes: the broker should keep its messages for it. */
  #keepDeclared(attempt = 1): void {
    const { declared, pubsubs, subscriptions, clock } = this.#options;
    const kept = declared
      .filter(({ pubsub }) => pubsubs.components.has(pubsub))
      .map(({ pubsub, topic }) => pubsubs.keep(pubsub, topic, pubsubs.groupOf(pubsub)));
    Promise.all(kept).catch(() => {
      if (subscriptions.draining) return;
      this.#keepAgain?.cancel();
      this.#keepAgain = clock.after(backoffMs(attempt), () => this.#keepDeclared(attempt + 1));
    });
  }

  #reconcile(listed: readonly TopicSubscription[]): void {
    const { subscriptions, declared } = this.#options;
    if (subscriptions.draining) return;
    const wanted = new Map<string, WantedSubscription>();
    for (const each of declared) wanted.set(keyOf(each), each);
    for (const { pubsubName: pubsub, topic, metadata } of listed) {
      wanted.set(keyOf({ pubsub, topic }), { pubsub, topic, metadata });
    }
    for (const [key, active] of this.#active) {
      const same = wanted.get(key);
      if (same !== undefined && textOf(same) === active.wanted) continue;
      active.detach();
      this.#active.delete(key);
    }
    for (const [key, each] of wanted) {
      const active = this.#active.get(key) ?? this.#add(key, each);
      active?.sink.resume();
    }
    this.#eachChanged();
  }

  #add(key: string, wanted: WantedSubscription): Active | undefined {
    const { pubsub, topic, metadata } = wanted;
    const { pubsubs, subscriptions, logger } = this.#options;
    if (!pubsubs.components.has(pubsub) || topic === "") {
      const cure = "name a component of the section pub_subs and a topic";
      logger.error({ pubsub, topic }, `cannot subscribe the app: ${cure}`);
      return undefined;
    }
    const { options, faults } = pubsubs.deliveryOf(pubsub, metadata);
    for (const { path, message } of faults) {
      const name = path.join(".");
      logger.error({ pubsub, topic }, `cannot subscribe the app: metadata ${name} ${message}`);
    }
    // With other settings than it meant, e.g. for raw payload or dead letters, messages could be lost.
    if (faults.length > 0) return undefined;
    const sink = new AppSink({
      channel: this.#channel,
      pubsub,
      topic,
      options,
      metadata: textsOf(metadata),
      warn: (fields, message) => logger.warn(fields, message),
      changed: () => attached.subscription.changed(),
    });
    const attached = subscriptions.attach(pubsub, topic, sink);
    const { subscription, detach } = attached;
    const active = { wanted: textOf(wanted), sink, subscription, detach };
    this.#active.set(key, active);
    return active;
  }

  #eachChanged(): void {
    for (const { subscription } of this.#active.values()) subscription.changed();
  }
}

function keyOf({ pubsub, topic }: { pubsub: string; topic: string }): string {
  return JSON.stringify([pubsub, topic]);
}

/** The same for the same subscription: the order of metadata means nothing, and changes with each answer of some apps. */
function textOf({ pubsub, topic, metadata }: WantedSubscription): string {
  const entries = Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([pubsub, topic, entries]);
}

/** Metadata of the file may hold numbers and truth values; components know text only. */
function textsOf(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)]));
}
