import { randomUUID } from "node:crypto";
import { pubsubErrors } from "../errors.ts";
import {
  attributeFault,
  base64Data,
  derivedContentType,
  looseEvent,
  specVersion,
  textAttributes,
} from "./attributes.ts";
import type { LooseEvent } from "./attributes.ts";
import type { Built, Origin } from "./build.ts";
import { utf8Text } from "./bytes.ts";
import { eventContentType } from "./content-type.ts";
import { asciiString, editObject, jsonFault } from "./json.ts";
import { timeText } from "./time.ts";
import { traceIdOf, traceparentOf } from "./trace.ts";

// What Layotto writes into events of others when it is missing; it has the two from Dapr.
const foreignSource = "Dapr";
const foreignType = "com.dapr.event.sent";

/**
 * Completes an event of the caller's own: what it lacks is added, `topic`, `pubsubname` and `traceid` are overwritten,
 * everything else stays as it is, character by character. An attribute that is null or `""` is missing.
 *
 * @throws pubsubErrors.CLOUD_EVENT_INVALID
 */
export function completeEvent(payload: Uint8Array, origin: Origin): Built {
  const text = textOf(payload);
  const event = eventOf(text);
  const id = typeof event.id === "string" && event.id !== "" ? event.id : randomUUID();
  const set = attributesToSet(event, id, origin);
  const added = Array.from(set, ([name, value]) => `"${name}":${asciiString(value)}`);
  const result = editObject(text, (name) => set.has(name), added);
  return { id, bytes: Buffer.from(result, "utf8"), contentType: eventContentType };
}

function textOf(payload: Uint8Array): string {
  const text = utf8Text(payload);
  if (text === undefined) throw pubsubErrors.CLOUD_EVENT_INVALID("it is not UTF-8");
  return text;
}

function eventOf(text: string): LooseEvent {
  const event = looseEvent(parse(text));
  if (typeof event === "string") throw pubsubErrors.CLOUD_EVENT_INVALID(event);
  for (const name of textAttributes) {
    const value = event[name];
    if (value != null && typeof value !== "string") {
      throw pubsubErrors.CLOUD_EVENT_INVALID(attributeFault(name, value));
    }
  }
  const data = base64Data(event);
  if (typeof data === "string") throw pubsubErrors.CLOUD_EVENT_INVALID(data);
  return event;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw pubsubErrors.CLOUD_EVENT_INVALID(jsonFault(error));
  }
}

function attributesToSet(event: LooseEvent, id: string, origin: Origin): Map<string, string> {
  const set = new Map<string, string>();
  const setMissing = (name: (typeof textAttributes)[number], value: string): void => {
    if (event[name] == null || event[name] === "") set.set(name, value);
  };
  setMissing("id", id);
  setMissing("source", foreignSource);
  setMissing("specversion", specVersion);
  setMissing("type", foreignType);
  setMissing("datacontenttype", derivedContentType(event));
  set.set("topic", origin.topic);
  set.set("pubsubname", origin.pubsub);
  const own = traceparentOf(event.traceparent);
  const traceparent = own === "" ? traceparentOf(origin.traceparent) : own;
  set.set("traceid", traceIdOf(traceparent));
  if (own === "" && traceparent !== "") set.set("traceparent", traceparent);
  if (origin.expiresAtMs !== undefined) set.set("expiration", timeText(origin.expiresAtMs));
  return set;
}
