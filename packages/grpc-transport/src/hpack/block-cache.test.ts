import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockCache } from "./block-cache.ts";
import { HpackDecoder, HeaderList } from "./decoder.ts";

const limits = { maxTableBytes: 4096, maxListBytes: 16384 };

function decode(decoder: HpackDecoder, hex: string): HeaderList {
  const block = Buffer.from(hex.replaceAll(" ", ""), "hex");
  return decoder.decode(block, 0, block.length);
}

test("HpackDecoder returns the same list for the same bytes, with what was kept on it", () => {
  const decoder = new HpackDecoder(limits);
  const list = decode(decoder, "82 0001 6101 31");
  assert.equal(list.parsed, null);
  list.parsed = "a route";
  assert.equal(decode(decoder, "82 0001 6101 31"), list);
  assert.notEqual(decode(decoder, "82 0001 6101 32"), list);
  assert.equal(decode(decoder, "82 0001 6101 31").parsed, "a route");
});

test("HpackDecoder does not reuse a list when the table has changed", () => {
  const decoder = new HpackDecoder(limits);
  decode(decoder, "4001 6101 31");
  assert.equal(decode(decoder, "be").fields[0]?.value, "1");
  assert.equal(decode(decoder, "be").fields[0]?.value, "1");
  decode(decoder, "4001 6101 32");
  assert.equal(decode(decoder, "be").fields[0]?.value, "2");
});

test("HpackDecoder decodes a block that changes the table each time", () => {
  const decoder = new HpackDecoder(limits);
  const first = decode(decoder, "4001 6101 31");
  assert.notEqual(decode(decoder, "4001 6101 31"), first);
  assert.equal(decode(decoder, "be bf").fields.length, 2);
  assert.equal(decode(decoder, "20 82").fields.length, 1);
  assert.equal(decode(decoder, "3fe11f 82").fields.length, 1);
  decode(decoder, "4001 6101 31");
  assert.equal(decode(decoder, "20 82").fields.length, 1);
  assert.throws(() => decode(decoder, "be"));
});

/** A block of `length` octets that stands for a number. */
function blockOf(number: number, length: number): Buffer {
  const block = Buffer.alloc(length, 7);
  block.writeUInt32LE(number);
  return block;
}

function findOrKeep(cache: BlockCache, block: Buffer, generation: number): HeaderList {
  const known = cache.find(block, 0, block.length, generation);
  if (known !== null) return known;
  const list = new HeaderList([], false);
  list.parsed = block;
  cache.keep(block, 0, block.length, list);
  return list;
}

test("BlockCache never gives the list of another block, however many there are", () => {
  const cache = new BlockCache();
  for (let i = 0; i < 5000; i++) {
    const block = blockOf(i % 150, 4 + (i % 509));
    assert.deepEqual(findOrKeep(cache, block, i >> 10).parsed, block);
  }
});

test("BlockCache keeps a block that repeats among blocks that do not", () => {
  const cache = new BlockCache();
  const repeating = blockOf(1, 60);
  let hits = 0;
  let previous: HeaderList | null = null;
  for (let i = 0; i < 2000; i++) {
    findOrKeep(cache, blockOf(1000 + i, 60), 0);
    const list = findOrKeep(cache, repeating, 0);
    if (list === previous) hits++;
    previous = list;
  }
  assert.ok(hits > 1900, `${hits} hits`);
});

test("BlockCache does not keep blocks of more than 512 octets", () => {
  const cache = new BlockCache();
  const block = blockOf(1, 513);
  assert.notEqual(findOrKeep(cache, block, 0), findOrKeep(cache, block, 0));
  const shorter = blockOf(1, 512);
  assert.equal(findOrKeep(cache, shorter, 0), findOrKeep(cache, shorter, 0));
});

test("BlockCache forgets everything in a new generation", () => {
  const cache = new BlockCache();
  const block = blockOf(1, 60);
  const list = findOrKeep(cache, block, 0);
  assert.equal(cache.find(block, 0, block.length, 0), list);
  assert.equal(cache.find(block, 0, block.length, 1), null);
  assert.equal(cache.find(block, 0, block.length, 0), null);
});

test("BlockCache keeps the first few lists at first sight, more when their block is met again", () => {
  const cache = new BlockCache();
  const blocks = Array.from({ length: 300 }, (_, i) => blockOf(i, 20));
  for (const block of blocks) findOrKeep(cache, block, 0);
  const found = (block: Buffer): boolean => cache.find(block, 0, block.length, 0) !== null;
  assert.equal(blocks.filter(found).length, 8);
  const later = blocks.find((block) => !found(block)) ?? assert.fail();
  findOrKeep(cache, later, 0);
  const list = findOrKeep(cache, later, 0);
  assert.equal(findOrKeep(cache, later, 0), list);
});
