import { huffmanLength, octetOf, writeHuffman } from "./huffman.ts";
import { maxIntegerOctets, writeInteger } from "./integer.ts";

/** Texts up to this have a length of one octet, so they are coded at once, without counting first. */
const maxShortLength = 0x7f;

/** Writes a string literal (RFC 7541 §5.2), Huffman-coded when that is shorter; returns the offset behind it. */
export function writeString(target: Uint8Array, offset: number, text: string): number {
  const length = text.length;
  if (length <= maxShortLength) {
    const end = writeHuffman(target, offset + 1, text, offset + length);
    if (end < 0 || length === 0) return writePlain(target, offset, text);
    target[offset] = 0x80 | (end - offset - 1);
    return end;
  }
  const coded = huffmanLength(text);
  if (coded >= length) return writePlain(target, offset, text);
  const start = writeInteger(target, offset, 0x80, 0x7f, coded);
  return writeHuffman(target, start, text, start + coded);
}

/** Writes a string literal as it is: for texts that differ each time, coding costs both sides more than it saves. */
export function writePlain(target: Uint8Array, offset: number, text: string): number {
  offset = writeInteger(target, offset, 0, 0x7f, text.length);
  for (let i = 0; i < text.length; i++) target[offset++] = octetOf(text, i);
  return offset;
}

/** Most octets that {@link writeString} writes for a text of `length`. */
export function maxStringOctets(length: number): number {
  return maxIntegerOctets + length;
}
