import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Metadata } from "./metadata.ts";

describe("Metadata", () => {
  test("keeps order and all values, names in lower case", () => {
    const metadata = Metadata.from([
      ["B", "1"],
      ["a", "2"],
      ["b", "3"],
    ]);
    assert.deepEqual(
      [...metadata.entries()],
      [
        ["b", "1"],
        ["a", "2"],
        ["b", "3"],
      ],
    );
    assert.equal(metadata.get("B"), "1");
    assert.deepEqual(metadata.getAll("b"), ["1", "3"]);
    metadata.set("b", "4");
    assert.deepEqual(
      [...metadata.entries()],
      [
        ["a", "2"],
        ["b", "4"],
      ],
    );
    assert.equal(metadata.delete("b"), true);
    assert.equal(metadata.delete("b"), false);
    assert.equal(metadata.size, 1);
  });

  test("carries bytes of any length, also in views, and reads padded base64 and joined values", () => {
    for (let length = 0; length < 9; length++) {
      const view = Buffer.from([9, ...Array.from({ length }, (_, i) => 250 + i), 9]).subarray(
        1,
        -1,
      );
      const metadata = Metadata.from([["x-bin", view]]);
      assert.doesNotMatch(metadata.get("x-bin") ?? "", /=/);
      assert.deepEqual(metadata.getBinary("x-bin"), Buffer.from(view));
    }
    const received = new Metadata();
    received.appendReceived("y-bin", "AQI=,AwQ=");
    assert.deepEqual(received.getBinary("y-bin"), Buffer.from([1, 2]));
    assert.equal(received.getBinary("z-bin"), undefined);
  });

  test("refuses what cannot be sent", () => {
    const metadata = new Metadata();
    for (const name of ["", "a b", "ä", ":path", "a\n"]) {
      assert.throws(() => metadata.append(name, "x"), TypeError, name);
    }
    for (const value of ["ü", "a\r\nb", "\0", "\x7f"]) {
      assert.throws(() => metadata.append("a", value), TypeError);
    }
    assert.throws(() => metadata.append("a", Buffer.from("x")), /-bin/);
    assert.equal(metadata.size, 0);
  });
});
