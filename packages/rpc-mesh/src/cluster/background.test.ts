import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { performance } from "node:perf_hooks";
import { Background } from "./background.ts";

describe("Background", () => {
  it("does one job after the other and is idle afterwards", async () => {
    const background = new Background();
    const log: string[] = [];
    background.add(steps(log, "a", 3));
    background.add(steps(log, "b", 2));
    assert.deepEqual(log, []);
    await background.idle();
    assert.deepEqual(log, ["a", "a", "a", "b", "b"]);
    await background.idle();
  });

  it("does not begin or go on with a job that was given up", async () => {
    const background = new Background();
    const log: string[] = [];
    const stopA = background.add(steps(log, "a", 1_000_000));
    const stopB = background.add(steps(log, "b", 1));
    background.add(steps(log, "c", 1));
    await new Promise((resolve) => setImmediate(resolve));
    stopA();
    stopB();
    await background.idle();
    assert.equal(log.at(-1), "c");
    assert.ok(log.length < 1_000_000 && !log.includes("b"));
  });

  it("lets other events have their turn", async () => {
    const background = new Background();
    const turns: number[] = [];
    let working = true;
    const turn = (): void => {
      turns.push(performance.now());
      if (working) setImmediate(turn);
    };
    setImmediate(turn);
    background.add(spinning(40));
    await background.idle();
    working = false;
    assert.ok(turns.length >= 10, `${turns.length} turns during 40 ms of work`);
  });
});

function* steps(log: string[], name: string, count: number): Generator<void, void> {
  for (let i = 0; i < count; i += 1) {
    log.push(name);
    yield;
  }
}

/** Work for a number of milliseconds, in steps of a fifth of one. */
function* spinning(ms: number): Generator<void, void> {
  for (let step = 0; step < ms * 5; step += 1) {
    const end = performance.now() + 0.2;
    while (performance.now() < end);
    yield;
  }
}
