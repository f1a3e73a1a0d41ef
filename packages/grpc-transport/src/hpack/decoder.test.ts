import assert from "node:assert/strict";
import { test } from "node:test";
import { HpackDecoder, type HeaderList } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";
import { HeaderField } from "./field.ts";
import { HpackBombError, HpackError } from "./hpack-error.ts";
import { staticTable } from "./static-table.ts";

const limits = { maxTableBytes: 4096, maxListBytes: 16384 };

function decode(decoder: HpackDecoder, hex: string): HeaderList {
  const block = Buffer.from(hex.replaceAll(" ", ""), "hex");
  return decoder.decode(block, 0, block.length);
}

const pairs = (list: HeaderList): [string, string][] => list.fields.map((f) => [f.name, f.value]);

const malformed: [what: string, hex: string][] = [
  ["index 0", "80"],
  ["an index beyond the tables", "be"],
  ["a far index", "ffffffff07"],
  ["a name index beyond the tables", "7f00 0161"],
  ["an integer that ends early", "ff80"],
  ["an integer beyond 2^31 - 1", "ff81ffffff07"],
  ["an integer of six continuation octets", "ff808080808000"],
  ["a block without the value", "4001 61"],
  ["a block without the name", "40"],
  ["a string longer than the block", "4001 6102 62"],
  ["a table size update behind a field", "82 20"],
  ["a table size update beyond the limit", "3fe21f"],
  ["a Huffman string with bad padding", "0001 6181 18"],
  ["a Huffman string with end-of-string", "0001 6184 ffffffff"],
];
for (const [what, hex] of malformed) {
  test(`HpackDecoder refuses ${what}`, () => {
    assert.throws(() => decode(new HpackDecoder(limits), hex), HpackError);
  });
}

test("HpackDecoder takes integers with needless continuation octets, up to five", () => {
  const list = decode(new HpackDecoder(limits), "0f8080808000 0161"); // name index 15
  assert.deepEqual(pairs(list), [["accept-charset", "a"]]);
});

test("HpackDecoder decodes only the given part of the source", () => {
  const list = new HpackDecoder(limits).decode(Buffer.from([0x80, 0x82, 0x84, 0x80]), 1, 3);
  assert.deepEqual(list.fields, [staticTable[2], staticTable[4]]);
});

test("HpackDecoder gives an empty list for an empty block", () => {
  assert.deepEqual(decode(new HpackDecoder(limits), "").fields, []);
});

test("HpackDecoder returns shared instances for indexed fields", () => {
  const decoder = new HpackDecoder(limits);
  const first = decode(decoder, "82 4001 6101 62");
  const second = decode(decoder, "be 82");
  assert.equal(second.fields[0], first.fields[1]);
  assert.equal(second.fields[1], staticTable[2]);
});

test("HpackDecoder marks never-indexed fields as sensitive, others not", () => {
  const list = decode(new HpackDecoder(limits), "1001 6101 62 0001 6101 62 4001 6101 62");
  assert.deepEqual(
    list.fields.map((f) => f.sensitive),
    [true, false, false],
  );
});

test("HpackDecoder takes a string that decodes to more than its scratch buffer", () => {
  const value = "0".repeat(100_000);
  const encoder = new HpackEncoder();
  const fields = [new HeaderField("x", value)];
  const block = Buffer.alloc(HpackEncoder.maxEncodedBytes(fields));
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 200_000 });
  const list = decoder.decode(block, 0, encoder.encode(fields, block, 0));
  assert.equal(list.fields[0]?.value, value);
});

test("HpackDecoder evicts the oldest entries", () => {
  const decoder = new HpackDecoder({ maxTableBytes: 100, maxListBytes: 16384 }); // room for two of 34
  decode(decoder, "4001 6101 31 4001 6201 32 4001 6301 33");
  assert.deepEqual(pairs(decode(decoder, "be bf")), [
    ["c", "3"],
    ["b", "2"],
  ]);
  assert.throws(() => decode(decoder, "c0"), HpackError);
});

