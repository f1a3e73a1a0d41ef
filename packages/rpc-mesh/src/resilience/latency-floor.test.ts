import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LatencyFloor } from "./latency-floor.ts";
import { seededRandom, SimulatedClock } from "./testing/simulation.ts";

function learnt(ms: number): { clock: SimulatedClock; floor: LatencyFloor } {
  const clock = new SimulatedClock();
  const floor = new LatencyFloor(clock);
  for (let i = 0; i < 20; i += 1) floor.record(ms + i);
  return { clock, floor };
}

describe("LatencyFloor", () => {
  it("lets everything pass until it has seen 20 answers", () => {
    const floor = new LatencyFloor(new SimulatedClock());
    for (let i = 0; i < 19; i += 1) floor.record(100);
    assert.equal(floor.enough(0.1), true);
    floor.record(100);
    assert.equal(floor.enough(99), false);
    assert.equal(floor.enough(100), true);
  });

  it("is the minimum of the last 5 to 10 seconds at every moment", () => {
    const clock = new SimulatedClock();
    const floor = new LatencyFloor(clock);
    const random = seededRandom(5);
    const past: { readonly at: number; readonly ms: number }[] = [];
    for (let i = 0; i < 5000; i += 1) {
      clock.advance(10);
      const ms = 50 + 40 * Math.sin(i / 300) + 20 * random();
      past.push({ at: clock.monotonic(), ms });
      floor.record(ms);
      const since = (window: number): number =>
        Math.min(
          ...past.filter(({ at }) => at > clock.monotonic() - window).map((each) => each.ms),
        );
      if (i < 20 || i % 50 !== 0) continue;
      assert.ok(floor.floorMs <= since(5000) && floor.floorMs >= since(10_010), `at ${i}`);
    }
  });

  it("forgets when nothing is answered any more, so that calls pass again", () => {
    const { clock, floor } = learnt(100);
    assert.equal(floor.enough(50), false);
    clock.advance(9999);
    assert.equal(floor.enough(50), false);
    clock.advance(1);
    assert.equal(floor.enough(50), true);
  });

  it("forgets at once after a long silence", () => {
    const { clock, floor } = learnt(100);
    clock.advance(3_600_000);
    assert.equal(floor.enough(1), true);
  });
});
