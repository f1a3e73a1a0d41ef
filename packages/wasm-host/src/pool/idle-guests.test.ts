import assert from "node:assert/strict";
import { test } from "node:test";
import { idleModules } from "./idle-guests.ts";

test("idleModules: those that no guest was made of for a minute, unless one is there", () => {
  const now = performance.now();
  const loaded = new Map([
    [1, now - 61_000],
    [2, now - 59_000],
  ]);
  assert.deepEqual(idleModules({ loaded, slots: new Map(), lease: undefined }), [1]);
  assert.deepEqual(idleModules({ loaded, slots: new Map(), lease: "loader" }), [1]);
});
