import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BackOff,
  CRASH_WINDOW_MS,
  CRASHES_TO_REST,
  FIRST_REST_MS,
  LONGEST_REST_MS,
} from "./back-off.ts";

function backOff() {
  const time = { now: 0 };
  return { time, subject: new BackOff(() => time.now) };
}

function crashLoop(subject: BackOff): number {
  let rest = 0;
  for (let i = 0; i < CRASHES_TO_REST && rest === 0; i++) rest = subject.onCrash();
  return rest;
}

describe("BackOff", () => {
  test("rests after a crash loop and lets one call try afterwards", () => {
    const { time, subject } = backOff();
    for (let i = 1; i < CRASHES_TO_REST; i++) assert.equal(subject.onCrash(), 0);
    assert.equal(subject.admits(), true);
    assert.equal(subject.onCrash(), FIRST_REST_MS);
    assert.equal(subject.admits(), false);
    assert.equal(subject.restLeftMs, FIRST_REST_MS);
    time.now = FIRST_REST_MS - 1;
    assert.equal(subject.admits(), false);
    time.now = FIRST_REST_MS;
    assert.equal(subject.admits(), true);
    assert.equal(subject.isTrying, true);
    assert.equal(subject.admits(), false, "one trial at a time");
    subject.onSuccess(true);
    assert.equal(subject.admits(), true);
    assert.equal(subject.isTrying, false);
    assert.equal(subject.restLeftMs, 0);
  });

  test("rests twice as long after each trial that crashes, up to the longest", () => {
    const { time, subject } = backOff();
    let rest = crashLoop(subject);
    const rests: number[] = [];
    for (let i = 0; i < 8; i++) {
      rests.push(rest);
      time.now += rest;
      assert.equal(subject.admits(), true);
      rest = subject.onCrash();
    }
    assert.deepEqual(rests, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  test("begins with longer rests while the last one is not long ago, later with short ones", () => {
    const { time, subject } = backOff();
    time.now += crashLoop(subject);
    subject.admits();
    subject.onSuccess(true);
    const second = crashLoop(subject);
    assert.equal(second, 2 * FIRST_REST_MS);
    time.now += second;
    subject.admits();
    subject.onSuccess(true);
    time.now += LONGEST_REST_MS + 1;
    assert.equal(crashLoop(subject), FIRST_REST_MS);
  });

  test("lets the next call try when a trial has shown nothing", () => {
    const { time, subject } = backOff();
    time.now += crashLoop(subject);
    assert.equal(subject.admits(), true);
    subject.onNothing(true);
    assert.equal(subject.admits(), true);
  });

  test("does not take crashes of a few calls among many, or over a long time, for a loop", () => {
    const { subject } = backOff();
    for (let i = 0; i < CRASHES_TO_REST * 3; i++) {
      subject.onSuccess(false);
      subject.onSuccess(false);
      assert.equal(subject.onCrash(), 0);
    }
    const slow = backOff();
    for (let i = 0; i < CRASHES_TO_REST * 3; i++) {
      slow.time.now += CRASH_WINDOW_MS / 2;
      assert.equal(slow.subject.onCrash(), 0);
    }
  });

  test("ignores crashes and ends of calls that began before the rest", () => {
    const { time, subject } = backOff();
    const rest = crashLoop(subject);
    assert.equal(subject.onCrash(), 0);
    subject.onSuccess(false);
    subject.onNothing(false);
    assert.equal(subject.admits(), false);
    time.now += rest;
    assert.equal(subject.admits(), true);
    subject.onSuccess(false);
    assert.equal(subject.admits(), false, "the trial is still under way");
  });
});
