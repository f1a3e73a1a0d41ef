import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, FakeSpawner } from "../testing/fake-spawner.ts";
import { fakeSpec } from "../testing/fixtures.ts";
import { crashLoopFailures, ManagedProcess } from "./managed-process.ts";

function setup(overrides: { memoryComponents?: string[] } = {}) {
  const clock = new FakeClock();
  const spawner = new FakeSpawner();
  const log: string[] = [];
  const states: string[] = [];
  const process = new ManagedProcess(fakeSpec(overrides), {
    clock,
    spawner: spawner.spawn,
    log: (line) => log.push(line),
    onChange: (p) => {
      if (states.at(-1) !== p.state) states.push(p.state);
    },
    random: () => 0.5,
  });
  return { clock, spawner, log, states, process };
}

describe("ManagedProcess", () => {
  it("is starting until the child says that it is ready", () => {
    const { process, spawner, states } = setup();
    process.start();
    assert.equal(process.state, "starting");
    spawner.last.ready("unix:/run/state.sock");
    assert.equal(process.state, "ready");
    assert.equal(process.status().address, "unix:/run/state.sock");
    assert.deepEqual(states, ["starting", "ready"]);
  });

  it("starts a crashed child again after a delay that doubles", () => {
    const { process, spawner, clock } = setup();
    process.start();
    for (const delay of [50, 100, 200, 400]) {
      spawner.last.exit({ code: 1 });
      assert.equal(process.state, "backoff");
      assert.equal(process.status().retryInMs, delay);
      clock.advance(delay - 1);
      assert.equal(process.state, "backoff");
      clock.advance(1);
      assert.equal(process.state, "starting");
    }
    assert.equal(process.status().restarts, 4);
  });

  it("calls it a crash loop after some failures in a row, and forgets them once it was stable", () => {
    const { process, spawner, clock, log } = setup();
    process.start();
    for (let i = 0; i < crashLoopFailures; i += 1) {
      spawner.last.exit({ code: 1, lastError: "boom" });
      clock.advance(process.status().retryInMs ?? 0);
    }
    assert.equal(process.status().crashLoop, true);
    assert.match(log.at(-1) ?? "", /exited with code 1: boom, 5 times in a row/);
    spawner.last.ready();
    clock.advance(10_000);
    assert.equal(process.status().crashLoop, false);
    spawner.last.exit({ signal: "SIGKILL" });
    assert.equal(process.status().retryInMs, 50);
    assert.equal(process.status().reason, "killed by SIGKILL");
  });

  it("gives up when starting again cannot help, and tries again when told to", () => {
    const { process, spawner } = setup();
    for (const code of [64, 73]) {
      process.start();
      spawner.last.exit({ code });
      assert.equal(process.state, "failed");
      assert.equal(process.status().exitCode, code);
    }
  });

  it("tries again when the system could not spawn it", () => {
    const { process, spawner } = setup();
    process.start();
    spawner.last.exit({ spawnError: "EAGAIN" });
    assert.equal(process.status().reason, "cannot be started: EAGAIN");
    assert.equal(process.state, "backoff");
  });

  it("shows the health that the current generation reports", () => {
    const { process, spawner } = setup();
    process.start();
    spawner.last.ready();
    spawner.last.health("INIT", "orders: ECONNREFUSED");
    assert.equal(process.status().health, "INIT");
    assert.equal(process.status().reason, "orders: ECONNREFUSED");
    spawner.last.health("UP");
    assert.equal(process.status().reason, null);
    void process.upgrade();
    spawner.last.health("INIT", "starting");
    assert.equal(process.status().health, "UP");
  });

  it("kills a child that does not become ready in time", () => {
    const { process, spawner, clock } = setup();
    process.start();
    clock.advance(10_000);
    assert.equal(spawner.last.killed, true);
    spawner.last.exit({ signal: "SIGKILL" });
    assert.match(process.status().reason ?? "", /not ready within 10000 ms/);
    assert.equal(process.state, "backoff");
  });

  it("drains a ready child and terminates one that is starting", async () => {
    const ready = setup();
    ready.process.start();
    ready.spawner.last.ready();
    const stopped = ready.process.stop(3_000);
    assert.equal(ready.process.state, "draining");
    assert.deepEqual(ready.spawner.last.orders, ["drain 3000"]);
    ready.spawner.last.exit({ code: 0 });
    await stopped;
    assert.equal(ready.process.state, "stopped");

    const starting = setup();
    starting.process.start();
    const ended = starting.process.stop(3_000);
    assert.deepEqual(starting.spawner.last.orders, ["terminate"]);
    starting.spawner.last.exit({ signal: "SIGTERM" });
    await ended;
    assert.equal(starting.process.state, "stopped");
  });

  it("kills a child that drains for too long", async () => {
    const { process, spawner, clock } = setup();
    process.start();
    spawner.last.ready();
    const stopped = process.stop(3_000, 4_000);
    clock.advance(3_999);
    assert.equal(spawner.last.killed, false);
    clock.advance(1);
    assert.equal(spawner.last.killed, true);
    spawner.last.exit({ signal: "SIGKILL" });
    await stopped;
  });

  it("does not start again what was stopped while it waited", async () => {
    const { process, spawner, clock } = setup();
    process.start();
    spawner.last.exit({ code: 1 });
    await process.stop(1_000);
    clock.advance(60_000);
    assert.equal(process.state, "stopped");
    assert.equal(spawner.children.length, 1);
  });
});

