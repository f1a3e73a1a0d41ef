import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@layotto/sidecar-kit/testing";
import { Timers } from "./timers.ts";

describe("Timers", () => {
  test("fires in order of time, whatever the durations", async () => {
    const timers = new Timers();
    const fired: string[] = [];
    const done = new Promise<void>((resolve) => {
      timers.after(40, () => resolve());
      timers.after(20, () => fired.push("20"));
      timers.after(5, () => fired.push("5"));
      timers.after(0.5, () => fired.push("0.5"));
      timers.after(20, () => fired.push("20 again"));
    });
    const kept = setTimeout(() => {}, 1000); // they do not keep the process alive
    await done;
    clearTimeout(kept);
    assert.deepEqual(fired, ["0.5", "5", "20", "20 again"]);
  });

  test("never fires early, nor what was cancelled", async () => {
    const timers = new Timers();
    const cancelled = mock.fn();
    const late: number[] = [];
    for (let batch = 0; batch < 4; batch++) {
      const set = [];
      for (let i = 0; i < 50; i++) {
        const at = performance.now();
        set.push(timers.after(30, i % 2 === 0 ? () => late.push(performance.now() - at) : cancelled)); // prettier-ignore
      }
      for (let i = 1; i < set.length; i += 2) set[i]?.cancel();
      await pause(3);
    }
    await eventually("the last timer", () => late.length === 100);
    assert.equal(cancelled.mock.callCount(), 0);
    assert.ok(Math.min(...late) >= 29.5, `${Math.min(...late)} ms`);
  });

  test("may be set and cancelled while it fires", async () => {
    const timers = new Timers();
    const fired: string[] = [];
    const second = { cancel: () => {} };
    await new Promise<void>((resolve) => {
      timers.after(5, () => {
        fired.push("first");
        second.cancel();
        timers.after(5, () => {
          fired.push("third");
          resolve();
        });
      });
      Object.assign(second, { cancel: () => timer.cancel() });
      const timer = timers.after(5, () => fired.push("second"));
      setTimeout(() => {}, 50);
    });
    assert.deepEqual(fired, ["first", "third"]);
  });
});
