import type { Clock } from "@layotto/sidecar-kit";
import { deadLetter } from "../envelope/dead-letter.ts";
import type { PubSubs } from "../pubsubs.ts";
import type { DeadMessage } from "./work.ts";

/** Consumer group for which dead letters are kept until somebody looks at them. */
export const DEAD_LETTER_GROUP = "layotto-dead-letters";
export const DEAD_LETTER_TYPE = "application/cloudevents+json";

/** Where a message was when it died. */
export interface Graveyard {
  readonly pubsubs: PubSubs;
  readonly clock: Clock;
  readonly pubsub: string;
  readonly topic: string;
  readonly group: string;
}

const TIMEOUT_MS = 30_000;

/** Publishes the message to its dead-letter topic, with the reason and what was tried. */
export async function buryIn(
  { pubsubs, clock, pubsub, topic, group }: Graveyard,
  { delivery, deadLetterTopic, reason, attempts, firstAttemptMs }: DeadMessage,
): Promise<void> {
  const nowMs = clock.now();
  const failure = {
    topic,
    pubsub,
    group,
    reason,
    attempts,
    firstAttemptMs: firstAttemptMs || nowMs,
    nowMs,
    messageId: delivery.id,
  };
  const component = pubsubs.components.get(pubsub);
  const letter = deadLetter(delivery.data, failure);
  // One that has outgrown what the broker takes is better buried without its story than never.
  const fits = letter.byteLength <= (component.maxMessageBytes ?? Infinity);
  const request = {
    topic: deadLetterTopic,
    data: fits ? letter : delivery.data,
    contentType: DEAD_LETTER_TYPE,
    key: undefined,
    ttlMs: undefined,
    metadata: {},
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await pubsubs.keep(pubsub, deadLetterTopic, DEAD_LETTER_GROUP);
  await component.publish(request, { signal, deadlineMs: Date.now() + TIMEOUT_MS });
}
