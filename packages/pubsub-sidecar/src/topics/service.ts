import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type DeadLetterSchema,
  type PeekTopicRequest,
  type RedriveTopicRequest,
  type Topic,
  Topics,
  TopicSchema,
  TopicStateSchema,
} from "@layotto/proto/sidecar/v1/topics";
import { implement, type ServiceImplementation } from "@layotto/sidecar-kit";
import type { Delivery, PubSub } from "../component.ts";
import { type Counters, messageEvents, type TopicCounters } from "../delivery/counters.ts";
import { DEAD_LETTER_GROUP, DEAD_LETTER_TYPE } from "../delivery/dead-letters.ts";
import type { SubscriptionInfo } from "../delivery/subscription.ts";
import type { Subscriptions } from "../delivery/subscriptions.ts";
import { type DeadLetter, readDeadLetter } from "../envelope/dead-letter.ts";
import type { PubSubs } from "../pubsubs.ts";
import { collect } from "./collect.ts";

const PEEK_LIMIT = 10;
/** Messages that a re-drive holds at a time. */
const REDRIVE_BATCH = 100;
const WAIT_MS = 5000;
const PUBLISH_TIMEOUT_MS = 30_000;

/** What the handlers work with. */
export interface TopicsContext {
  readonly pubsubs: PubSubs;
  readonly counters: Counters;
  readonly subscriptions: Subscriptions;
}

/** `sidecar.v1.Topics`: what `layotto topics` asks. */
export function topicServices(context: TopicsContext): ServiceImplementation[] {
  const { pubsubs } = context;
  return [
    implement(Topics, {
      list: () => ({ topics: list(context) }),
      peek: async (request) => ({ messages: await peek(componentOf(pubsubs, request), request) }),
      redrive: (request, call) => redrive(context, request, call.signal),
    }),
  ];
}

function componentOf(
  pubsubs: PubSubs,
  { pubsub, topic }: { readonly pubsub: string; readonly topic: string },
): PubSub {
  const component = pubsubs.components.get(pubsub);
  pubsubs.checkTopic(pubsub, component, topic);
  return component;
}

function list({ counters, subscriptions }: TopicsContext) {
  const rows = new Map<string, Topic>();
  for (const each of counters.all()) {
    const { pubsub, topic } = each;
    const row = create(TopicSchema, { pubsub, topic, counts: countsOf(each.counters) });
    rows.set(JSON.stringify([pubsub, topic]), row);
  }
  for (const info of subscriptions.infos()) {
    const { pubsub, topic } = info;
    const key = JSON.stringify([pubsub, topic]);
    const row = rows.get(key) ?? create(TopicSchema, { pubsub, topic });
    row.subscription = create(TopicStateSchema, stateOf(info));
    rows.set(key, row);
  }
  return [...rows.values()];
}

function countsOf(counters: TopicCounters): Record<string, number> {
  return Object.fromEntries(messageEvents.map((event) => [event, counters[event].value]));
}

function stateOf({ group, state, sinks, unsettled, oldestMs, lag }: SubscriptionInfo) {
  return {
    group,
    state,
    sinks: [...sinks],
    unsettled,
    ...(oldestMs !== undefined && { oldestMs }),
    ...(lag !== undefined && { lag }),
  };
}

async function peek(component: PubSub, request: PeekTopicRequest) {
  let found: MessageInitShape<typeof DeadLetterSchema>[] = [];
  const limit = request.limit || PEEK_LIMIT;
  await collect(component, collection(request, limit), (deliveries) => {
    found = deliveries.map(letterOf);
    return Promise.resolve();
  });
  return found;
}

function letterOf({ id: messageId, data }: Delivery) {
  const letter = readDeadLetter(data);
  if (letter === undefined) return { messageId, data, reason: "not a dead letter of this runtime" };
  const { topic, group, reason, attempts, firstAttemptMs, nowMs: timeMs } = letter.failure;
  const eventId = letter.id;
  const about = { topic, group, reason, attempts, firstAttemptMs, timeMs };
  return { messageId, eventId, data: letter.original, ...about };
}

/**
 * In batches, until nothing comes any more; each is published before it is taken out, so none can be lost. Messages that
 * die again meanwhile are left for the next time.
 */
async function redrive(
  { pubsubs, counters }: TopicsContext,
  request: RedriveTopicRequest,
  signal: AbortSignal,
) {
  const component = componentOf(pubsubs, request);
  const most = request.limit || Infinity;
  const beganMs = Date.now();
  let [redriven, skipped, done] = [0, 0, false];
  while (!done && !signal.aborted) {
    const limit = Math.min(REDRIVE_BATCH, most - redriven);
    await collect(component, collection(request, limit), async (deliveries) => {
      let moved = 0;
      for (const delivery of deliveries) {
        const letter = readDeadLetter(delivery.data);
        if (letter === undefined || letter.failure.nowMs >= beganMs || signal.aborted) continue;
        await publishAgain(component, delivery, letter);
        counters.of(request.pubsub, letter.failure.topic).published.add(1);
        moved++;
      }
      redriven += moved;
      skipped = deliveries.length - moved;
      done = moved < limit || redriven >= most;
    });
  }
  return { redriven, skipped };
}

async function publishAgain(
  component: PubSub,
  delivery: Delivery,
  { failure, original }: DeadLetter,
): Promise<void> {
  const message = {
    topic: failure.topic,
    data: original,
    contentType: DEAD_LETTER_TYPE,
    key: delivery.metadata?.["partitionKey"],
    ttlMs: undefined,
    metadata: {},
  };
  const signal = AbortSignal.timeout(PUBLISH_TIMEOUT_MS);
  await component.publish(message, { signal, deadlineMs: Date.now() + PUBLISH_TIMEOUT_MS });
  delivery.ack();
}

function collection(
  { topic, waitMs }: { readonly topic: string; readonly waitMs: number },
  limit: number,
) {
  return { topic, group: DEAD_LETTER_GROUP, limit, waitMs: waitMs || WAIT_MS };
}
