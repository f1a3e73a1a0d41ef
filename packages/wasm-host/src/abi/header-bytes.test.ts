import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WasmStatus } from "../model/host-calls.ts";
import { decodeHeaders, encodeHeaders, maxHeaderLines } from "./header-bytes.ts";
import { Refusal } from "./refusal.ts";

const { BAD_ARGUMENT, PARSE_FAILURE } = WasmStatus;

function refused(status: number, bytes: Uint8Array): void {
  assert.throws(() => decodeHeaders(bytes), (error) => error instanceof Refusal && error.status === status); // prettier-ignore
}

function u32(...numbers: number[]): Buffer {
  return Buffer.from(new Uint32Array(numbers).buffer);
}

describe("encodeHeaders()", () => {
  test("writes count, lengths, and texts with a NUL after each", () => {
    const expected = Buffer.concat([u32(2, 1, 1, 1, 2), Buffer.from("a\x001\0b\x0022\0")]);
    assert.deepEqual(Buffer.from(encodeHeaders(["a", "1", "b", "22"])), expected);
  });

  test("an empty map is an empty value", () => assert.equal(encodeHeaders([]).length, 0));

  test("values are octets", () => {
    assert.equal(Buffer.from(encodeHeaders(["a", "\xff"])).indexOf(0xff), 14);
  });
});

describe("decodeHeaders()", () => {
  test("reads what was written, with names in lower case", () => {
    assert.deepEqual(decodeHeaders(encodeHeaders([":path", "/", "X-One", "\xe9 ü"])), [
      ":path",
      "/",
      "x-one",
      "\xe9 ü",
    ]);
  });

  test("knows all forms of an empty map", () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(1), u32(0)])
      assert.deepEqual(decodeHeaders(bytes), []);
  });

  test("refuses counts and lengths that do not fit", () => {
    const good = Buffer.from(encodeHeaders(["a", "1"]));
    for (let length = 1; length < good.length; length += 1)
      refused(PARSE_FAILURE, good.subarray(0, length));
    refused(PARSE_FAILURE, u32(0xffff_ffff, 1, 1));
    refused(
      PARSE_FAILURE,
      Buffer.concat([u32(1, 0xffff_ffff, 0xffff_ffff), Buffer.alloc(64, "a")]),
    );
    refused(PARSE_FAILURE, Buffer.concat([u32(1, 1, 0xffff_fff0), Buffer.alloc(64, "a")]));
  });

  test("refuses more than a guest may set", () => {
    const many = Array.from({ length: maxHeaderLines + 1 }, () => ["a", "1"]).flat();
    refused(BAD_ARGUMENT, encodeHeaders(many));
    refused(BAD_ARGUMENT, encodeHeaders(["a", "x".repeat(300_000)]));
  });

  test("refuses what would become a header of its own somewhere", () => {
    for (const line of [
      ["", "1"],
      ["a b", "1"],
      ["a\r\nb", "1"],
      ["a:", "1"],
      ["a", "1\r\nb: 2"],
      ["a", "1\n"],
    ])
      refused(BAD_ARGUMENT, encodeHeaders(line));
  });
});
