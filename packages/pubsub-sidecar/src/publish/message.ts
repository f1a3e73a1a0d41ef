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
  const ttlMs = ttlMsOf(metadata);
  const hasTtl = component.features.has("ttl");
  const base = {
    topic,
    key: metadata["partitionKey"],
    ttlMs: hasTtl ? ttlMs : undefined,
    metadata,
  };
  if (isRaw(metadata)) {
    checkSize(component, pubsub, topic, data);
    // The request's bytes end with the handler, the component may need them longer.
    const own = Buffer.from(data);
    return { eventId: "", message: { ...base, data: own, contentType: dataContentType } };
  }
  const nowMs = Date.now();
  const expiresAtMs = ttlMs === undefined || hasTtl ? undefined : nowMs + delayMs + ttlMs;
  const traceparent = call.header("traceparent");
  const origin = { pubsub, topic, traceparent, nowMs, expiresAtMs };
  const { id, bytes } = buildEvent(data, dataContentType, origin);
  checkSize(component, pubsub, topic, bytes);
  return { eventId: id, message: { ...base, data: bytes, contentType: EVENT_TYPE } };
}

function checkSize(component: PubSub, pubsub: string, topic: string, data: Uint8Array): void {
  const most = component.maxMessageBytes;
  if (most === undefined || data.byteLength <= most) return;
  throw pubsubErrors.MESSAGE_TOO_LARGE(topic, pubsub, data.byteLength, most);
}
