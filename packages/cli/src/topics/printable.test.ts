import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { printable, printableBytes, shortened } from "./printable.ts";

describe("printable()", () => {
  it("keeps text and takes out what a terminal would obey", () => {
    assert.equal(printable("größe: 5 €"), "größe: 5 €");
    assert.equal(printable("a\nb\u001B[2Jc\u0000\u202Ed\u009B"), "a b.[2Jc..d.");
  });
});

describe("printableBytes()", () => {
  it("cuts between characters", () => {
    assert.equal(printableBytes(Buffer.from("aäb"), 4), "aäb");
    assert.equal(printableBytes(Buffer.from("aäb"), 2), "a…");
    assert.equal(printableBytes(Buffer.from([0x61, 0xff, 0x00, 0x62]), 200), "a..b");
  });
});

describe("shortened()", () => {
  it("cuts with an ellipsis", () => {
    assert.deepEqual([shortened("abc", 3), shortened("abcd", 3)], ["abc", "ab…"]);
  });
});
