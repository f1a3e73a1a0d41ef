import type { DeadLetter, Topic, TopicState } from "@layotto/proto/sidecar/v1/topics";

/** A topic as `layotto topics --json` prints it. */
export interface TopicReport {
  /** Process that serves it. */
  process: string;
  pubsub: string;
  topic: string;
  /** What happened → how many messages, since the process started. */
  counts: Readonly<Record<string, number>>;
  /** Null when the process is not subscribed to it. */
  subscription: SubscriptionState | null;
}

/** How a subscription is doing. */
export interface SubscriptionState {
  group: string;
  /** `open`, or why not. */
  state: string;
  /** Who takes the messages, e.g. `app`. */
  sinks: readonly string[];
  /** Messages that were taken from the broker and not acknowledged. */
  unsettled: number;
  /** Age of the oldest of them, in milliseconds. */
  oldestMs: number | null;
  /** Messages that the group has not acknowledged; null where the broker cannot tell. */
  lag: number | null;
}

/** A subscription as `layotto status --json` prints it. */
export interface SubscriptionReport extends SubscriptionState {
  process: string;
  pubsub: string;
  topic: string;
  /** Messages given up since the process started. */
  deadLettered: number;
  /** What is wrong with it; null when nothing is. */
  trouble: string | null;
}

/** A dead letter as `layotto topics peek --json` prints it. */
export interface DeadLetterReport {
  messageId: string;
  /** Empty when it cannot be read. */
  eventId: string;
  /** Where it came from; empty when it is no dead letter of this runtime. */
  topic: string;
  group: string;
  reason: string;
  attempts: number;
  /** Milliseconds since the epoch. */
  firstAttemptMs: number | null;
  /** When it was given up, milliseconds since the epoch. */
  timeMs: number | null;
  /** Bytes of the original message. */
  size: number;
  /** All of them, as base64. */
  data: string;
}

/** What a process says about a topic, as data for scripts. */
export function topicReport(process: string, topic: Topic): TopicReport {
  const { subscription } = topic;
  return {
    process,
    pubsub: topic.pubsub,
    topic: topic.topic,
    counts: { ...topic.counts },
    subscription: subscription === undefined ? null : subscriptionState(subscription),
  };
}

function subscriptionState(state: TopicState): SubscriptionState {
  return {
    group: state.group,
    state: state.state,
    sinks: [...state.sinks],
    unsettled: state.unsettled,
    oldestMs: state.oldestMs ?? null,
    lag: state.lag ?? null,
  };
}

/** A dead letter as data for scripts. */
export function deadLetterReport(letter: DeadLetter): DeadLetterReport {
  const { messageId, eventId, topic, group, reason, attempts, data } = letter;
  return {
    messageId,
    eventId,
    topic,
    group,
    reason,
    attempts,
    firstAttemptMs: letter.firstAttemptMs || null,
    timeMs: letter.timeMs || null,
    size: data.length,
    data: Buffer.from(data).toString("base64"),
  };
}

/** Orders topics by component, then by name. */
export function byName(
  a: { pubsub: string; topic: string },
  b: { pubsub: string; topic: string },
): number {
  return a.pubsub.localeCompare(b.pubsub) || a.topic.localeCompare(b.topic);
}
