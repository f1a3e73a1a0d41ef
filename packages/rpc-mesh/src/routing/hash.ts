import type { RequestView } from "../call/request.ts";
import type { HashSource } from "../model/route.ts";
import { cookieValue, queryValue } from "./request-fields.ts";

/**
 * Returns the hash of a request: of the first source that yields something. Undefined when none does.
 *
 * The same text has the same hash in every process and on every machine, so that all sidecars of an application send a
 * key to the same host.
 */
export function hashOf(sources: readonly HashSource[], request: RequestView): number | undefined {
  for (const source of sources) {
    const text = textOf(source, request);
    if (text !== undefined && text !== "") return hash32(text);
  }
  return undefined;
}

function textOf(source: HashSource, request: RequestView): string | undefined {
  switch (source.type) {
    case "header":
      return request.header(source.name);
    case "cookie":
      return cookieValue(request.header("cookie"), source.name);
    case "query":
      return queryValue(request.path, source.name);
    case "source_ip":
      return request.peerAddress;
  }
}

/** 32-bit FNV-1a over UTF-16 code units, with the final mixing of MurmurHash3: neighbours end up far apart. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
