import { isUtf8 } from "node:buffer";

const replacement = "\uFFFD";

/** The same bytes with the methods of a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The bytes as text; `undefined` when they are not UTF-8.
 *
 * @throws Error when they are more than a string can hold
 */
export function utf8Text(bytes: Uint8Array): string | undefined {
  const text = asBuffer(bytes).toString("utf8");
  return hasWrongBytes(text, bytes) ? undefined : text;
}

// Wrong bytes turn into U+FFFD, but the sender may also mean that character: only then the bytes are looked at again.
function hasWrongBytes(text: string, bytes: Uint8Array): boolean {
  return text.includes(replacement) && !isUtf8(bytes);
}

/** Whether each character of the text is one byte at the same place, so that a part of one is a part of the other. */
export function isByteForByte(text: string, bytes: Uint8Array): boolean {
  return text.length === bytes.length && !text.includes(replacement);
}

/** Standard base64, also with line breaks, without padding or URL-safe; `undefined` when it is something else. */
export function base64Bytes(text: unknown): Buffer | undefined {
  if (typeof text !== "string") return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === decodedLength(text)) return bytes;
  const joined = text.replaceAll(/[\r\n]/g, "");
  // Buffer.from leaves out what is not base64, and then there are fewer bytes than there should be.
  return bytes.length === decodedLength(joined) ? bytes : undefined;
}

function decodedLength(text: string): number {
  let length = text.length;
  if (text.endsWith("==")) length -= 2;
  else if (text.endsWith("=")) length -= 1;
  return length % 4 === 1 ? -1 : Math.floor((length * 3) / 4);
}
