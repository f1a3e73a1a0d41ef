import { randomUUID } from "node:crypto";
import { eventType, source, specVersion } from "./attributes.ts";
import { asBuffer, utf8Text } from "./bytes.ts";
import { contentKind, defaultContentType, eventContentType } from "./content-type.ts";
import type { ContentKind } from "./content-type.ts";
import { completeEvent } from "./incoming.ts";
import { asciiString } from "./json.ts";
import { timeText } from "./time.ts";
import { traceIdOf, traceparentOf } from "./trace.ts";

/** Where an event comes from and where it goes. */
export interface Origin {
  readonly pubsub: string;
  readonly topic: string;
  /** W3C trace context of the caller; one that is malformed counts as none. */
  readonly traceparent: string | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** When it is not worth delivering any more, for brokers that do not know; `undefined` = never, or the broker does. */
  readonly expiresAtMs: number | undefined;
}

/** An event as it goes to the broker. */
export interface Built {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Content type of `bytes`. */
  readonly contentType: string;
}

/**
 * Puts data into a CloudEvent 1.0 in JSON. By content type (parameters and case do not matter):
 * - `application/json`, `…+json`: the text itself becomes the value of `data`, not rewritten, so that all numbers
 *   survive; text that is not JSON becomes a JSON string;
 * - `application/octet-stream`, and whatever is not UTF-8: base64 in `data_base64` (Layotto would put U+FFFD for each byte
 *   that it cannot read);
 * - `application/cloudevents+json`: it is the event, and is completed;
 * - everything else: a string.
 *
 * @param contentType `""` = text/plain
 * @throws pubsubErrors.CLOUD_EVENT_INVALID when it says that it is an event and is none
 */
export function buildEvent(data: Uint8Array, contentType: string, origin: Origin): Built {
  const type = contentType === "" ? defaultContentType : contentType;
  const kind = contentKind(type);
  if (kind === "event") return completeEvent(data, origin);
  const id = randomUUID();
  const head = headOf(id, type, origin);
  return { id, bytes: withData(head, data, kind), contentType: eventContentType };
}

/** The event up to where its data begins, in ASCII. own-layout.ts knows this order by heart. */
function headOf(id: string, contentType: string, origin: Origin): string {
  const traceparent = traceparentOf(origin.traceparent);
  let head =
    `{"id":"${id}","source":"${source}","specversion":"${specVersion}","type":"${eventType}",` +
    `"datacontenttype":${quoted(contentType)},"topic":${quoted(origin.topic)},` +
    `"pubsubname":${quoted(origin.pubsub)},"time":"${timeText(origin.nowMs)}",` +
    `"traceid":"${traceIdOf(traceparent)}"`;
  if (traceparent !== "") head += `,"traceparent":"${traceparent}"`;
  if (origin.expiresAtMs !== undefined) head += `,"expiration":"${timeText(origin.expiresAtMs)}"`;
  return head;
}

function withData(head: string, data: Uint8Array, kind: ContentKind): Buffer {
  const buffer = asBuffer(data);
  const text = kind === "binary" ? undefined : utf8Text(data);
  // What is no text stays what it is, whatever its type says: a string could hold only something like it.
  if (text === undefined) {
    return Buffer.from(`${head},"data_base64":"${buffer.toString("base64")}"}`, "latin1");
  }
  if (kind === "json" && isJson(text)) return embedded(`${head},"data":`, buffer);
  return Buffer.from(`${head},"data":${JSON.stringify(text)}}`, "utf8");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function embedded(head: string, data: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + data.length + 1);
  bytes.write(head, "latin1");
  bytes.set(data, head.length);
  bytes[bytes.length - 1] = 0x7d;
  return bytes;
}

const mostCached = 1024;
const longestCached = 256;
const quotedCache = new Map<string, string>();

/** Names of topics, components and content types as JSON: there are few of them, and they come again and again. */
function quoted(text: string): string {
  const cached = quotedCache.get(text);
  if (cached !== undefined) return cached;
  const json = asciiString(text);
  if (text.length <= longestCached) {
    if (quotedCache.size >= mostCached) quotedCache.clear();
    quotedCache.set(text, json);
  }
  return json;
}
