import type { Metadata } from "@layotto/grpc-transport";

/** Names that say something about the hop from the application to us, or that the next hop writes by itself. */
const ownToTheHop = new Set([
  "connection",
  "content-length",
  "content-type",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
  "accept-encoding",
]);

/** Metadata that is meant for this runtime. */
export const Control = {
  /** Total timeout, ms. */
  TIMEOUT: "rpc_request_timeout",
  /** `host:port` to call directly. */
  TARGET: "rpc_target_address",
  /** `oneway`: no answer is awaited. */
  TYPE: "rpc_request_type",
} as const;

const control = new Set<string>(Object.values(Control));

/**
 * The headers that go on to the service: the caller's metadata, several values of one name joined by a comma, without
 * what belongs to gRPC, to this hop, or to this runtime. Pseudo-headers are no metadata and never get here.
 */
export function requestHeaders(metadata: Metadata): [string, string][] {
  const headers: [string, string][] = [];
  for (const [name, value] of metadata.entries()) {
    if (ownToTheHop.has(name) || name.startsWith("grpc-") || control.has(name)) continue;
    const before = headers.find((header) => header[0] === name);
    if (before === undefined) headers.push([name, value]);
    else before[1] += `,${value}`;
  }
  return headers;
}

/** Whether a header of an answer becomes response metadata. */
export function isReplyMetadata(name: string): boolean {
  return !ownToTheHop.has(name) && !name.startsWith("grpc-") && !name.startsWith(":");
}
