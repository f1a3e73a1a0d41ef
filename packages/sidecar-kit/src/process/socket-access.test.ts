import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { tempDir } from "../testing/index.ts";
import { giveAccess, groupId } from "./socket-access.ts";

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

describe("giveAccess", () => {
  test("sets mode and group", (t) => {
    const file = join(tempDir(t), "a.sock");
    writeFileSync(file, "");
    giveAccess(file, file, { mode: 0o660, group: process.getgid?.() });
    assert.equal(statSync(file).mode & 0o777, 0o660);
  });

  test("says what cannot be given, and to whom", () => {
    assert.throws(() => giveAccess("/no/such.sock", "/public.sock", { mode: 0o660, group: 1 }), {
      message: /^Cannot give "unix:\/public\.sock" to group 1: /,
      exitCode: 64,
    });
  });
});
