// Source: W3C Trace Context, "traceparent header field values".
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A `traceparent` as it is; `""` when it is none, since what is malformed must be ignored. */
export function traceparentOf(value: unknown): string {
  return typeof value === "string" && traceparent.test(value) ? value : "";
}

/** The trace id in a well-formed `traceparent`; `""` of `""`. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
