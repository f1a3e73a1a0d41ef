/**
 * The Huffman code of RFC 7541 Appendix B. It is canonical: within a length, codes count up in the order
 * of the symbols, and each length goes on where the shorter one ended. So the symbols by length are all
 * there is to say. End-of-string (256) is the last of the 30-bit codes.
 */
const symbolsByLength: readonly (readonly [bits: number, symbols: string])[] = [
  [5, "012aceiost"],
  [6, " %-./3456789=A_bdfghlmnpru"],
  [7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"],
  [8, "&*,;XZ"],
  [10, '!"()?'],
  [11, "'+|"],
  [12, "#>"],
  [13, "\x00$@[]~"],
  [14, "^}"],
  [15, "<`{"],
  [19, "\\\xc3\xd0"],
  [20, "\x80\x82\x83\xa2\xb8\xc2\xe0\xe2"],
  [21, "\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6"],
  [
    22,
    "\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd\xbe" +
      "\xc4\xc6\xe4\xe8\xe9",
  ],
  [
    23,
    "\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5\xa6\xa8\xae\xaf" +
      "\xb4\xb6\xb7\xbc\xbf\xc5\xe7\xef",
  ],
  [24, "\x09\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed"],
  [25, "\xc7\xcf\xea\xeb"],
  [26, "\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff"],
  [27, "\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe"],
  [
    28,
    "\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a" +
      "\x1b\x1c\x1d\x1e\x1f\x7f\xdc\xf9",
  ],
  [30, "\x0a\x0d\x16\u0100"],
];

/** Symbol for the end of a string, which must never appear in one. */
export const endOfString = 256;
/** Bits of the longest code. */
export const longestCode = 30;
/** Bits that {@link shortCodes} is indexed by; most of the octets in headers have a code of at most that. */
export const lookupBits = 10;

/** Code of each symbol, right-aligned. */
export const codes = new Int32Array(257);
/** Bits of each symbol's code. */
export const codeLengths = new Uint8Array(257);
/** First code of each length. */
export const firstCodes = new Int32Array(longestCode + 1);
/** Number of codes of each length. */
export const codeCounts = new Uint16Array(longestCode + 1);
/** Where each length's symbols begin in {@link symbolsInOrder}. */
export const symbolOffsets = new Uint16Array(longestCode + 1);
/** All symbols in the order of their codes. */
export const symbolsInOrder = new Uint16Array(257);
/** By the next ten bits: the symbol, shifted left by four, and its code's length; 0 for a longer code. */
export const shortCodes = new Uint16Array(1 << lookupBits);

let code = 0;
let position = 0;
let previousBits = 0;
for (const [bits, symbols] of symbolsByLength) {
  code *= 2 ** (bits - previousBits);
  previousBits = bits;
  firstCodes[bits] = code;
  codeCounts[bits] = symbols.length;
  symbolOffsets[bits] = position;
  for (let i = 0; i < symbols.length; i++) define(symbols.charCodeAt(i), bits);
}

function define(symbol: number, bits: number): void {
  codes[symbol] = code;
  codeLengths[symbol] = bits;
  symbolsInOrder[position++] = symbol;
  if (bits <= lookupBits) {
    const shift = lookupBits - bits;
    shortCodes.fill((symbol << 4) | bits, code << shift, (code + 1) << shift);
  }
  code++;
}
