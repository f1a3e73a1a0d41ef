import assert from "node:assert/strict";
import { test } from "node:test";
import { timeOf, timeText } from "./time.ts";

test("timeText writes RFC 3339 in UTC with milliseconds", () => {
  assert.equal(timeText(0), "1970-01-01T00:00:00.000Z");
  assert.equal(timeText(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
  assert.equal(timeText(1_700_000_000_124), "2023-11-14T22:13:20.124Z");
});

test("timeText ends with the year 9999", () => {
  for (const ms of [8.64e15, Number.MAX_SAFE_INTEGER, Infinity, 253_402_300_800_000]) {
    assert.equal(timeText(ms), "9999-12-31T23:59:59.999Z");
  }
});

test("timeOf reads what Go and others write", () => {
  assert.equal(timeOf("2023-11-14T22:13:20Z"), 1_700_000_000_000);
  assert.equal(timeOf("2023-11-14t22:13:20.123456789z"), 1_700_000_000_123);
  assert.equal(timeOf("2023-11-15T00:13:20+02:00"), 1_700_000_000_000);
});

test("timeOf gives undefined for everything else", () => {
  const others = ["", "2023", "2023-11-14", "Tue Nov 14 2023", "2023-13-14T22:13:20Z", 5, null, {}];
  for (const value of others) assert.equal(timeOf(value), undefined, JSON.stringify(value));
});
