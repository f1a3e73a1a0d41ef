import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { notNow } from "../abi/ending.ts";
import { wat } from "../testing/wat.ts";
import { GuestFailure } from "./failure.ts";
import type { Guest } from "./guest.ts";
import { runSteps } from "./steps.ts";
import { activate, FakeHost, hostModes, request, startGuest } from "./testing/fake-host.ts";
import { Probe } from "./testing/probe.ts";
import { runProbe } from "./testing/run-probe.ts";

/** Every callback says its name. */
function all(p: Probe, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, p.say(name.replace("proxy_on_", ""))]));
}

const starting = [
  "_initialize",
  "main",
  "proxy_get_id",
  "proxy_on_context_create",
  "proxy_on_vm_start",
  "proxy_on_configure",
];
const exchange = ["request_headers", "request_body", "request_trailers", "response_headers", "response_body", "response_trailers", "done", "log", "delete"].map((name) => `proxy_on_${name}`); // prettier-ignore

describe("Guest.start()", () => {
  test("calls start functions, id, root context, vm and configuration in this order", async () => {
    const { started } = await runProbe((p) => all(p, [...starting, "_start"]));
    assert.deepEqual(started, [
      "_initialize",
      "main",
      "proxy_get_id",
      "context_create",
      "vm_start",
      "configure",
    ]);
  });

  test("calls _start when there is no _initialize, and main only with it", async () => {
    const { started } = await runProbe((p) => all(p, ["_start", "main", "proxy_on_configure"]));
    assert.deepEqual(started, ["_start", "configure"]);
  });

  test("a program that ends with exit code 0 goes on to work, others do not", async () => {
    const { started } = await runProbe((p) => ({
      _start: p.run("wasi:proc_exit", 0),
      ...all(p, ["proxy_on_configure"]),
    }));
    assert.deepEqual(started, ["configure"]);
    await assert.rejects(
      runProbe((p) => ({ _start: p.run("wasi:proc_exit", 1) })),
      { fault: { kind: "exit", message: "exit code 1 in _start" } },
    );
    await assert.rejects(
      runProbe((p) => ({ _initialize: p.run("wasi:proc_exit", 0) })),
      { fault: { kind: "exit", message: "exit code 0 in _initialize" } },
    );
  });

  test("asks for the id, of up to 256 octets", async () => {
    const host = new FakeHost();
    const p = new Probe();
    const guest = await startGuest(await p.module({
      proxy_get_id: p.call("proxy_set_buffer_bytes", 8, 0, 0, "x".repeat(257)) + p.call("proxy_set_buffer_bytes", 8, 0, 0, "id_1"),
      proxy_on_configure: p.call("proxy_set_buffer_bytes", 8, 0, 0, "id_2"),
    }), host); // prettier-ignore
    assert.equal(guest.id, "id_1");
    assert.deepEqual(host.reports(), ["02", "00", "01"]);
    assert.equal((await startGuest(new WebAssembly.Module(await wat("(module)")), host)).id, "");
  });

  test("gives root context and sizes of the configuration", async () => {
    const text = `(module (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
      (func (export "proxy_on_context_create") (param i32 i32) (if (i32.or (i32.ne (local.get 0) (i32.const 7)) (local.get 1)) (then unreachable)))
      (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (if (i32.ne (local.get 0) (i32.const 7)) (then unreachable)) (local.get 1))
      (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $tick (local.get 1))) (i32.const 1)))`;
    const guest = await startGuest(new WebAssembly.Module(await wat(text)), new FakeHost(), {
      rootContextId: 7,
      pluginConfig: Buffer.alloc(33),
    });
    assert.equal(guest.tickMs, 33);
  });

  for (const name of ["proxy_on_vm_start", "proxy_on_configure"])
    test(`a false from ${name} is a refusal`, async () => {
      await assert.rejects(
        runProbe(() => ({ [name]: "(return (i32.const 0))" })),
        (error) =>
          error instanceof GuestFailure &&
          error.fault.kind === "start" &&
          error.message === `${name} refused: it returned false`,
      );
    });

  test("a start function that traps, overflows, or calls the main thread too early", async () => {
    const start = (body: string): Promise<Guest> =>
      wat(`(module (import "env" "proxy_get_state" (func $get (param i32 i32 i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)
        (func $f ${body}) (start $f))`).then((bytes) =>
        startGuest(new WebAssembly.Module(bytes), new FakeHost()),
      );
    await assert.rejects(start("unreachable"), {
      fault: { kind: "trap", message: "trap in the start function: unreachable" },
    });
    await assert.rejects(start("(call $f)"), {
      fault: { kind: "stack", message: "stack overflow in the start function" },
    });
    const asks =
      "(drop (call $get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    await assert.rejects(start(asks), {
      fault: { kind: "trap", message: `trap in the start function: ${notNow}` },
    });
  });

  test("a module that cannot be instantiated", async () => {
    const module = new WebAssembly.Module(
      await wat('(module (memory 1) (data (i32.const 65535) "ab"))'),
    );
    await assert.rejects(
      startGuest(module, new FakeHost()),
      (error) =>
        error instanceof GuestFailure &&
        error.fault.kind === "start" &&
        /data segment/u.test(error.message),
    );
  });
});

