import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@layotto/sidecar-kit/testing";
import { StartGroup } from "./start-group.ts";

test("StartGroup is not ready before what has to be done is done", async () => {
  let begun = 0;
  let end = (): void => {};
  const group = new StartGroup(() => {
    begun++;
    return new Promise((resolve) => (end = resolve));
  });
  let changes = 0;
  const stop = group.onChange(() => changes++);
  await settle();
  assert.equal(begun, 0);
  assert.deepEqual(group.health()[0]?.health, {
    status: "INIT",
    reason: "functions are being installed",
  });
  group.open();
  await settle();
  assert.equal(begun, 1);
  assert.equal(group.health()[0]?.health.status, "INIT");
  end();
  await group.opened();
  assert.equal(group.health()[0]?.health.status, "UP");
  assert.equal(changes, 1);
  stop();
});
