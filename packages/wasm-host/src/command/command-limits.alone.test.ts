import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import type { LoadedVersion } from "../model/engine.ts";
import { forEver } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { CommandHost } from "./testing/command-host.ts";
import { manyWays } from "./testing/many-ways.ts";
import { childrenOf, isGone } from "./testing/processes.ts";
import { compileC, skipWithoutC } from "./testing/programs.ts";

const MIB = 1024 * 1024;

describe("command engine: limits", { skip: skipWithoutC }, () => {
  const host = new CommandHost();
  let version: LoadedVersion;
  before(async () => {
    // Processor time passes slowly on a busy machine.
    const limits = { memoryBytes: 16 * MIB, bodyBytes: MIB, cpuMs: 300, timeoutMs: 20_000 };
    version = await host.load(await compileC(manyWays), { instances: 2, limits });
  });
  after(() => host.close());

  test("processor time: an endless loop is ended, and its process with it", async () => {
    await host.text(version, "warm");
    const before = childrenOf(process.pid);
    const began = performance.now();
    const fault = await host.fault(version, "spin");
    const ms = performance.now() - began;
    assert.equal(fault.kind, "cpu");
    assert.match(fault.message, /^it used [0-9]+ ms of processor time; 300 ms are allowed$/u);
    assert.ok(ms < 15_000, `${ms} ms`);
    assert.equal(await host.text(version, "more"), "did more");
    await eventually("the end of its process", () => before.some(isGone));
    assert.equal(before.filter(isGone).length, 1);
  });

  test("time: what takes too long is ended", async () => {
    const limits = { cpuMs: 60_000, timeoutMs: 700 };
    const slow = await host.load(await compileC(manyWays), { limits });
    await host.text(slow, "warm");
    const before = childrenOf(process.pid);
    const began = performance.now();
    assert.deepEqual(await host.fault(slow, "spin"), { kind: "timeout", message: "it took longer than 700 ms" }); // prettier-ignore
    // Well before it has used its processor time, a minute.
    assert.ok(performance.now() - began < 10_000);
    await host.engine.unload(slow);
    await eventually("the end of its process", () => before.some(isGone));
    assert.equal(slow.stats().instances, 0);
  });

  test("memory: a program gets what it may have, and can go on with it", async () => {
    const mebibytes = Number(await host.text(version, "memory"));
    assert.ok(mebibytes >= 10 && mebibytes <= 16, `${mebibytes} MiB`);
  });

  test("memory: files count too", async () => {
    const fault = await host.fault(version, "write /tmp/large");
    assert.ok(fault.kind === "trap" || fault.kind === "cpu", fault.kind);
    assert.match(fault.message, /MiB of memory more than before|processor time/u);
    assert.ok(version.stats().memoryBytes < 600 * MIB, `${version.stats().memoryBytes / MIB} MiB`);
  });

  test("output: more than a body may have is a fault", async () => {
    const fault = await host.fault(version, "flood");
    assert.deepEqual(fault.kind, "trap");
    assert.match(fault.message, /^its output has more than 1048576 octets/u);
  });

  test("output: endless errors end with their time", async () => {
    assert.equal((await host.fault(version, "chatter")).kind, "cpu");
  });

  test("traps and deep recursion are faults", async () => {
    assert.deepEqual(await host.fault(version, "trap"), { kind: "trap", message: "trap: unreachable" }); // prettier-ignore
    assert.match((await host.fault(version, "deep")).message, /out of bounds|call stack/u);
    assert.equal(await host.text(version, "more"), "did more");
  });

  test("a trap beside other calls leaves them alone", async () => {
    const busy = Array.from({ length: 10 }, (_, i) => host.text(version, `call ${i}`));
    const faults = [host.fault(version, "trap"), host.fault(version, "spin")];
    assert.deepEqual(await Promise.all(busy), Array.from({ length: 10 }, (_, i) => `did call ${i}`)); // prettier-ignore
    assert.deepEqual((await Promise.all(faults)).map(({ kind }) => kind), ["trap", "cpu"]); // prettier-ignore
  });

  test("the queue: calls beyond it are refused, and those whose time is over leave it", async () => {
    const limits = { queue: 1, cpuMs: 60_000, timeoutMs: 1000 };
    const small = await host.load(await compileC(manyWays), { instances: 1, limits });
    await host.text(small, "warm");
    const kinds = await Promise.all(
      ["spin", "wait", "much"].map((word) => host.fault(small, word)),
    );
    assert.deepEqual(kinds.map(({ kind }) => kind), ["timeout", "timeout", "overload"]); // prettier-ignore
    assert.equal(small.stats().queued, 0);
    assert.deepEqual(small.stats().faults, { timeout: 2, overload: 1 });
    await host.engine.unload(small);
  });
});

describe("command engine: modules in the way of the SDK", () => {
  const host = new CommandHost();
  after(() => host.close());

  test("a recursion without end is a fault of its own kind", async () => {
    const bytes = await wat(`(module (memory (export "memory") 1) (func $f (call $f)) (func (export "_start") (call $f)))`); // prettier-ignore
    const version = await host.load(bytes);
    const fault = await host.fault(version, "");
    assert.equal(fault.kind, "stack");
    assert.match(fault.message, /call stack/u);
  });

  test("one that traps before it begins poisons its process only", async () => {
    const bytes = await wat(`(module (memory (export "memory") 1) (func $s unreachable) (start $s) (func (export "_start")))`); // prettier-ignore
    const version = await host.load(bytes);
    for (let i = 0; i < 2; i++) {
      const fault = await host.fault(version, "");
      assert.equal(fault.kind, "start");
      assert.match(fault.message, /unreachable/u);
    }
    assert.equal(version.stats().recycled, 2);
  });

  test("one that never begins is ended like others", async () => {
    const bytes = await wat(`(module (memory (export "memory") 1) (func $s ${forEver}) (start $s) (func (export "_start")))`); // prettier-ignore
    const version = await host.load(bytes, { limits: { cpuMs: 200 } });
    assert.equal((await host.fault(version, "")).kind, "cpu");
  });

  test("there is no network", async () => {
    let connections = 0;
    const server = createServer(() => connections++).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const version = await host.load(await connecting(port));
    const fault = await host.fault(version, "");
    server.close();
    assert.equal(fault.kind, "exit");
    assert.equal(connections, 0);
  });
});

/** Opens a socket, connects to a port of this machine, and exits with what came of it (WASIX: 0 is success). */
function connecting(port: number): Promise<Uint8Array> {
  const [low, high] = [port & 0xff, port >> 8].map((octet) => `\\${octet.toString(16).padStart(2, "0")}`); // prettier-ignore
  return wat(`(module
    (import "wasix_32v1" "sock_open" (func $open (param i32 i32 i32 i32) (result i32)))
    (import "wasix_32v1" "sock_connect" (func $connect (param i32 i32) (result i32)))
    (import "wasix_32v1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "\\01\\00${low}${high}\\7f\\00\\00\\01")
    (func (export "_start") (local $status i32)
      (local.set $status (call $open (i32.const 1) (i32.const 1) (i32.const 6) (i32.const 16)))
      (if (i32.eqz (local.get $status))
        (then (local.set $status (call $connect (i32.load (i32.const 16)) (i32.const 64)))))
      (call $exit (local.get $status))))`);
}
