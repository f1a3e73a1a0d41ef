import assert from "node:assert/strict";
import { test } from "node:test";
import { isRaw, ttlMsOf } from "./ttl.ts";

const invalid = { reason: "METADATA_INVALID" };

test("ttlMsOf gives milliseconds, undefined when there is none", () => {
  assert.equal(ttlMsOf({}), undefined);
  assert.equal(ttlMsOf({ ttlInSeconds: "" }), undefined);
  assert.equal(ttlMsOf({ ttlInSeconds: "1" }), 1000);
  assert.equal(ttlMsOf({ ttlInSeconds: "+90" }), 90_000);
  assert.equal(ttlMsOf({ ttlInSeconds: "007" }), 7000);
  assert.equal(ttlMsOf({ ttlInSeconds: "9".repeat(400) }), Number.MAX_SAFE_INTEGER);
});

for (const value of ["0", "-1", "1.5", "1e3", "abc", " 1", "1 ", "0x10", "00", "٣"]) {
  test(`ttlMsOf refuses ${JSON.stringify(value)}`, () => {
    assert.throws(() => ttlMsOf({ ttlInSeconds: value }), invalid);
  });
}

test("isRaw takes the words of Go", () => {
  assert.equal(isRaw({}), false);
  assert.equal(isRaw({ rawPayload: "" }), false);
  for (const word of ["1", "t", "T", "true", "TRUE", "True"]) {
    assert.equal(isRaw({ rawPayload: word }), true, word);
  }
  for (const word of ["0", "f", "F", "false", "FALSE", "False"]) {
    assert.equal(isRaw({ rawPayload: word }), false, word);
  }
});

for (const value of ["yes", "tRUE", " true", "2", "__proto__"]) {
  test(`isRaw refuses ${JSON.stringify(value)}`, () => {
    assert.throws(() => isRaw({ rawPayload: value }), invalid);
  });
}
