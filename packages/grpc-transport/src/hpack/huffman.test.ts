import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HpackError } from "./hpack-error.ts";
import { decodeHuffman, huffmanLength, maxHuffmanDecoded, writeHuffman } from "./huffman.ts";
import { codeLengths, codes } from "./huffman-table.ts";

function encode(text: string): Buffer {
  const target = Buffer.alloc(text.length * 4 + 8);
  return target.subarray(0, writeHuffman(target, 0, text, target.length));
}

function decode(source: Buffer): string {
  const target = Buffer.alloc(maxHuffmanDecoded(source.length));
  return target.toString("latin1", 0, decodeHuffman(source, 0, source.length, target));
}

test("codes of RFC 7541 Appendix B, some of each length", () => {
  const rows: [symbol: number, code: number, bits: number][] = [
    [0x30, 0x0, 5],
    [0x74, 0x9, 5],
    [0x20, 0x14, 6],
    [0x3a, 0x5c, 7],
    [0x5a, 0xfd, 8],
    [0x21, 0x3f8, 10],
    [0x7c, 0x7fc, 11],
    [0x3e, 0xffb, 12],
    [0x00, 0x1ff8, 13],
    [0x7d, 0x3ffd, 14],
    [0x7b, 0x7ffe, 15],
    [0x5c, 0x7fff0, 19],
    [0xe2, 0xfffed, 20],
    [0xe6, 0x1fffe8, 21],
    [0xe9, 0x3fffeb, 22],
    [0x01, 0x7fffd8, 23],
    [0xed, 0xfffff5, 24],
    [0xeb, 0x1ffffef, 25],
    [0xff, 0x3ffffee, 26],
    [0xfe, 0x7fffff0, 27],
    [0xf9, 0xffffffe, 28],
    [0x16, 0x3ffffffe, 30],
    [0x100, 0x3fffffff, 30],
  ];
  for (const [symbol, code, bits] of rows) {
    assert.deepEqual([symbol, codes[symbol], codeLengths[symbol]], [symbol, code, bits]);
  }
});

test("the code is complete: no bit pattern is left without a symbol", () => {
  const sum = codeLengths.reduce((total, bits) => total + 2 ** -bits, 0);
  assert.equal(sum, 1);
});

test("every octet survives encode and decode, alone, repeated and among others", () => {
  for (let symbol = 0; symbol < 256; symbol++) {
    const character = String.fromCharCode(symbol);
    for (const text of [
      character,
      character.repeat(5),
      `a${character}`,
      `${character}~0${character}`,
    ]) {
      const coded = encode(text);
      assert.equal(coded.length, huffmanLength(text));
      assert.equal(decode(coded), text);
    }
  }
});

test("any text survives encode and decode", () => {
  const octets = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(octets, (source) => {
      const text = Buffer.from(source).toString("latin1");
      assert.equal(decode(encode(text)), text);
    }),
  );
});

test("writeHuffman gives up at its limit and writes nothing behind it", () => {
  for (const text of ["aaaa", "a\u00ffb", "\n\n\n", "0123456789abcdef"]) {
    const length = huffmanLength(text);
    const target = Buffer.alloc(32, 0xaa);
    assert.equal(writeHuffman(target, 0, text, length), length);
    assert.equal(
      target.subarray(length).every((octet) => octet === 0xaa),
      true,
    );
    for (let limit = 0; limit < length; limit++) {
      target.fill(0xaa);
      assert.equal(writeHuffman(target, 0, text, limit), -1);
      assert.equal(
        target.subarray(limit).every((octet) => octet === 0xaa),
        true,
      );
    }
  }
});

test("a character that is no octet is sent as a question mark", () => {
  assert.equal(decode(encode("a\u010ab")), "a?b");
});

test("decodeHuffman takes up to 7 one bits of padding", () => {
  assert.equal(decode(Buffer.from([0b00011_111])), "a");
});

const malformed: [string, number[]][] = [
  ["8 bits of padding", [0b00011_111, 0xff]],
  ["nothing but 8 bits of padding", [0xff]],
  ["11 bits of padding", [0b0001_1111, 0xff]],
  ["padding with a zero", [0b00011_110]],
  ["padding of zeros", [0b00011_000]],
  ["end-of-string", [0xff, 0xff, 0xff, 0xff]],
  ["end-of-string after a symbol", [0b00011_111, 0xff, 0xff, 0xff, 0xff]],
  ["a code cut off", [0xff, 0xff, 0xfe]],
];
for (const [what, octets] of malformed) {
  test(`decodeHuffman refuses ${what}`, () => {
    assert.throws(() => decode(Buffer.from(octets)), HpackError);
  });
}

test("decodeHuffman of any octets decodes or throws HpackError, and encodes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
      const source = Buffer.from(octets);
      let text: string;
      try {
        text = decode(source);
      } catch (error) {
        assert.ok(error instanceof HpackError);
        return;
      }
      assert.deepEqual(encode(text), source);
    }),
    { numRuns: 2000 },
  );
});