describe("an exchange", () => {
  test("of a filter goes one phase at a time, and ends by being closed", async () => {
    const { reports, outputs } = await runProbe((p) => all(p, exchange), {
      input: { body: "b", trailers: ["t", "1"] },
      response: { headers: [":status", "200"], body: "r", trailers: ["t", "2"] },
    });
    assert.deepEqual(reports, exchange.map((name) => name.replace("proxy_on_", ""))); // prettier-ignore
    assert.deepEqual(outputs, [
      { stream: 1, outcome: "continue" },
      { stream: 1, outcome: "continue" },
    ]);
  });

  test("calls only what has come", async () => {
    const { reports } = await runProbe((p) => all(p, exchange), {
      input: {},
      response: { bodyFollows: true },
    });
    assert.deepEqual(reports, ["request_headers", "response_headers", "done", "log", "delete"]);
  });

  test("of a function goes to the end by itself", async () => {
    const host = new FakeHost();
    const p = new Probe();
    const callbacks = all(p, exchange);
    const guest = await startGuest(
      await p.module({
        ...callbacks,
        proxy_on_request_body: p.call("proxy_set_buffer_bytes", 1, 0, 0, "made"),
      }),
      host,
    );
    const outputs = await activate(guest, guest.open(5, request({ mode: "function", body: "b" })));
    assert.deepEqual(host.reports(), [
      "request_headers",
      "00",
      "response_headers",
      "response_body",
      "done",
      "log",
      "delete",
    ]);
    assert.deepEqual(outputs.map(({ stream, outcome, answer }) => [stream, outcome, answer?.status, Buffer.from(answer?.body ?? []).toString()]), [[5, "answer", 200, "made"]]); // prettier-ignore
    assert.equal(guest.openStreams, 0);
  });

  test("of a function that does nothing is an empty 200", async () => {
    const guest = await startGuest(new WebAssembly.Module(await wat("(module)")), new FakeHost());
    const [output] = await activate(guest, guest.open(1, request({ mode: "function", body: "b" })));
    assert.deepEqual(output?.answer, {
      status: 200,
      headers: [],
      body: new Uint8Array(0),
      trailers: [],
      grpcStatus: -1,
      details: "",
    });
  });

  test("tells the number of headers, the size of the body, and where the stream ends", async () => {
    const sum = (p: Probe): string =>
      `(call $report (local.get 1)) (call $report (local.get 2)) ${p.say("")}`;
    const callbacks = (p: Probe) => ({
      proxy_on_request_headers: sum(p),
      proxy_on_request_body: sum(p),
    });
    const cases = [
      [{}, ["02", "01", ""]],
      [{ bodyFollows: true }, ["02", "00", ""]],
      [{ body: "abc" }, ["02", "00", "", "03", "01", ""]],
      [{ body: "" }, ["02", "00", "", "00", "01", ""]],
      [{ body: "abc", trailers: ["a", "1"] }, ["02", "00", "", "03", "00", ""]],
      [{ trailers: ["a", "1"] }, ["02", "00", ""]],
    ] as const;
    for (const [input, expected] of cases)
      assert.deepEqual((await runProbe(callbacks, { input })).reports, expected);
  });

  test("callbacks of version 0.1.0 that have no end of stream are called all the same", async () => {
    const text = `(module (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32))) (func (export "proxy_abi_version_0_1_0"))
      (func (export "proxy_on_request_headers") (param i32 i32) (result i32) (drop (call $tick (local.get 1))) (i32.const 0)))`;
    const guest = await startGuest(new WebAssembly.Module(await wat(text)), new FakeHost());
    const [output] = await activate(guest, guest.open(1, request()));
    assert.deepEqual([output?.outcome, guest.tickMs], ["continue", 2]);
  });

  test("contexts have ids of their own, which are not used again while they are open", async () => {
    const host = new FakeHost();
    const p = new Probe();
    const guest = await startGuest(
      await p.module({
        proxy_on_context_create: "(call $report (local.get 0)) (call $report (local.get 1))",
      }),
      host,
      { rootContextId: 3 },
    );
    for (const stream of [100, 200]) await activate(guest, guest.open(stream, request()));
    assert.deepEqual(host.reports(), ["03", "00", "04", "03", "05", "03"]);
    assert.equal(guest.openStreams, 2);
  });

  test("more than may be open are rejected", async () => {
    const { guest } = await opened(1);
    const [output] = await activate(guest, guest.open(2, request()));
    assert.deepEqual(output?.fault, {
      kind: "overload",
      message: "1 streams are open: more are not taken",
    });
    assert.equal(guest.fault, undefined);
  });

  test("phases and ends of streams that are not open do nothing", async () => {
    const { guest } = await opened(4);
    assert.deepEqual(await activate(guest, guest.resume(9, request())), []);
    assert.deepEqual(await activate(guest, guest.close(9)), []);
    await activate(guest, guest.close(1));
    assert.deepEqual(await activate(guest, guest.close(1)), []);
  });

  test("a guest is not entered while it runs", async () => {
    const { guest } = await opened(4);
    const steps = guest.open(2, request());
    steps.next();
    assert.throws(() => runSteps(guest.event({ kind: "tick" })), /entered while it runs/u);
  });
});

