import { at, isAuthority, isTarget, isToken, Octet, text } from "./chars.ts";
import type { Head } from "./head.ts";
import { Http1Error, malformed } from "./http1-error.ts";
import { Field } from "./known-fields.ts";
import type { Http1Limits } from "./limits.ts";
import { afterLine, INCOMPLETE, parseFields } from "./parse-fields.ts";
import { readConnection } from "./connection-options.ts";
import { requestFraming } from "./framing.ts";

const MAX_METHOD_BYTES = 32;
/** Empty lines that may precede a request line (RFC 9112 §2.2). */
export const MAX_EMPTY_LINES = 2;
const methods = ["GET", "PUT", "POST", "HEAD", "PATCH", "DELETE", "OPTIONS"];

/**
 * Reads a request head (RFC 9112 §3) and decides how its body is delimited.
 *
 * @returns the place after the head, or {@link INCOMPLETE}
 * @throws {Http1Error} with the status to answer
 */
export function parseRequest(
  head: Head,
  buffer: Buffer,
  start: number,
  end: number,
  limits: Http1Limits,
): number {
  const from = skipEmptyLines(buffer, start, end);
  head.clear(buffer, from);
  const methodEnd = endOfMethod(buffer, from, end);
  if (methodEnd === INCOMPLETE) return INCOMPLETE;
  const targetStart = methodEnd + 1;
  let position = targetStart;
  while (position < end && isTarget[at(buffer, position)] === 1) position++;
  if (position - targetStart > limits.maxTargetBytes) {
    throw new Http1Error(414, `a request target of more than ${limits.maxTargetBytes} octets`);
  }
  if (position === end) return INCOMPLETE;
  if (at(buffer, position) !== Octet.SPACE || position === targetStart) {
    throw malformed("a malformed request line");
  }
  const versionEnd = readVersion(head, buffer, position + 1, end);
  if (versionEnd === INCOMPLETE) return INCOMPLETE;
  const fieldsStart = afterLine(buffer, versionEnd, end);
  if (fieldsStart === INCOMPLETE) return INCOMPLETE;
  const after = parseFields(head, buffer, fieldsStart, end);
  if (after === INCOMPLETE) return INCOMPLETE;
  head.bytes = after - from;
  head.fieldsStart = fieldsStart - from;
  head.targetStart = targetStart - from;
  head.targetEnd = position - from;
  head.method = methodOf(buffer, from, methodEnd);
  readTarget(head, buffer, targetStart, position);
  readConnection(head);
  requestFraming(head);
  return after;
}

/** Reads `HTTP/1.x` at `position`; returns the place after it. */
export function readVersion(head: Head, buffer: Buffer, position: number, end: number): number {
  for (let i = 0; i < 7; i++) {
    if (position + i >= end) return INCOMPLETE;
    if (at(buffer, position + i) === "HTTP/1.".charCodeAt(i)) continue;
    // HTTP/2.0 and the like; anything else was not meant to be a version.
    const major = i === 5 && isDigit(at(buffer, position + i));
    throw major ? new Http1Error(505, "a version other than HTTP/1") : malformed("a malformed HTTP version"); // prettier-ignore
  }
  if (position + 7 >= end) return INCOMPLETE;
  const minor = at(buffer, position + 7);
  if (!isDigit(minor)) throw malformed("a malformed HTTP version");
  head.minor = minor === Octet.ZERO ? 0 : 1;
  return position + 8;
}

function skipEmptyLines(buffer: Buffer, start: number, end: number): number {
  let position = start;
  for (let i = 0; i < MAX_EMPTY_LINES; i++) {
    if (position >= end || at(buffer, position) !== Octet.CR) break;
    const after = afterLine(buffer, position, end);
    if (after === INCOMPLETE) return position;
    position = after;
  }
  return position;
}

function endOfMethod(buffer: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && isToken[at(buffer, position)] === 1) position++;
  if (position - start > MAX_METHOD_BYTES) throw malformed("a malformed request line");
  if (position === end) return INCOMPLETE;
  if (position === start && at(buffer, position) === Octet.CR && position + 1 === end) {
    return INCOMPLETE; // half of an empty line
  }
  if (at(buffer, position) !== Octet.SPACE || position === start) {
    throw malformed("a malformed request line");
  }
  return position;
}

function methodOf(buffer: Buffer, start: number, end: number): string {
  for (let i = 0; i < methods.length; i++) {
    const method = methods[i] ?? "";
    if (equals(buffer, start, end, method)) return method;
  }
  return text(buffer, start, end);
}

/** Origin-form as it is; absolute-form is taken apart, its authority wins over Host (RFC 9112 §3.2.2). */
function readTarget(head: Head, buffer: Buffer, start: number, end: number): void {
  const host = readHost(head);
  head.originForm = true;
  if (at(buffer, start) === Octet.SLASH) {
    keepText(head, buffer, start, end, host);
    return;
  }
  const target = text(buffer, start, end);
  if (head.method === "CONNECT") throw new Http1Error(501, "CONNECT is not supported");
  if (target === "*" && head.method === "OPTIONS") {
    head.path = target;
    head.authority = host;
    return;
  }
  readAbsolute(head, target);
}

function keepText(head: Head, buffer: Buffer, start: number, end: number, host: string): void {
  head.path = text(buffer, start, end);
  head.authority = host;
}

const absolute = /^https?:\/\/([^/?]+)(.*)$/iu;

function readAbsolute(head: Head, target: string): void {
  const [, authority, rest] = absolute.exec(target) ?? [];
  if (authority === undefined || rest === undefined) throw malformed("a malformed request target");
  checkAuthority(authority);
  head.originForm = false;
  head.authority = authority;
  if (rest === "" && head.method === "OPTIONS") head.path = "*";
  else head.path = rest.startsWith("/") ? rest : `/${rest}`;
}

/** Exactly one Host in HTTP/1.1, at most one in HTTP/1.0 (RFC 9112 §3.2). */
function readHost(head: Head): string {
  const index = head.indexOf(Field.HOST);
  if (index < 0) {
    if (head.minor === 0) return "";
    throw malformed("a request without Host");
  }
  if ((head.repeated & Field.HOST) !== 0) throw malformed("more than one Host");
  const { buffer } = head;
  const end = head.valueEnd(index);
  for (let i = head.valueStart(index); i < end; i++) {
    if (isAuthority[at(buffer, i)] !== 1) throw malformed("a malformed Host");
  }
  return head.value(index);
}

function checkAuthority(authority: string): void {
  for (let i = 0; i < authority.length; i++) {
    if (isAuthority[authority.charCodeAt(i)] !== 1) throw malformed("a malformed request target");
  }
}

function isDigit(octet: number): boolean {
  return octet >= Octet.ZERO && octet <= Octet.NINE;
}

function equals(buffer: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (at(buffer, start + i) !== text.charCodeAt(i)) return false;
  }
  return true;
}
