import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { eventually, fakeClock } from "@layotto/sidecar-kit/testing";
import type { LoadedVersion } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { StreamOutput } from "../model/streams.ts";
import { requestOf } from "../testing/engine.ts";
import { forEver } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { siblingFile } from "./sibling-file.ts";
import { CommandHost } from "./testing/command-host.ts";
import { childrenOf, isGone } from "./testing/processes.ts";

/** Answers what it is given, up to 1000 octets. */
const echo = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\40\\00\\00\\00\\e8\\03\\00\\00")
  (func (export "_start")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

/** Takes a while. */
const slow = `(module (memory (export "memory") 1) (func (export "_start") (local $i i32)
  (loop $again
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $i) (i32.const 10000000))))))`;

const endless = `(module (memory (export "memory") 1) (func (export "_start") ${forEver}))`;

describe("command engine: processes", () => {
  let bytes: Uint8Array;
  const hosts: CommandHost[] = [];
  const made = (...options: ConstructorParameters<typeof CommandHost>): CommandHost => {
    const host = new CommandHost(...options);
    hosts.push(host);
    return host;
  };
  before(async () => {
    bytes = await wat(echo);
  });
  after(() => Promise.all(hosts.map((host) => host.close())));

  test("50 calls one after the other use the same process", async () => {
    const host = made();
    const version = await host.load(bytes);
    for (let i = 0; i < 50; i++) assert.equal(await host.text(version, `call ${i}`), `call ${i}`);
    assert.equal(version.stats().recycled, 0);
    assert.ok(version.stats().instances <= 2);
    await host.close();
  });

  test("50 calls at once run in as many processes as instances, each with its own", async () => {
    const host = made();
    const version = await host.load(bytes, { instances: 3 });
    let most = 0;
    const calls = Array.from({ length: 50 }, async (_, i) => {
      const text = await host.text(version, `call ${i}`);
      most = Math.max(most, version.stats().openStreams);
      return text;
    });
    assert.deepEqual(
      await Promise.all(calls),
      Array.from({ length: 50 }, (_, i) => `call ${i}`),
    );
    assert.ok(most <= 3, `${most} at once`);
    assert.ok(version.stats().instances <= 4);
    await host.close();
    assert.deepEqual(childrenOf(process.pid), []);
  });

  test("warm starts processes ahead, resize ends those that are too many", async () => {
    const host = made();
    const version = await host.load(bytes, { instances: 3 });
    await host.engine.warm(version, 3);
    assert.equal(version.stats().instances, 3);
    host.engine.resize(version, 1);
    assert.equal(version.stats().instances, 2);
    assert.equal(await host.text(version, "x"), "x");
    await host.close();
  });

  test("a process is replaced after as many calls as it may have", async () => {
    const host = made();
    const version = await host.load(bytes, { recycling: { calls: 2, memoryBytes: 0 } });
    for (let i = 0; i < 5; i++) await host.text(version, "x");
    assert.equal(version.stats().recycled, 2);
    await host.close();
  });

  test("processes that nobody uses end after a while", async () => {
    const clock = fakeClock();
    const host = made({ clock });
    const version = await host.load(bytes);
    await clock.advance(4000);
    assert.equal(version.stats().instances, 1);
    await clock.advance(2000);
    assert.equal(version.stats().instances, 0);
    assert.equal(await host.text(version, "x"), "x");
    await clock.advance(59_000);
    assert.ok(version.stats().instances > 0);
    // One that is just being started is not idle yet.
    await eventually("the end of all processes", async () => {
      await clock.advance(3000);
      return version.stats().instances === 0;
    });
    await host.close();
  });

  test("versions share the room that there is", async () => {
    const host = made({ processes: 1 });
    const [a, b] = await Promise.all([host.load(bytes), host.load(bytes)]);
    assert.ok(childrenOf(process.pid).filter((pid) => !isGone(pid)).length <= 2);
    const texts = await Promise.all([host.text(a, "a"), host.text(b, "b"), host.text(a, "c")]);
    assert.deepEqual(texts, ["a", "b", "c"]);
    assert.ok(a.stats().instances + b.stats().instances <= 1);
    await host.close();
  });

  test("a version with many calls leaves room to others", async () => {
    const host = made({ processes: 1 });
    const [busy, other] = await Promise.all([host.load(await wat(slow)), host.load(bytes)]);
    let left = 400;
    const calls = Array.from({ length: left }, () => host.call(busy, "").then(() => left--));
    assert.equal(await host.text(other, "x"), "x");
    assert.ok(left > 0);
    await host.close();
    await Promise.all(calls);
  });

  test("a caller that waits for less than the program may take costs no process", async () => {
    const host = made();
    const version = await host.load(await wat(slow));
    const [pid] = childrenOf(process.pid);
    const fault = await new Promise<GuestFault | undefined>((resolve) => {
      const sink = { onOutput: (output: StreamOutput) => resolve(output.fault) };
      host.engine.open(version, requestOf(""), sink, { deadline: performance.now() + 2 });
    });
    assert.equal(fault?.kind, "timeout");
    await host.text(version, "");
    assert.equal(isGone(pid ?? 0), false);
    assert.deepEqual(version.stats().faults, { timeout: 1 });
    await host.close();
  });

  test("unload waits for calls and takes no further ones", async () => {
    const host = made();
    const version = await host.load(bytes);
    const under = host.text(version, "under way");
    const waiting = host.text(version, "waiting");
    const unloaded = host.engine.unload(version);
    assert.equal((await host.fault(version, "late")).kind, "gone");
    assert.deepEqual(await Promise.all([under, waiting]), ["under way", "waiting"]);
    await unloaded;
    assert.equal(version.stats().instances, 0);
    assert.deepEqual(childrenOf(process.pid), []);
    await host.close();
  });

  test("a call that is given up says nothing more", async () => {
    const host = made();
    const version = await host.load(bytes);
    let outputs = 0;
    const sink = { onOutput: () => outputs++ };
    const running = host.engine.open(version, requestOf("a"), sink);
    const queued = host.engine.open(version, requestOf("b"), sink);
    running.close();
    queued.close();
    assert.equal(version.stats().queued, 0);
    assert.equal(await host.text(version, "c"), "c");
    assert.equal(outputs, 0);
    await host.close();
  });

  test("close ends calls and processes", async () => {
    const host = made();
    const limits = { cpuMs: 60_000, timeoutMs: 60_000 };
    const version: LoadedVersion = await host.load(await wat(endless), { limits });
    const calls = [host.fault(version, ""), host.fault(version, "")];
    await host.close();
    calls.push(host.fault(version, ""));
    assert.deepEqual((await Promise.all(calls)).map(({ kind }) => kind), ["lost", "lost", "lost"]); // prettier-ignore
    assert.deepEqual(childrenOf(process.pid), []);
  });

  test("a process that is killed from outside loses its call only", async () => {
    const host = made();
    const limits = { cpuMs: 60_000, timeoutMs: 60_000 };
    const version = await host.load(await wat(endless), { limits });
    const [pid] = childrenOf(process.pid);
    const call = host.fault(version, "");
    process.kill(pid ?? 0, "SIGKILL");
    assert.deepEqual(await call, { kind: "lost", message: "its process ended unexpectedly (SIGKILL)" }); // prettier-ignore
    await host.close();
  });

  test("signals for the whole group leave processes to their parent", async () => {
    const host = made();
    const version = await host.load(bytes);
    const [pid] = childrenOf(process.pid);
    process.kill(pid ?? 0, "SIGTERM");
    process.kill(pid ?? 0, "SIGINT");
    assert.equal(await host.text(version, "x"), "x");
    assert.equal(isGone(pid ?? 0), false);
    await host.close();
  });

  test("no process outlives its parent", async () => {
    const source = import.meta.url.endsWith(".ts") ? ["--conditions=source"] : [];
    const parent = fork(siblingFile(import.meta.url, "testing/lonely-host"), { execArgv: source });
    const [pids] = (await once(parent, "message")) as [number[]]; // sent by lonely-host.ts
    assert.ok(pids.length > 0);
    assert.ok(pids.every((pid) => !isGone(pid)));
    parent.kill("SIGKILL");
    await eventually("their end", () => pids.every(isGone));
  });
});
