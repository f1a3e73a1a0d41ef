import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { hookClock } from "./hook-clock.ts";

describe("hookClock", () => {
  test("calls back when the time is over, unless it is cancelled", async () => {
    const fired: string[] = [];
    hookClock.after(1, () => fired.push("cancelled")).cancel();
    await new Promise<void>((resolve) => {
      hookClock.after(2, () => {
        fired.push("due");
        resolve();
      });
    });
    assert.deepEqual(fired, ["due"]);
  });

  test("lets what is there already be read first, which may still cancel", async () => {
    let fired = false;
    const timer = hookClock.after(1, () => (fired = true));
    // Due at the same time, and run after it.
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        timer.cancel();
        resolve();
      }, 1);
    });
    await turn();
    await turn();
    assert.equal(fired, false);
  });
});
