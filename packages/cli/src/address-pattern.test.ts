import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressesAt } from "./address-pattern.ts";

describe("addressesAt()", () => {
  const listeners = [
    { address: "127.0.0.1:1" },
    {},
    { address: "127.0.0.1:2", bind_port: false },
    { address: 5 },
    { address: "unix:/a" },
  ];
  for (const [what, sections, expected] of [
    ["a list", { mesh: { listeners } }, ["127.0.0.1:1", undefined, undefined, "unix:/a"]],
    ["a map", { mesh: { listeners: { a: { address: "b:1" } } } }, ["b:1"]],
    ["what is not there", { mesh: {} }, []],
    ["no section", {}, []],
  ] as const) {
    it(`follows the pattern through ${what}`, () => {
      assert.deepEqual(addressesAt(sections, "mesh.listeners.*.address"), expected);
    });
  }

  it("finds a single address", () => {
    assert.deepEqual(addressesAt({ web: { listen: ":80" } }, "web.listen"), [":80"]);
  });
});
