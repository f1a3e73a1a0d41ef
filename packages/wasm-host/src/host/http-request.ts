import type { FlatHeaders } from "../model/streams.ts";

/** The request of a call-out. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly tls: boolean;
  /** Name and value alternating; `host` first. Octets as latin1 characters. */
  readonly headers: string[];
}

/** Headers that belong to the connection, or that the client makes itself. */
const owned: ReadonlySet<string> = new Set(
  (
    "host connection keep-alive proxy-connection transfer-encoding content-length upgrade " +
    "http2-settings expect te trailer"
  ).split(" "),
);

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const target = /^\/[\x21-\x7e\x80-\xff]*$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Reads the headers that a guest gave to a call-out. undefined: `:method`, `:path` or `:authority` is missing, or
 * something cannot be sent with HTTP/1.1. `:scheme` https means TLS; other pseudo headers are left out.
 */
export function httpRequest(headers: FlatHeaders): HttpRequest | undefined {
  const pseudo = new Map<string, string>();
  const lines: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]?.toLowerCase() ?? "";
    const value = headers[index + 1] ?? "";
    if (!fieldValue.test(value)) return undefined;
    if (name.startsWith(":")) pseudo.set(name, value);
    else if (!token.test(name)) return undefined;
    else if (!owned.has(name)) lines.push(name, value);
  }
  const method = pseudo.get(":method") ?? "";
  const path = pseudo.get(":path") ?? "";
  const authority = pseudo.get(":authority") ?? "";
  if (!token.test(method) || method.toUpperCase() === "CONNECT") return undefined;
  if (!target.test(path) || !/^[\x21-\x7e]+$/.test(authority)) return undefined;
  const tls = pseudo.get(":scheme")?.toLowerCase() === "https";
  return { method, path, tls, headers: ["host", authority, ...lines] };
}