async function opened(streams: number) {
  const p = new Probe();
  const guest = await startGuest(await p.module({ proxy_on_request_headers: "" }), new FakeHost(), {
    streams,
  });
  await activate(guest, guest.open(1, request()));
  return { guest };
}

for (const [mode, skip] of hostModes)
  describe(`host calls, ${mode}`, { skip }, () => {
    const ask = (p: Probe): string => p.call("proxy_get_state", "store", "key", 64, 68) + p.show();

    test("are asked in every callback, in order, with their arguments", async () => {
      const host = new FakeHost(mode);
      host.answer = () => ({ value: Buffer.from(String(host.calls.length)) });
      const p = new Probe();
      const guest = await startGuest(await p.module({
        _initialize: ask(p), proxy_get_id: ask(p), proxy_on_context_create: ask(p), proxy_on_configure: ask(p),
        proxy_on_request_headers: ask(p) + ask(p), proxy_on_response_headers: ask(p), proxy_on_done: ask(p), proxy_on_log: ask(p), proxy_on_delete: ask(p), proxy_on_tick: ask(p),
      }), host); // prettier-ignore
      await activate(guest, guest.open(1, request({ mode: "function" })));
      await activate(guest, guest.event({ kind: "tick" }));
      assert.deepEqual(host.calls[0], { op: "get_state", args: ["store", "key"] });
      assert.deepEqual(
        host.reports(),
        Array.from({ length: 12 }, (_value, index) => ["00", String(index + 1)]).flat(),
      );
    });

    test("hand on a status that is not OK, and write nothing then", async () => {
      const host = new FakeHost(mode);
      host.answer = () => ({ status: 10, value: Buffer.from("x") });
      const p = new Probe();
      await startGuest(await p.module({ _initialize: ask(p) }), host);
      assert.deepEqual(host.reports(), ["10", ""]);
    });

    test("bad pointers do not reach the main thread", async () => {
      const host = new FakeHost(mode);
      const p = new Probe();
      await startGuest(
        await p.module({
          _initialize: p.call("proxy_get_state", -1, 4, "key", 64, 68) + p.say("on"),
        }),
        host,
      );
      assert.deepEqual([host.reports(), host.calls], [["06", "on"], []]);
    });

    test("allocators may call what is done at once", async () => {
      const host = new FakeHost(mode);
      host.answer = () => ({ value: Buffer.from("value") });
      const p = new Probe();
      const inner = `${p.call("proxy_get_log_level", 88)} ${p.say("allocating")}`;
      const allocator = `(func (export "malloc") (param i32) (result i32) ${inner} (i32.const 70000))`;
      const body = ask(p);
      await startGuest(await p.module({ _initialize: body }, { allocator }), host);
      assert.deepEqual(host.reports(), ["00", "allocating", "00", "value"]);
      assert.equal(host.calls.length, 1);
    });

    test("allocators that ask the main thread end the guest", async () => {
      const host = new FakeHost(mode);
      const p = new Probe();
      const allocator = `(func (export "malloc") (param i32) (result i32) ${ask(p)} (i32.const 70000))`;
      const body = p.call("proxy_get_buffer_bytes", 7, 0, 9, 64, 68);
      await assert.rejects(
        startGuest(await p.module({ proxy_on_configure: body }, { allocator }), host),
        { message: `trap in malloc: ${notNow}` },
      );
    });

    test("a host that fails ends the guest", async () => {
      const host = new FakeHost(mode);
      host.answer = () => {
        throw new Error("the bridge\nis gone");
      };
      const p = new Probe();
      await assert.rejects(startGuest(await p.module({ proxy_on_configure: ask(p) }), host), {
        message: "failure in proxy_on_configure: the bridge is gone",
      });
    });
  });
