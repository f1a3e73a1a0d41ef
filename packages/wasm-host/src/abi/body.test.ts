import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Body } from "./body.ts";

const max = 100;

function spliced(start: number, size: number, value: string): string {
  const body = new Body(Buffer.from("hello"));
  assert.equal(body.splice(start, size, Buffer.from(value), max), true);
  assert.equal(body.changed, true);
  return Buffer.from(body.bytes).toString();
}

describe("Body", () => {
  test("prepends, appends, injects, replaces and cuts", () => {
    assert.equal(spliced(0, 0, "oh "), "oh hello");
    assert.equal(spliced(5, 0, "!"), "hello!");
    assert.equal(spliced(0xffff_ffff, 0xffff_ffff, "!"), "hello!");
    assert.equal(spliced(2, 0, "--"), "he--llo");
    assert.equal(spliced(1, 3, "-"), "h-o");
    assert.equal(spliced(1, 3, "-----"), "h-----o");
    assert.equal(spliced(2, 0xffff_ffff, "y"), "hey");
    assert.equal(spliced(0, 5, "bye"), "bye");
    assert.equal(spliced(0, 99, ""), "");
  });

  test("stays as it was when it would be too long", () => {
    const body = new Body(Buffer.from("hello"));
    assert.equal(body.splice(5, 0, Buffer.alloc(96), max), false);
    assert.equal(body.changed, false);
    assert.equal(Buffer.from(body.bytes).toString(), "hello");
    assert.equal(body.splice(5, 0, Buffer.alloc(95), max), true);
  });

  test("keeps a copy of what it is given", () => {
    const body = new Body(new Uint8Array(0));
    const value = Buffer.from("abc");
    body.splice(0, 0, value, max);
    value.fill(0);
    assert.equal(Buffer.from(body.bytes).toString(), "abc");
  });

  test("a hundred thousand small additions are one body, in an ArrayBuffer of its size", () => {
    const body = new Body(new Uint8Array(0));
    for (let index = 0; index < 100_000; index += 1)
      body.splice(index, 0, Uint8Array.of(index), 200_000);
    assert.equal(body.length, 100_000);
    assert.equal(body.own.buffer.byteLength, 100_000);
    assert.equal(body.bytes[99_999], 99_999 & 255);
  });
});
