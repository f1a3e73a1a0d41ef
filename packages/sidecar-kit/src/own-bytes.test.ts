import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ownBytes } from "./own-bytes.ts";

describe("ownBytes", () => {
  it("returns bytes that own most of their buffer as they are", () => {
    const value = new Uint8Array(100);
    assert.equal(ownBytes(value), value);
  });

  it("copies a small view of a large buffer", () => {
    const large = new Uint8Array(10_000).fill(7);
    const copy = ownBytes(large.subarray(10, 13));
    large.fill(0);
    assert.deepEqual([...copy], [7, 7, 7]);
    assert.equal(copy.buffer.byteLength, 3);
  });
});
