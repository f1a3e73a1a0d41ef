import { isAuthority, isTarget, isToken, isValue } from "./chars.ts";

/** What a request head is made of. */
export interface RequestHeadParts {
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  /** Host header. */
  readonly authority: string;
  /** Must hold none of the fields that delimit messages or end at the hop. */
  readonly headers: Iterable<readonly [string, string]>;
  readonly bodyBytes: number;
}

/** A name, value or target cannot be sent: it would end its line and begin another. */
export class UnsafeHeadError extends Error {}

/** Methods for which a body is usual: without one they say so. */
const bodied = new Set(["POST", "PUT", "PATCH"]);

/**
 * The text of a request head in HTTP/1.1, one character per octet.
 *
 * @throws {UnsafeHeadError} naming what cannot be sent
 */
export function requestHead(parts: RequestHeadParts): string {
  const { method, target, authority, headers, bodyBytes } = parts;
  if (method === "" || !consistsOf(method, isToken)) throw unsafe("method", method);
  if (!target.startsWith("/") || !consistsOf(target, isTarget)) throw unsafe("path", target);
  if (!consistsOf(authority, isAuthority)) throw unsafe("host", authority);
  let head = `${method} ${target} HTTP/1.1\r\nhost: ${authority}\r\n`;
  for (const [name, value] of headers) head += headerLine(name, value);
  if (bodyBytes > 0 || bodied.has(method)) head += `content-length: ${bodyBytes}\r\n`;
  return `${head}\r\n`;
}

/** @throws {UnsafeHeadError} */
export function headerLine(name: string, value: string): string {
  if (name === "" || !consistsOf(name, isToken)) throw unsafe("header name", name);
  if (!consistsOf(value, isValue)) throw unsafe(`value of header "${name}"`, value);
  return `${name}: ${value}\r\n`;
}

/** Whether a text holds only characters of a table. */
export function consistsOf(text: string, table: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (table[text.charCodeAt(i)] !== 1) return false;
  return true;
}

function unsafe(what: string, value: string): UnsafeHeadError {
  return new UnsafeHeadError(`Cannot send ${what} ${JSON.stringify(value)}: it holds characters that HTTP does not allow there`);
} // prettier-ignore
