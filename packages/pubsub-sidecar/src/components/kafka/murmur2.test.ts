import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { murmur2, partitionOfKey } from "./murmur2.ts";

/** Made with `org.apache.kafka.common.utils.Utils` of kafka-clients 4.1.1: key, `murmur2`, `toPositive` modulo 7. */
const GOLDEN: readonly (readonly [string, number, number])[] = [
  ["", 275646681, 2],
  ["a", -1563381124, 5],
  ["ab", 316155434, 0],
  ["abc", 479470107, 4],
  ["21", -973932308, 3],
  ["foobar", -790332482, 0],
  ["a-little-bit-long-string", -985981536, 1],
  ["a-little-bit-longer-string", -1486304829, 0],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971, 3],
  ["grüße 🙂", -1742450758, 3],
  ["order-4711", 1584983611, 1],
];

describe("murmur2", () => {
  it("is that of the Java client", () => {
    for (const [key, hash] of GOLDEN) assert.equal(murmur2(Buffer.from(key)), hash, key);
  });
});

describe("partitionOfKey", () => {
  it("is that of the Java client, in UTF-8", () => {
    for (const [key, , partition] of GOLDEN) assert.equal(partitionOfKey(key, 7), partition, key);
  });
});
