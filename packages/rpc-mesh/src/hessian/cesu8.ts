import { HessianError } from "./hessian-error.ts";

/**
 * Hessian counts texts in UTF-16 code units and encodes each by itself, surrogates too (CESU-8), so neither lengths nor
 * bytes are those of UTF-8. Pairs in four octets, as some peers write them, are understood.
 */

/** Returns the offset after `units` code units. @throws HessianError when there are not so many */
export function skipUnits(buffer: Buffer, start: number, end: number, units: number): number {
  let at = start;
  let left = units;
  while (left > 0) {
    const octet = at < end ? (buffer[at] ?? 0) : 0x80;
    if (octet < 0x80) at += 1;
    else if (octet >= 0xf0 && octet < 0xf8 && left >= 2) {
      at += 4;
      left -= 1;
    } else if (octet >= 0xe0 && octet < 0xf0) at += 3;
    else if (octet >= 0xc0 && octet < 0xe0) at += 2;
    else throw new HessianError("Cannot read a text: its characters are cut off or malformed");
    left -= 1;
  }
  if (at > end)
    throw new HessianError("Cannot read a text: its characters are cut off or malformed");
  return at;
}

/** Decodes what {@link skipUnits} has measured. */
export function decodeUnits(buffer: Buffer, start: number, end: number, units: number): string {
  if (end - start === units) return buffer.toString("latin1", start, end); // all ASCII
  const codes: number[] = [];
  let text = "";
  let at = start;
  while (at < end) {
    at = decodeOne(buffer, at, codes);
    if (codes.length >= CODES_AT_ONCE) {
      text += String.fromCharCode(...codes);
      codes.length = 0;
    }
  }
  return text + String.fromCharCode(...codes);
}

const CODES_AT_ONCE = 1024;

function decodeOne(buffer: Buffer, at: number, codes: number[]): number {
  const first = buffer[at] ?? 0;
  const second = (buffer[at + 1] ?? 0) & 0x3f;
  const third = (buffer[at + 2] ?? 0) & 0x3f;
  if (first < 0x80) {
    codes.push(first);
    return at + 1;
  }
  if (first < 0xe0) {
    codes.push(((first & 0x1f) << 6) | second);
    return at + 2;
  }
  if (first < 0xf0) {
    codes.push(((first & 0x0f) << 12) | (second << 6) | third);
    return at + 3;
  }
  const point =
    ((first & 0x07) << 18) | (second << 12) | (third << 6) | ((buffer[at + 3] ?? 0) & 0x3f);
  codes.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
  return at + 4;
}

/** Octets of a text. */
export function unitsLength(text: string, from: number, to: number): number {
  let length = to - from;
  for (let i = from; i < to; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x800) length += 2;
    else if (code >= 0x80) length += 1;
  }
  return length;
}

/** Writes a text, one code unit after the other; returns the offset after it. */
export function writeUnits(
  target: Buffer,
  offset: number,
  text: string,
  from: number,
  to: number,
): number {
  let at = offset;
  for (let i = from; i < to; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      target[at++] = code;
    } else if (code < 0x800) {
      target[at++] = 0xc0 | (code >> 6);
      target[at++] = 0x80 | (code & 0x3f);
    } else {
      target[at++] = 0xe0 | (code >> 12);
      target[at++] = 0x80 | ((code >> 6) & 0x3f);
      target[at++] = 0x80 | (code & 0x3f);
    }
  }
  return at;
}
