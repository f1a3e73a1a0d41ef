import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Reader } from "./reader.ts";

function reader(hex: string): Reader {
  return new Reader(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

describe("Reader", () => {
  it("refuses a string that is not UTF-8, short or long", () => {
    assert.throws(() => reader("02 c3 28").string(), /not valid UTF-8/);
    const long = Buffer.concat([Buffer.from([41]), Buffer.alloc(40, 0x61), Buffer.from([0xff])]);
    assert.throws(() => new Reader(long).string(), /not valid UTF-8/);
    assert.throws(() => new Reader(long).name(), /not valid UTF-8/);
  });

  it("keeps U+FFFD and a byte-order mark that were sent as such", () => {
    assert.equal(reader("03 ef bf bd").string(), "\uFFFD");
    assert.equal(reader("04 ef bb bf 61").string(), "\uFEFFa");
  });

  it("tells names with the same hash apart", () => {
    // Same length and the same first, middle and last byte.
    for (const text of ["axcxe", "aycye", "axcxe", "azczé"]) {
      const bytes = Buffer.from(text);
      assert.equal(new Reader(Buffer.concat([Buffer.from([bytes.length]), bytes])).name(), text);
    }
  });

  it("reads varints of up to ten bytes and refuses longer ones", () => {
    assert.equal(reader("ac 02").uint32(), 300);
    assert.equal(reader("ff ff ff ff ff ff ff ff ff 01").int32(), -1);
    assert.equal(reader("ff ff ff ff ff ff ff ff ff 01").int64String(), "-1");
    assert.equal(reader("80 80 80 80 80 80 80 80 80 01").int64String(), String(-(2n ** 63n)));
    assert.equal(reader("ff ff ff ff ff ff ff ff 7f").int64String(), String(2n ** 63n - 1n));
    assert.equal(reader("80 80 80 80 80 80 80 10").int64String(), String(2 ** 53));
    assert.equal(reader("80 80 80 80 80 80 80 80 80 00").bool(), false);
    assert.equal(reader("80 80 80 80 80 80 01").bool(), true);
    assert.throws(() => reader("ff ff ff ff ff ff ff ff ff ff 01").uint32(), /longer than ten/);
    assert.throws(() => reader("ff ff ff ff ff ff ff ff ff ff 01").bool(), /longer than ten/);
  });

  it("refuses tags beyond 32 bits, field number 0 and wire types that do not exist", () => {
    assert.throws(() => reader("ff ff ff ff 1f").tag(), /field number is too large/);
    assert.throws(() => reader("80 80 80 80 80 00").tag(), /field number is too large/);
    for (const tag of [0x00, 0x02]) assert.throws(() => reader("").skip(tag), /number 0/);
    for (const tag of [0x0c, 0x0e, 0x0f]) assert.throws(() => reader("").skip(tag), /wire type/);
  });

  it("refuses groups that are not closed, closed by another number or nested too deeply", () => {
    assert.throws(() => reader("08 01").skip(0x0b), /ends in the middle/);
    assert.throws(() => reader("14").skip(0x0b), /wire type 4/);
    const deep = new Reader(Buffer.alloc(5000, 0x0b));
    assert.throws(() => deep.skip(0x0b), /nested too deeply/);
    const closed = reader("13 14 08 01 0c");
    closed.skip(0x0b);
    assert.ok(closed.atEnd());
  });

  it("does not let a field reach beyond the message that it is in", () => {
    // A message of 2 bytes whose string claims 5; more bytes follow outside of it.
    const inner = reader("02 0a 05 61 61 61 61 61");
    inner.enter();
    assert.equal(inner.tag(), 0x0a);
    assert.throws(() => inner.string(), /ends in the middle/);
  });

  it("gives bytes as a view into what it reads", () => {
    const source = Buffer.from([2, 7, 8]);
    const view = new Reader(source).bytesField();
    source[1] = 9;
    assert.deepEqual([...view], [9, 8]);
  });

  it("reads a Uint8Array that is part of a larger buffer", () => {
    const whole = new Uint8Array([0, 0, 2, 0x61, 0x62, 0]);
    assert.equal(new Reader(whole.subarray(2, 5)).string(), "ab");
  });
});
