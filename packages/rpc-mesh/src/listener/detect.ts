import type { Protocol } from "../model/host.ts";

const preface = "PRI * HTTP/2.0";
const DUBBO_MAGIC = [0xda, 0xbb] as const;
const BOLT_V1 = 1;
const BOLT_V2 = 2;

/** What the first bytes of a connection say. */
export type Detected = Protocol | "tls" | "unknown" | "more";

/**
 * Tells the protocol of a connection by its first bytes: bolt 0x01, bolt v2 0x02, dubbo 0xdabb, TLS 0x16 0x03, the
 * preface of HTTP/2, otherwise a letter begins an HTTP/1.1 request. "more": too few bytes yet.
 */
export function detectProtocol(bytes: Uint8Array): Detected {
  const [first, second] = bytes;
  if (first === undefined) return "more";
  if (first === BOLT_V1) return "bolt";
  if (first === BOLT_V2) return "boltv2";
  if (first === DUBBO_MAGIC[0]) {
    if (second === undefined) return "more";
    return second === DUBBO_MAGIC[1] ? "dubbo" : "unknown";
  }
  if (first === 0x16) {
    if (second === undefined) return "more";
    return second === 3 ? "tls" : "unknown";
  }
  return detectHttp(bytes, first);
}

function detectHttp(bytes: Uint8Array, first: number): Detected {
  const isTokenChar = first > 0x20 && first < 0x7f;
  if (!isTokenChar) return "unknown";
  const length = Math.min(bytes.length, preface.length);
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== preface.charCodeAt(i)) return "http1";
  }
  return length === preface.length ? "http2" : "more";
}
