/**
 * How data of a content type is put into an event and taken out of it.
 * - `event`: it is a CloudEvent already.
 * - `json`: a JSON value. - `binary`: bytes, in base64. - `text`: a string. - `other`: a string as well, if it is one.
 */
export type ContentKind = "event" | "json" | "binary" | "text" | "other";

/** What events are on the broker. */
export const eventContentType = "application/cloudevents+json";

/** What data is when the caller does not say. Source: Layotto. */
export const defaultContentType = "text/plain";

const mostCached = 1024;
const longestCached = 128;
const cache = new Map<string, ContentKind>();

/** Parameters (`; charset=utf-8`), blanks around and the case of the letters do not matter. */
export function contentKind(contentType: string): ContentKind {
  const cached = cache.get(contentType);
  if (cached !== undefined) return cached;
  const kind = classify(contentType);
  if (contentType.length <= longestCached) {
    if (cache.size >= mostCached) cache.clear();
    cache.set(contentType, kind);
  }
  return kind;
}

function classify(contentType: string): ContentKind {
  const end = contentType.indexOf(";");
  const mediaType = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (mediaType === eventContentType) return "event";
  if (mediaType === "application/json" || mediaType.endsWith("+json")) return "json";
  if (mediaType === "application/octet-stream") return "binary";
  if (mediaType === "application/xml" || mediaType.startsWith("text/")) return "text";
  return "other";
}
