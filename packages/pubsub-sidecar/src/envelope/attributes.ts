import { base64Bytes } from "./bytes.ts";

/** `source` of events that are built here. Source: Layotto. */
export const source = "runtime";
/** `type` of events that are built here. Source: Layotto. */
export const eventType = "com.runtime.event.sent";
export const specVersion = "1.0";

/** A JSON object that may be a CloudEvent: nothing is known about its members. */
export interface LooseEvent {
  readonly id?: unknown;
  readonly source?: unknown;
  readonly type?: unknown;
  readonly specversion?: unknown;
  readonly datacontenttype?: unknown;
  readonly traceparent?: unknown;
  readonly expiration?: unknown;
  readonly data?: unknown;
  readonly data_base64?: unknown;
}

/** The attributes that every event has, or, the last one, gets when it is not there. */
export const textAttributes = ["id", "source", "type", "specversion", "datacontenttype"] as const;

/** A JSON value as an event; a text that says what it is instead. */
export function looseEvent(value: unknown): LooseEvent | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return `it is ${kindOf(value)} and no JSON object`;
  }
  // All members are optional and unknown, so any object is one.
  return value as LooseEvent;
}

/** Why an attribute cannot be used, in one line. */
export function attributeFault(name: string, value: unknown): string {
  return value == null
    ? `attribute "${name}" is missing`
    : `attribute "${name}" is ${kindOf(value)} and no string`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The bytes in `data_base64`, `undefined` when the event has none, a text that says why they cannot be read. */
export function base64Data(event: LooseEvent): Buffer | string | undefined {
  const { data_base64: value } = event;
  if (value == null) return undefined;
  if (typeof value !== "string") return attributeFault("data_base64", value);
  return base64Bytes(value) ?? 'attribute "data_base64" is not base64';
}

/**
 * What the data of an event is that does not say so. CloudEvents (JSON format 1.0, 3.1.1) takes `data` for JSON; bytes
 * are just bytes, and where there is no data it is the default of the API.
 */
export function derivedContentType(event: LooseEvent): string {
  if (event.data_base64 != null) return "application/octet-stream";
  return event.data === undefined ? "text/plain" : "application/json";
}
