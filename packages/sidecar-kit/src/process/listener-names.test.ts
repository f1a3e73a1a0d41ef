import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nameListeners } from "./listener-names.ts";

describe("nameListeners", () => {
  it("counts TCP addresses and leaves out what has no socket of a supervisor", () => {
    const addresses = ["unix:/a", "127.0.0.1:1", undefined, "nonsense", ":2", "[::1]:0"];
    assert.deepEqual(nameListeners("mesh", addresses), [
      undefined,
      { name: "mesh", host: "127.0.0.1", port: 1 },
      undefined,
      undefined,
      { name: "mesh-2", host: "0.0.0.0", port: 2 },
      { name: "mesh-3", host: "::1", port: 0 },
    ]);
  });
});
