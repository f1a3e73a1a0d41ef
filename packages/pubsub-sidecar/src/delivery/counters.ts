import type { Metrics, Value } from "@layotto/sidecar-kit";

/** What can happen to a message of a topic. */
export const messageEvents = [
  "published",
  "delivered",
  "acknowledged",
  "retried",
  "dead_lettered",
  "dropped",
  "expired",
  "unreadable",
] as const;

/** Counters of one topic, by what happened. `delivered` counts attempts. */
export type TopicCounters = Readonly<Record<(typeof messageEvents)[number], Value>>;

/** Topics with counters of their own; those beyond share one row, so that topic names cannot fill the memory. */
const MAX_TOPICS = 1000;
const OTHERS = "(others)";

/** The counters of all topics of this process. */
export class Counters {
  readonly #metrics: Pick<Metrics, "counter">;
  readonly #known = new Map<string, Map<string, TopicCounters>>();
  #topics = 0;

  constructor(metrics: Pick<Metrics, "counter">) {
    this.#metrics = metrics;
  }

  /** The counters of a topic; the same object each time. */
  of(pubsub: string, topic: string): TopicCounters {
    const own = this.#known.get(pubsub)?.get(topic);
    if (own !== undefined) return own;
    if (this.#topics < MAX_TOPICS) return this.#add(pubsub, topic);
    return this.#known.get(pubsub)?.get(OTHERS) ?? this.#add(pubsub, OTHERS);
  }

  /** Every topic that was counted. */
  *all(): Iterable<{ pubsub: string; topic: string; counters: TopicCounters }> {
    for (const [pubsub, topics] of this.#known) {
      for (const [topic, counters] of topics) yield { pubsub, topic, counters };
    }
  }

  #add(pubsub: string, topic: string): TopicCounters {
    const help = "Messages by what happened to them; delivered counts attempts";
    const value = (event: string): Value =>
      this.#metrics.counter("layotto_pubsub_messages_total", help, { pubsub, topic, event });
    const entries = messageEvents.map((event) => [event, value(event)]);
    const counters = Object.fromEntries(entries) as TopicCounters; // one entry per event
    const topics = this.#known.get(pubsub) ?? new Map<string, TopicCounters>();
    this.#known.set(pubsub, topics.set(topic, counters));
    this.#topics++;
    return counters;
  }
}
