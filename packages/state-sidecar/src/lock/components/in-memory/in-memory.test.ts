import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@layotto/sidecar-kit/testing";
import { lockConformance } from "../../conformance.ts";
import { InMemoryLock } from "./in-memory.ts";

lockConformance(
  "in-memory",
  () => {
    const clock = new ManualClock();
    const store = new InMemoryLock({ maxLocks: 1000 }, clock);
    return Promise.resolve({
      open: () => Promise.resolve(store),
      advance: (ms) => clock.advance(ms),
      stepWall: (ms) => clock.stepWall(ms),
      close: () => store.close(),
    });
  },
  { stepsClock: true },
);

describe("InMemoryLock", () => {
  it("refuses a lock beyond maxLocks and names the limit", () => {
    const store = new InMemoryLock({ maxLocks: 1 }, new ManualClock());
    assert.equal(store.tryLock("a", "o", 1), true);
    assert.throws(() => store.tryLock("b", "o", 1), {
      reason: "BACKEND_LIMIT",
      message: /maxLocks/,
    });
  });
});
