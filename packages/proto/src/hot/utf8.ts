// Text on the wire is UTF-8, nearly always short and ASCII: such strings are read and written in JavaScript, since
// for them the way into native code costs more than the work.
import { isUtf8 } from "node:buffer";

/** Up to here reading byte by byte is faster than Buffer.toString (measured on Node 20 and 24). */
const shortRead = 12;
/** Up to here writing char by char is faster than Buffer.write. */
const shortWrite = 32;
const replacement = "\uFFFD";

/**
 * The text in `bytes` from `start` to `end`.
 * @throws Error when it is not UTF-8, as proto3 demands.
 */
export function readUtf8(bytes: Buffer, start: number, end: number): string {
  if (end - start > shortRead) return readLong(bytes, start, end);
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte > 0x7f) return readLong(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

function readLong(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  // Wrong bytes turn into U+FFFD. The sender may also mean that character, so look again before refusing.
  if (text.includes(replacement) && !isUtf8(bytes.subarray(start, end))) {
    throw new Error("a string is not valid UTF-8");
  }
  return text;
}

function isShortAscii(text: string): boolean {
  if (text.length > shortWrite) return false;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}

/** Bytes that the text takes. */
export function utf8Length(text: string): number {
  return isShortAscii(text) ? text.length : Buffer.byteLength(text, "utf8");
}

/** Writes the text so that it ends before `end`, and returns where it starts. */
export function writeUtf8Before(bytes: Buffer, text: string, end: number): number {
  const start = end - text.length;
  if (text.length <= shortWrite && start >= 0) {
    let i = 0;
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) break;
      bytes[start + i] = code;
    }
    if (i === text.length) return start;
  }
  const length = Buffer.byteLength(text, "utf8");
  bytes.write(text, end - length, length, "utf8");
  return end - length;
}
