import type { PublishRequest, SubscribeRequest } from "../component.ts";

/** A request to publish `data`, text or bytes; `part` replaces the defaults. */
export function publishRequest(
  topic: string,
  data: string | Uint8Array,
  part: Partial<PublishRequest> = {},
): PublishRequest {
  return {
    topic,
    data: typeof data === "string" ? Buffer.from(data) : data,
    contentType: "application/octet-stream",
    key: undefined,
    ttlMs: undefined,
    metadata: {},
    ...part,
  };
}

/** A request to subscribe; `part` replaces the defaults (prefetch 100). */
export function subscribeRequest(
  topic: string,
  group: string,
  part: Partial<SubscribeRequest> = {},
): SubscribeRequest {
  return { topic, group, prefetch: 100, metadata: {}, ...part };
}
