import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { base64Bytes, utf8Text } from "./bytes.ts";

test("base64Bytes gives back any bytes, with or without padding, line breaks and as URL-safe text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (array) => {
      const bytes = Buffer.from(array);
      const text = bytes.toString("base64");
      assert.deepEqual(base64Bytes(text), bytes);
      assert.deepEqual(base64Bytes(text.replaceAll("=", "")), bytes);
      assert.deepEqual(base64Bytes(bytes.toString("base64url")), bytes);
      assert.deepEqual(base64Bytes(text.replaceAll(/(.{8})/g, "$1\r\n")), bytes);
    }),
  );
});

test("base64Bytes refuses what is not base64", () => {
  for (const value of ["A", "A===", "QQ=Q", "QQ==QQ==", "Q Q=", "Qé==", "====", 5, null]) {
    assert.equal(base64Bytes(value), undefined, String(value));
  }
});

test("utf8Text tells wrong bytes from the replacement character", () => {
  assert.equal(utf8Text(Buffer.from("a\uFFFDb")), "a\uFFFDb");
  assert.equal(utf8Text(Buffer.from([0x61, 0xff])), undefined);
  assert.equal(utf8Text(Buffer.from([0xed, 0xa0, 0x80])), undefined);
});
