import { HpackError } from "./hpack-error.ts";
import {
  codeCounts,
  codeLengths,
  codes,
  endOfString,
  firstCodes,
  longestCode,
  lookupBits,
  shortCodes,
  symbolOffsets,
  symbolsInOrder,
} from "./huffman-table.ts";
import { octetAt } from "./octets.ts";

const lookupMask = (1 << lookupBits) - 1;
const replacement = 0x3f; // "?" for a character that is no octet; cutting it down could turn it into a control character

/** The octet that a character is sent as. */
export function octetOf(text: string, index: number): number {
  const character = text.charCodeAt(index);
  return character > 0xff ? replacement : character;
}

/** Octets of `text` when Huffman-coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += octetAt(codeLengths, octetOf(text, i));
  return (bits + 7) >>> 3;
}

/**
 * Writes `text` Huffman-coded (RFC 7541 §5.2) and returns the offset behind it, or -1 when that would be
 * beyond `limit`; nothing is written at or behind `limit`.
 */
export function writeHuffman(
  target: Uint8Array,
  offset: number,
  text: string,
  limit: number,
): number {
  // Up to 15 bits wait in the low end of `pending`; what is above them was written and may overflow.
  let pending = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = octetOf(text, i);
    let code = octetAt32(codes, symbol);
    let bits = octetAt(codeLengths, symbol);
    if (bits > 15) {
      // Might not fit beside the waiting bits: the upper part goes by itself.
      pending = (pending << (bits - 15)) | (code >>> 15);
      count += bits - 15;
      if (count >= 16) {
        if (offset + 2 > limit) return -1;
        target[offset] = pending >>> (count - 8);
        target[offset + 1] = pending >>> (count - 16);
        offset += 2;
        count -= 16;
      }
      code &= 0x7fff;
      bits = 15;
    }
    pending = (pending << bits) | code;
    count += bits;
    if (count >= 16) {
      if (offset + 2 > limit) return -1;
      target[offset] = pending >>> (count - 8);
      target[offset + 1] = pending >>> (count - 16);
      offset += 2;
      count -= 16;
    }
  }
  if (offset + ((count + 7) >>> 3) > limit) return -1;
  if (count >= 8) target[offset++] = pending >>> (count -= 8);
  if (count > 0) target[offset++] = (pending << (8 - count)) | (0xff >>> count);
  return offset;
}

/** Most octets that `length` Huffman-coded octets decode to: no code is shorter than 5 bits. */
export function maxHuffmanDecoded(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Decodes `source[start, end)` to the beginning of `target`, which must have room for
 * {@link maxHuffmanDecoded}, and returns the number of octets.
 *
 * @throws HpackError for more than 7 bits of padding, padding that is not ones, and end-of-string (RFC 7541 §5.2)
 */
export function decodeHuffman(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  let pending = 0; // the low `count` bits are still to be decoded
  let count = 0;
  let at = start;
  let length = 0;
  for (;;) {
    if (count < lookupBits) {
      if (at + 1 < end) {
        pending = (pending << 16) | (octetAt(source, at) << 8) | octetAt(source, at + 1);
        at += 2;
        count += 16;
      } else if (at < end) {
        pending = (pending << 8) | octetAt(source, at++);
        count += 8;
        if (count < lookupBits) break;
      } else break;
    }
    const entry = octetAt16(shortCodes, (pending >>> (count - lookupBits)) & lookupMask);
    if (entry !== 0) {
      count -= entry & 15;
      target[length++] = entry >>> 4;
      continue;
    }
    // A long code, bit by bit; rare, since these are control characters and octets beyond ASCII.
    count -= lookupBits;
    let code = (pending >>> count) & lookupMask;
    let bits = lookupBits;
    for (;;) {
      if (count === 0) {
        if (at === end) throw truncated();
        pending = octetAt(source, at++);
        count = 8;
      }
      count--;
      code = (code << 1) | ((pending >>> count) & 1);
      bits++;
      const position = code - octetAt32(firstCodes, bits);
      if (position < octetAt16(codeCounts, bits)) {
        const symbol = octetAt16(symbolsInOrder, octetAt16(symbolOffsets, bits) + position);
        if (symbol === endOfString)
          throw new HpackError("Cannot decode a Huffman string: it contains end-of-string");
        target[length++] = symbol;
        break;
      }
      if (bits === longestCode) throw truncated();
    }
  }
  return finishHuffman(pending, count, target, length);
}

/** Decodes the last bits, fewer than the look-up takes, and checks the padding. */
function finishHuffman(pending: number, count: number, target: Uint8Array, length: number): number {
  for (;;) {
    const missing = lookupBits - count;
    const padded = ((pending << missing) | ((1 << missing) - 1)) & lookupMask;
    const entry = octetAt16(shortCodes, padded);
    const bits = entry & 15;
    if (bits === 0 || bits > count) {
      const ones = (1 << count) - 1;
      if (count > 7 || (pending & ones) !== ones) throw truncated();
      return length;
    }
    count -= bits;
    target[length++] = entry >>> 4;
  }
}

function truncated(): HpackError {
  return new HpackError("Cannot decode a Huffman string: its padding is not up to 7 one bits");
}

function octetAt16(source: Uint16Array, index: number): number {
  return source[index] as number; // in range by contract, as octetAt
}

function octetAt32(source: Int32Array, index: number): number {
  return source[index] as number; // in range by contract, as octetAt
}
