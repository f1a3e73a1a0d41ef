import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { flow, passes, seeded } from "./testing/flow.ts";
import { warmUpLine } from "./warm-up.ts";
import { PassWindow } from "./window.ts";

describe("PassWindow", () => {
  test("counts the present half interval and the one before, as a list of all passes says", () => {
    const window = new PassWindow(1000);
    const random = seeded(7);
    const passed: number[] = [];
    for (let now = 50; now < 60_000; now += random() * 180) {
      const from = (Math.floor(now / 500) - 1) * 500;
      assert.equal(window.count(now), passed.filter((at) => at >= from).length);
      if (random() < 0.6) {
        window.add(now);
        passed.push(now);
      }
    }
  });
});

describe("refusing beyond a threshold", () => {
  test("lets exactly the threshold pass per interval", () => {
    const { control, clock } = flow([{ resource: "/a", threshold: 5 }]);
    assert.equal(passes(control, 20), 5);
    assert.equal(control.check("/b", undefined), 0, "another resource is not limited");
    clock.ms += 500;
    assert.equal(passes(control, 20), 0, "the window still holds the five");
    clock.ms += 500;
    assert.equal(passes(control, 20), 5);
  });

  test("never lets more pass in any aligned window, and all of it under steady overload", () => {
    const { control, clock } = flow([{ resource: "/a", threshold: 50, statIntervalInMs: 2000 }]);
    const random = seeded(3);
    const begin = clock.ms;
    const passed: number[] = [];
    while (clock.ms < begin + 60_000) {
      if (control.check("/a", undefined) === 0) passed.push(clock.ms);
      clock.ms += random() * 20;
    }
    for (let from = begin; from < begin + 60_000; from += 1000) {
      const within = passed.filter((at) => at >= from && at < from + 2000).length;
      assert.ok(within <= 50, `${within} calls in the window from ${from}`);
    }
    assert.equal(passed.length, 1500, "50 in each of 30 windows");
  });

  test("a threshold of 0 refuses everything", () => {
    assert.equal(passes(flow([{ resource: "/a", threshold: 0 }]).control, 3), 0);
  });
});

describe("spreading calls evenly", () => {
  const rule = { resource: "/a", controlBehavior: 1, threshold: 10, maxQueueingTimeMs: 500 };

  test("each call waits one gap longer until the longest wait, then calls are refused", () => {
    const { control, clock } = flow([rule]);
    const waits = Array.from({ length: 8 }, () => control.check("/a", undefined));
    assert.deepEqual(waits, [0, 100, 200, 300, 400, 500, -1, -1]);
    clock.ms += 250;
    assert.equal(control.check("/a", undefined), 350, "the bucket has run on");
  });

  test("an idle bucket saves nothing up", () => {
    const { control, clock } = flow([rule]);
    control.check("/a", undefined);
    clock.ms += 10_000;
    assert.deepEqual([control.check("/a", undefined), control.check("/a", undefined)], [0, 100]);
  });

  test("passes are never closer than threshold and interval say", () => {
    const { control, clock } = flow([{ ...rule, threshold: 7, statIntervalInMs: 3000 }]);
    const random = seeded(11);
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < 5_000; i += 1) {
      const wait = control.check("/a", undefined);
      if (wait >= 0) {
        assert.ok(clock.ms + wait - last >= 3000 / 7 - 1e-6);
        last = clock.ms + wait;
      }
      clock.ms += random() * 200;
    }
  });

  test("a threshold below one means more than an interval between two calls", () => {
    const { control, clock } = flow([{ ...rule, threshold: 0.5, maxQueueingTimeMs: 0 }]);
    assert.equal(control.check("/a", undefined), 0);
    clock.ms += 1999;
    assert.equal(control.check("/a", undefined), -1);
    clock.ms += 1;
    assert.equal(control.check("/a", undefined), 0);
  });

  test("a threshold of 0 refuses everything", () => {
    assert.equal(passes(flow([{ ...rule, threshold: 0 }]).control, 3), 0);
  });
});

describe("warm-up", () => {
  const [threshold, warmUpPeriodSec, warmUpColdFactor] = [90, 10, 3];
  const rule = { resource: "/a", tokenCalculateStrategy: 1, threshold, warmUpPeriodSec };

  test("has the line of the formula", () => {
    const line = warmUpLine(threshold, warmUpPeriodSec, warmUpColdFactor);
    assert.equal(line.warning, 450);
    assert.equal(line.max, 900);
    assert.equal(line.slope, 2 / 90 / 450);
    assert.deepEqual(warmUpLine(90, 10, 1), line, "a factor of 1 means 3");
  });

  test("rises from threshold / factor to the threshold in about the period under full load, and cools again", () => {
    const { control, clock } = flow([rule]);
    const perSecond: number[] = [];
    for (let second = 0; second < 20; second += 1) {
      let passed = 0;
      for (let tick = 0; tick < 1000; tick += 2, clock.ms += 2)
        if (control.check("/a", undefined) === 0) passed += 1;
      perSecond.push(passed);
    }
    const [first = 0] = perSecond;
    assert.ok(first >= 28 && first <= 31, `cold: ${first}`);
    perSecond
      .slice(1)
      .forEach((now, i) => assert.ok(now >= (perSecond[i] ?? 0) - 16, `${perSecond}`));
    const warmAt = perSecond.findIndex((one) => one >= 85);
    assert.ok(warmAt >= 7 && warmAt <= 13, `warm after ${warmAt} s: ${perSecond}`);
    clock.ms += 30_000;
    assert.ok(passes(control, 200) <= 30, "cold again");
  });

  test("follows 1 / ((stored − warning) × slope + 1 / threshold) step by step", () => {
    const { control, clock } = flow([rule]);
    const line = warmUpLine(threshold, warmUpPeriodSec, warmUpColdFactor);
    let stored = line.max;
    for (let second = 0; second < 12; second += 1) {
      const above = stored - line.warning;
      const allowed = above < 0 ? threshold : 1 / (above * line.slope + 1 / threshold);
      const passed = passes(control, 200);
      assert.equal(passed, Math.floor(allowed + 1e-9), `second ${second}`);
      clock.ms += 1000;
      const fills = stored < line.warning || passed < line.coolBelow;
      stored = Math.min(line.max, Math.max(0, stored + (fills ? threshold : 0) - passed));
    }
  });

  test("spreads calls by the rate that is allowed now", () => {
    const { control } = flow([{ ...rule, controlBehavior: 1, maxQueueingTimeMs: 1000 }]);
    assert.equal(control.check("/a", undefined), 0);
    assert.equal(Math.round(control.check("/a", undefined)), 33);
  });
});

test("a threshold by memory in use is linear between the marks", () => {
  const memory = { memLowWaterMarkBytes: 1000, memHighWaterMarkBytes: 2000 };
  const thresholds = { lowMemUsageThreshold: 100, highMemUsageThreshold: 20 };
  let used = 0;
  const { control, clock } = flow(
    [{ resource: "/a", tokenCalculateStrategy: 2, ...memory, ...thresholds }],
    { usedBytes: () => used },
  );
  const cases = [
    [500, 100],
    [1000, 100],
    [1500, 60],
    [2000, 20],
    [5000, 20],
  ] as const;
  for (const [bytes, allowed] of cases) {
    used = bytes;
    clock.ms += 2000;
    assert.equal(passes(control, 200), allowed, `${bytes} bytes`);
  }
});