describe("ManagedProcess upgrade", () => {
  it("drains the old generation only when the new one is ready", async () => {
    const { process, spawner, states } = setup();
    process.start();
    const old = spawner.last;
    old.ready();
    const upgraded = process.upgrade(fakeSpec({ bin: "/builds/2/main.js" }));
    const next = spawner.last;
    assert.equal(next.spec.bin, "/builds/2/main.js");
    assert.deepEqual(old.orders, []);
    next.ready();
    await upgraded;
    assert.deepEqual(old.orders, ["drain 10000"]);
    assert.equal(process.status().draining, 1);
    old.exit({ code: 0 });
    assert.equal(process.status().draining, 0);
    assert.equal(process.status().restarts, 0);
    assert.deepEqual(states, ["starting", "ready"]);
  });

  it("keeps the old generation and the old file when the new one fails", async () => {
    const { process, spawner, clock } = setup();
    process.start();
    const old = spawner.last;
    old.ready();
    const upgraded = process.upgrade(fakeSpec({ bin: "/builds/2/main.js" }));
    spawner.last.exit({ code: 1, lastError: "Error: no such table" });
    await assert.rejects(upgraded, {
      message: 'Cannot upgrade "state": exited with code 1: Error: no such table',
    });
    assert.equal(process.state, "ready");
    assert.deepEqual(old.orders, []);
    old.exit({ code: 1 });
    clock.advance(50);
    assert.equal(spawner.last.spec.bin, fakeSpec().bin);
  });

  it("lets the new generation take over when the old one crashes meanwhile", async () => {
    const { process, spawner } = setup();
    process.start();
    const old = spawner.last;
    old.ready();
    const upgraded = process.upgrade();
    old.exit({ code: 64 });
    assert.equal(process.state, "starting");
    spawner.last.ready();
    await upgraded;
    assert.equal(process.state, "ready");
    assert.equal(spawner.children.length, 2);
  });

  it("falls back to starting again when both generations are gone", async () => {
    const { process, spawner, clock } = setup();
    process.start();
    spawner.last.ready();
    const upgraded = process.upgrade();
    spawner.children[0]?.exit({ code: 1 });
    spawner.last.exit({ code: 1 });
    await assert.rejects(upgraded);
    assert.equal(process.state, "backoff");
    clock.advance(1_000);
    assert.equal(process.state, "starting");
  });

  it("starts a failed process with the new file", async () => {
    const { process, spawner } = setup();
    process.start();
    spawner.last.exit({ code: 64 });
    const upgraded = process.upgrade(fakeSpec({ bin: "/builds/2/main.js" }));
    assert.equal(process.state, "starting");
    spawner.last.ready();
    await upgraded;
    assert.equal(process.state, "ready");
  });

  it("is refused while another one runs and while it stops", async () => {
    const { process, spawner } = setup();
    process.start();
    await assert.rejects(process.upgrade(), /it is starting already/);
    spawner.last.ready();
    const first = process.upgrade();
    await assert.rejects(process.upgrade(), /it is starting already/);
    const stopped = process.stop(1_000);
    await assert.rejects(process.upgrade(), /starting already|stopping/);
    for (const child of spawner.children) child.exit({ code: 0 });
    await assert.rejects(first);
    await stopped;
    assert.equal(process.state, "stopped");
  });

  it("drains every generation that is left when it is stopped", async () => {
    const { process, spawner } = setup();
    process.start();
    spawner.last.ready();
    const upgraded = process.upgrade();
    spawner.last.ready();
    await upgraded;
    const [old, current] = spawner.children;
    const stopped = process.stop(2_000);
    assert.deepEqual(old?.orders, ["drain 10000"]);
    assert.deepEqual(current?.orders, ["drain 2000"]);
    current?.exit({ code: 0 });
    assert.equal(process.state, "draining");
    old?.exit({ code: 0 });
    await stopped;
    assert.equal(process.state, "stopped");
  });
});
