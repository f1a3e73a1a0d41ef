import type { TopicEventRequest } from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import type { Attempt, Outcome } from "../delivery/sink.ts";

const NONE: Record<string, string> = {};
const STATUS_OUTCOMES: readonly Outcome[] = ["success", "retry", "drop"];

/** Metadata of an event: which attempt it is, from the second on. */
const ATTEMPT_KEY = "layotto-delivery-attempt";

/** The event as the app gets it. */
export function eventRequest(attempt: Attempt, pubsub: string, topic: string): TopicEventRequest {
  const { event } = attempt;
  return {
    $typeName: "spec.proto.runtime.v1.TopicEventRequest",
    id: event.id,
    source: event.source,
    type: event.type,
    specVersion: event.specVersion,
    dataContentType: event.dataContentType,
    data: event.data,
    topic,
    pubsubName: pubsub,
    metadata: metadataOf(attempt),
  };
}

/** What a `TopicEventResponse.status` means. One that the API does not know is a failure. */
export function outcomeOf(status: number): Outcome {
  return STATUS_OUTCOMES[status] ?? "retry";
}

function metadataOf({ metadata, number }: Attempt): Record<string, string> {
  if (number > 1) return { ...metadata, [ATTEMPT_KEY]: String(number) };
  return metadata ?? NONE;
}
