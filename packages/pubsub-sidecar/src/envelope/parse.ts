import { randomUUID } from "node:crypto";
import {
  attributeFault,
  base64Data,
  derivedContentType,
  eventType,
  looseEvent,
  source,
  specVersion,
} from "./attributes.ts";
import type { LooseEvent } from "./attributes.ts";
import { asBuffer } from "./bytes.ts";
import { dataBytes } from "./event.ts";
import type { Event } from "./event.ts";
import { jsonFault, valueRange } from "./json.ts";
import { readOwnLayout } from "./own-layout.ts";
import { timeOf } from "./time.ts";
import { traceparentOf } from "./trace.ts";

export type { Event } from "./event.ts";

/** What is on the broker is no event. */
export interface Unreadable {
  /** Why, in one line and without the data. */
  readonly unreadable: string;
}

const noBytes = new Uint8Array(0);

/**
 * Reads a CloudEvent in JSON. Never throws, whatever the bytes are. The data for the app:
 * - `data_base64` decoded, whatever the content type is;
 * - `text/*`, `application/xml`, and types that are not JSON: the string in `data`; no data = no bytes;
 * - JSON types, and `data` that is no string: the JSON text as it is in the event.
 *
 * Layotto gives no bytes at all for a string under a type that is neither text nor JSON; here the app gets them. What is
 * not UTF-8 becomes U+FFFD or stays as it is. `datacontenttype` is optional in CloudEvents, so it may be missing here too.
 */
export function parseEvent(bytes: Uint8Array): Event | Unreadable {
  try {
    const text = asBuffer(bytes).toString("utf8");
    const own = readOwnLayout(text, bytes);
    if (own !== undefined) return own;
    const event = looseEvent(JSON.parse(text));
    return typeof event === "string" ? { unreadable: event } : read(event, text, bytes);
  } catch (error) {
    return { unreadable: jsonFault(error) };
  }
}

function read(event: LooseEvent, text: string, bytes: Uint8Array): Event | Unreadable {
  const { id, source, type, specversion, datacontenttype } = event;
  if (typeof id !== "string") return missing("id", id);
  if (typeof source !== "string") return missing("source", source);
  if (typeof type !== "string") return missing("type", type);
  if (typeof specversion !== "string") return missing("specversion", specversion);
  if (datacontenttype != null && typeof datacontenttype !== "string") {
    return missing("datacontenttype", datacontenttype);
  }
  const dataContentType = datacontenttype ? datacontenttype : derivedContentType(event);
  const data = base64Data(event) ?? plainData(event, dataContentType, text, bytes);
  if (typeof data === "string") return { unreadable: data };
  return {
    id,
    source,
    type,
    specVersion: specversion,
    dataContentType,
    data,
    expiresAtMs: timeOf(event.expiration),
    traceparent: traceparentOf(event.traceparent),
  };
}

function missing(name: string, value: unknown): Unreadable {
  return { unreadable: attributeFault(name, value) };
}

function plainData(
  event: LooseEvent,
  contentType: string,
  text: string,
  bytes: Uint8Array,
): Uint8Array {
  const { data: value } = event;
  if (value === undefined) return noBytes;
  const [start, end] = valueRange(text, "data") ?? [0, 0];
  return dataBytes({ value, text, start, end, bytes }, contentType);
}

/** Name of a message that has none in itself: the same each time that the broker hands it out. */
export function derivedId(pubsub: string, topic: string, messageId: string): string {
  return messageId === "" ? randomUUID() : `${pubsub}/${topic}/${messageId}`;
}

/**
 * A message that is plain bytes as an event.
 *
 * @param messageId the broker's name of the message; `""` = it has none, then the id is new each time
 */
export function rawEvent(
  bytes: Uint8Array,
  pubsub: string,
  topic: string,
  messageId: string,
): Event {
  return {
    id: derivedId(pubsub, topic, messageId),
    source,
    type: eventType,
    specVersion,
    dataContentType: "application/octet-stream",
    data: bytes,
    expiresAtMs: undefined,
    traceparent: "",
  };
}
