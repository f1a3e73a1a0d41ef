import { at, isValue, Octet } from "./chars.ts";
import { readConnection } from "./connection-options.ts";
import { responseFraming } from "./framing.ts";
import type { Head } from "./head.ts";
import { malformed } from "./http1-error.ts";
import { afterLine, INCOMPLETE, parseFields } from "./parse-fields.ts";
import { readVersion } from "./parse-request.ts";

/**
 * Reads the head of an answer (RFC 9112 §4) to a request with `method` and decides how its body is delimited.
 *
 * @returns the place after the head, or {@link INCOMPLETE}
 * @throws {Http1Error}
 */
export function parseResponse(
  head: Head,
  buffer: Buffer,
  start: number,
  end: number,
  method: string,
): number {
  head.clear(buffer, start);
  const versionEnd = readVersion(head, buffer, start, end);
  if (versionEnd === INCOMPLETE || versionEnd >= end) return INCOMPLETE;
  if (at(buffer, versionEnd) !== Octet.SPACE) throw malformed("a malformed status line");
  if (versionEnd + 4 > end) return INCOMPLETE;
  head.status = readStatus(buffer, versionEnd + 1);
  let position = versionEnd + 4;
  if (position >= end) return INCOMPLETE;
  if (at(buffer, position) !== Octet.SPACE && at(buffer, position) !== Octet.CR) {
    throw malformed("a malformed status line");
  }
  while (position < end && isValue[at(buffer, position)] === 1) position++;
  const fieldsStart = afterLine(buffer, position, end);
  if (fieldsStart === INCOMPLETE) return INCOMPLETE;
  const after = parseFields(head, buffer, fieldsStart, end);
  if (after === INCOMPLETE) return INCOMPLETE;
  head.bytes = after - start;
  head.fieldsStart = fieldsStart - start;
  readConnection(head);
  responseFraming(head, method);
  return after;
}

function readStatus(buffer: Buffer, position: number): number {
  let status = 0;
  for (let i = 0; i < 3; i++) {
    const digit = at(buffer, position + i) - Octet.ZERO;
    if (digit < 0 || digit > 9) throw malformed("a malformed status line");
    status = status * 10 + digit;
  }
  if (status < 100) throw malformed("a malformed status line");
  return status;
}
