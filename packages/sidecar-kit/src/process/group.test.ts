import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { groupId } from "./group.ts";

describe("groupId", () => {
  test("takes numbers as they are and looks names up", () => {
    assert.equal(groupId(7, "x"), 7);
    assert.equal(groupId("7", "x"), 7);
    assert.equal(groupId("root", "x"), 0);
  });

  test("names the key and the group that is not known", () => {
    assert.throws(() => groupId("no-such-group", "gateway.socketGroup"), {
      message: /^Cannot use gateway\.socketGroup "no-such-group": /,
      exitCode: 64,
    });
  });
});
