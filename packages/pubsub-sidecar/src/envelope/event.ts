import { isByteForByte } from "./bytes.ts";
import { contentKind } from "./content-type.ts";

/** An event as the app gets it. */
export interface Event {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly specVersion: string;
  readonly dataContentType: string;
  /** May be a view of the bytes that were parsed. */
  readonly data: Uint8Array;
  /** Milliseconds since 1970 after which it is not worth delivering; `undefined` = it always is. */
  readonly expiresAtMs: number | undefined;
  /** W3C trace context of who published it; `""` = none. */
  readonly traceparent: string;
}

/** A JSON value and where it is in the text of the event, which is what `bytes` say. */
export interface DataValue {
  readonly value: unknown;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** What the app gets of `data`: a string as it is unless its type is JSON, else the JSON text that is in the event. */
export function dataBytes(data: DataValue, contentType: string): Uint8Array {
  const { value, text, start, end, bytes } = data;
  const kind = contentKind(contentType);
  if (kind !== "json" && kind !== "event") {
    if (typeof value === "string") return Buffer.from(value, "utf8");
    if (value === null) return bytes.subarray(0, 0);
  }
  return isByteForByte(text, bytes)
    ? bytes.subarray(start, end)
    : Buffer.from(text.slice(start, end), "utf8");
}
