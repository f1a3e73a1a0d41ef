import type { Clock, Logger, Metrics } from "@layotto/sidecar-kit";
import type { PubSubs } from "../pubsubs.ts";
import { type Counters } from "./counters.ts";
import { buryIn } from "./dead-letters.ts";
import type { Sink } from "./sink.ts";
import { Subscription, type SubscriptionInfo } from "./subscription.ts";

/** How old the lag that is shown may be. */
const LAG_EVERY_MS = 5000;

/** What {@link Subscriptions} is made of. */
export interface SubscriptionsOptions {
  readonly pubsubs: PubSubs;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, "addSource">;
}

/** Everything that this process is subscribed to: one {@link Subscription} per component and topic. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #all = new Map<string, Subscription>();
  readonly #listeners = new Set<() => void>();
  readonly #stopWatching: () => void;
  #draining = false;
  #lagTimer: { cancel(): void } | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    // A component that has opened may be what a subscription waits for.
    this.#stopWatching = options.pubsubs.components.onChange(() => {
      for (const each of this.#all.values()) each.hurry();
    });
    options.metrics.addSource(() => this.#families());
    this.#watchLag();
  }

  /**
   * Lets a sink take the messages of a topic.
   *
   * @returns how to end that, and when the subscription with the broker is there (or the first attempt has failed)
   */
  attach(
    pubsub: string,
    topic: string,
    sink: Sink,
  ): { opened: Promise<void>; subscription: Subscription; detach: () => void } {
    const subscription = this.#get(pubsub, topic);
    const opened = subscription.attach(sink);
    this.#changed();
    const detach = () => {
      subscription.detach(sink);
      this.#changed();
    };
    return { opened, subscription, detach };
  }

  infos(): SubscriptionInfo[] {
    return [...this.#all.values()].map((each) => each.info());
  }

  /** Calls back when a subscription comes or goes. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** See {@link Subscription.drain}. Nothing can be subscribed to afterwards. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#stopWatching();
    this.#lagTimer?.cancel();
    await Promise.all([...this.#all.values()].map((each) => each.drain(graceMs)));
  }

  #get(pubsub: string, topic: string): Subscription {
    const key = `${pubsub.length}:${pubsub}${topic}`;
    const found = this.#all.get(key);
    if (found !== undefined) return found;
    const { pubsubs, counters, clock, logger } = this.#options;
    const group = pubsubs.groupOf(pubsub);
    const subscription = new Subscription({
      pubsub,
      topic,
      group,
      clock,
      counters: counters.of(pubsub, topic),
      component: () => pubsubs.components.get(pubsub),
      changed: () => this.#changed(),
      bury: (message) => buryIn({ pubsubs, clock, pubsub, topic, group }, message),
      warn: (fields, message) => logger.warn({ pubsub, topic, ...fields }, message),
    });
    this.#all.set(key, subscription);
    return subscription;
  }

  #changed(): void {
    for (const [key, each] of this.#all) if (each.isUnused) this.#all.delete(key);
    for (const listener of this.#listeners) listener();
  }

  #watchLag(): void {
    this.#lagTimer = this.#options.clock.after(LAG_EVERY_MS, () => {
      for (const each of this.#all.values()) void each.measureLag();
      if (!this.#draining) this.#watchLag();
    });
  }

  #families() {
    const family = (
      name: string,
      help: string,
      pick: (info: SubscriptionInfo) => number | undefined,
    ) => ({
      name: `layotto_pubsub_${name}`,
      help,
      kind: "gauge" as const,
      samples: this.infos().flatMap((info) => {
        const { pubsub, topic, group } = info;
        const value = pick(info);
        return value === undefined ? [] : [{ suffix: "", labels: { pubsub, topic, group }, value }];
      }),
    });
    return [
      family("lag", "Messages that the group has not acknowledged", (info) => info.lag),
      family(
        "unsettled",
        "Messages taken from the broker and not settled",
        (info) => info.unsettled,
      ),
      family(
        "oldest_unacknowledged_seconds",
        "Time since the oldest unsettled message was taken from the broker",
        (info) => (info.oldestMs ?? 0) / 1000,
      ),
    ];
  }
}
