/** Longest `traceparent` that is looked at: version 00 has 55 characters. */
const maxLength = 128;

/**
 * The trace id of a W3C `traceparent` header; the header itself is passed on unchanged like all metadata.
 *
 * Source: https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceId(traceparent: string | undefined): string | undefined {
  if (traceparent === undefined || traceparent.length > maxLength) return undefined;
  const id = traceparent.split("-")[1];
  return id !== undefined && /^(?!0{32})[0-9a-f]{32}$/.test(id) ? id : undefined;
}
