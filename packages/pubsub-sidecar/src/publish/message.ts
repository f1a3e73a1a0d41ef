import type { ServerCall } from "@layotto/grpc-transport";
import type { PubSub, PublishRequest } from "../component.ts";
import { buildEvent } from "../envelope/build.ts";
import { isRaw, ttlMsOf } from "../envelope/ttl.ts";
import { pubsubErrors } from "../errors.ts";
import type { PubSubs } from "../pubsubs.ts";

const EVENT_TYPE = "application/cloudevents+json";

/** What an app asks to publish, now or later. */
export interface Publication {
  readonly pubsubName: string;
  readonly topic: string;
  readonly data: Uint8Array;
  readonly dataContentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Makes what goes to the broker: a CloudEvent, or with `rawPayload` the bytes as they are.
 *
 * @param delayMs time until it is published; the life of a message begins then
 * @throws RpcError TOPIC_INVALID, CLOUD_EVENT_INVALID, METADATA_INVALID, MESSAGE_TOO_LARGE
 */
export function messageOf(
  { pubsubName: pubsub, topic, data, dataContentType, metadata }: Publication,
  component: PubSub,
  pubsubs: PubSubs,
  call: Pick<ServerCall, "header">,
  delayMs = 0,
): { eventId: string; message: PublishRequest } {
  pubsubs.checkTopic(pubsub, component, topic);
  const givenMs = ttlMsOf(metadata);
  const ttlMs = component.features.has("ttl") ? givenMs : undefined;
  const key = metadata["partitionKey"];
  if (isRaw(metadata)) {
    checkSize(component, pubsub, topic, data);
    // The request's bytes end with the handler, the component may need them longer.
    const own = Buffer.from(data);
    const message = { topic, data: own, contentType: dataContentType, key, ttlMs, metadata };
    return { eventId: "", message };
  }
  const nowMs = Date.now();
  const lastsMs = givenMs === undefined || ttlMs !== undefined ? undefined : givenMs + delayMs;
  const expiresAtMs = lastsMs === undefined ? undefined : nowMs + lastsMs;
  const traceparent = call.header("traceparent");
  const event = buildEvent(data, dataContentType, {
    pubsub,
    topic,
    traceparent,
    nowMs,
    expiresAtMs,
  });
  checkSize(component, pubsub, topic, event.bytes);
  const message = { topic, data: event.bytes, contentType: EVENT_TYPE, key, ttlMs, metadata };
  return { eventId: event.id, message };
}

function checkSize(component: PubSub, pubsub: string, topic: string, data: Uint8Array): void {
  const most = component.maxMessageBytes;
  if (most === undefined || data.byteLength <= most) return;
  throw pubsubErrors.MESSAGE_TOO_LARGE(topic, pubsub, data.byteLength, most);
}