test("HpackDecoder empties the table for a field larger than it, which may take its name from it", () => {
  const decoder = new HpackDecoder({ maxTableBytes: 40, maxListBytes: 16384 });
  decode(decoder, "4001 6101 31");
  const list = decode(decoder, `7e 0a ${"32".repeat(10)}`);
  assert.deepEqual(pairs(list), [["a", "2".repeat(10)]]);
  assert.throws(() => decode(decoder, "be"), HpackError);
});

test("HpackDecoder evicts on a table size update, and takes several at the start of a block", () => {
  const decoder = new HpackDecoder(limits);
  decode(decoder, "4001 6101 31");
  assert.deepEqual(pairs(decode(decoder, "20 3fe11f 4001 6201 32 be")), [
    ["b", "2"],
    ["b", "2"],
  ]);
  assert.throws(() => decode(decoder, "bf"), HpackError);
});

test("setMaxTableBytes: a reduction must be followed by a size update", () => {
  const decoder = new HpackDecoder(limits);
  decode(decoder, "82");
  decoder.setMaxTableBytes(256);
  assert.throws(() => decode(decoder, "82"), HpackError, "also for a block that was cached");
});

test("setMaxTableBytes: the update must not exceed the new limit", () => {
  const decoder = new HpackDecoder(limits);
  decoder.setMaxTableBytes(256);
  assert.throws(() => decode(decoder, "3fe201 82"), HpackError); // 257
});

test("setMaxTableBytes: once updated, blocks need no update", () => {
  const decoder = new HpackDecoder(limits);
  decoder.setMaxTableBytes(256);
  decode(decoder, "3fe101 82"); // 256
  assert.equal(decode(decoder, "82").fields[0]?.value, "GET");
});

test("setMaxTableBytes: down and up again asks for the smallest size in between", () => {
  const decoder = new HpackDecoder(limits);
  decoder.setMaxTableBytes(0);
  decoder.setMaxTableBytes(4096);
  assert.throws(() => decode(decoder, "3fe11f 82"), HpackError);
  const other = new HpackDecoder(limits);
  other.setMaxTableBytes(0);
  other.setMaxTableBytes(4096);
  assert.equal(decode(other, "20 3fe11f 82").fields.length, 1);
});

test("setMaxTableBytes: an increase asks for nothing and allows larger updates", () => {
  const decoder = new HpackDecoder(limits);
  decoder.setMaxTableBytes(8192);
  assert.equal(decode(decoder, "82").fields.length, 1);
  assert.equal(decode(decoder, "3fe13f 82").fields.length, 1); // 8192
});

test("a list beyond maxListBytes is cut there and the table stays correct", () => {
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 100 }); // room for two of 34
  const list = decode(decoder, "4001 6101 31 4001 6201 32 4001 6301 33 82");
  assert.equal(list.oversize, true);
  assert.deepEqual(pairs(list), [
    ["a", "1"],
    ["b", "2"],
  ]);
  assert.deepEqual(pairs(decode(decoder, "be c0")), [
    ["c", "3"],
    ["a", "1"],
  ]);
});

test("a list of exactly maxListBytes is whole", () => {
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 68 });
  const list = decode(decoder, "4001 6101 31 4001 6201 32");
  assert.equal(list.oversize, false);
  assert.equal(list.fields.length, 2);
});

test("references to a large entry are not stored beyond maxListBytes", () => {
  const decoder = new HpackDecoder(limits);
  const value = "78".repeat(4000); // 4000 octets, length 7f a1 1e
  decode(decoder, `4001 617f a11e ${value}`);
  const list = decode(decoder, "be".repeat(10));
  assert.equal(list.oversize, true);
  assert.equal(list.fields.length, 4);
});

test("a block that unfolds to many times maxListBytes is an attack", () => {
  const decoder = new HpackDecoder(limits);
  const value = "78".repeat(4000);
  decode(decoder, `4001 617f a11e ${value}`);
  assert.throws(() => decode(decoder, "be".repeat(100_000)), HpackBombError);
});
