import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serversIn } from "./servers.mjs";

describe("serversIn", () => {
  it("finds a server by its whole name only", () => {
    assert.deepEqual(serversIn("redis-server is not installed"), ["redis-server"]);
    assert.deepEqual(serversIn("install ghz (PATH or $LAYOTTO_TOOLS_DIR) to run this"), ["ghz"]);
    assert.deepEqual(serversIn("needs Node 22: runs on 20; ghzx, tips"), []);
  });
});
