import { at, isBlank, isToken, isValue, Octet } from "./chars.ts";
import type { Head } from "./head.ts";
import { Http1Error, malformed } from "./http1-error.ts";
import { fieldOf } from "./known-fields.ts";

/** The octets end before the head does. */
export const INCOMPLETE = -1;

/**
 * Reads header lines from `position` to the empty line (RFC 9112 §5) and adds them to `head`.
 *
 * Strict: each line ends with CRLF, a name is a token with the colon right behind it, a value holds no control
 * character, lines are not folded. What is lenient here is read differently by somebody else, and that difference is
 * what smuggled requests live on.
 *
 * @returns the place after the empty line, or {@link INCOMPLETE}
 * @throws {Http1Error} 400, or 431 for too many lines
 */
export function parseFields(head: Head, buffer: Buffer, start: number, end: number): number {
  let position = start;
  for (;;) {
    if (position >= end) return INCOMPLETE;
    if (at(buffer, position) === Octet.CR) return afterLine(buffer, position, end);
    if (head.count === head.fields.length) {
      throw new Http1Error(431, `more than ${head.fields.length} header lines`);
    }
    const nameStart = position;
    while (position < end && isToken[at(buffer, position)] === 1) position++;
    if (position === end) return INCOMPLETE;
    if (at(buffer, position) !== Octet.COLON || position === nameStart) {
      throw badName(at(buffer, position), position === nameStart, head.count);
    }
    const nameEnd = position++;
    while (position < end && isBlank(at(buffer, position))) position++;
    const valueStart = position;
    while (position < end && isValue[at(buffer, position)] === 1) position++;
    const lineEnd = afterLine(buffer, position, end);
    if (lineEnd === INCOMPLETE) return INCOMPLETE;
    while (position > valueStart && isBlank(at(buffer, position - 1))) position--;
    const field = fieldOf(buffer, nameStart, nameEnd);
    head.add(field, nameStart, nameEnd, valueStart, position);
    position = lineEnd;
  }
}

/** The place after the CRLF that must be at `position`, or {@link INCOMPLETE}. */
export function afterLine(buffer: Buffer, position: number, end: number): number {
  if (position >= end) return INCOMPLETE;
  const octet = at(buffer, position);
  if (octet !== Octet.CR) {
    throw malformed(octet === Octet.LF ? "a line ends with a bare LF" : "a control character in a line"); // prettier-ignore
  }
  if (position + 1 >= end) return INCOMPLETE;
  if (at(buffer, position + 1) !== Octet.LF) throw malformed("a bare CR in a line");
  return position + 2;
}

function badName(octet: number, empty: boolean, line: number): Http1Error {
  if (octet === Octet.LF) return malformed("a line ends with a bare LF");
  if (!isBlank(octet)) return malformed("a header line without a valid name");
  if (!empty) return malformed("white space between a header name and its colon");
  return malformed(
    line === 0 ? "white space before the first header line" : "a folded header line",
  );
}
