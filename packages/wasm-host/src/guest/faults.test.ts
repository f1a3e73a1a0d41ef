import assert from "node:assert/strict";
import { describe, test } from "node:test";
import wabtModule from "wabt";
import type { GuestFault } from "../model/fault.ts";
import { wat } from "../testing/wat.ts";
import type { Guest } from "./guest.ts";
import { activate, FakeHost, hostModes, request, startGuest } from "./testing/fake-host.ts";
import { out, out2, out3, Probe, type ProbeCallbacks } from "./testing/probe.ts";

const starting = [
  "_initialize",
  "main",
  "proxy_get_id",
  "proxy_on_context_create",
  "proxy_on_vm_start",
  "proxy_on_configure",
];
const exchange = ["request_headers", "request_body", "request_trailers", "response_headers", "response_body", "response_trailers", "done", "log", "delete"].map((name) => `proxy_on_${name}`); // prettier-ignore

async function probe(
  callbacks: (p: Probe) => ProbeCallbacks,
  host = new FakeHost(),
): Promise<Guest> {
  const p = new Probe();
  return startGuest(await p.module(callbacks(p)), host);
}

async function wholeExchange(guest: Guest): Promise<GuestFault | undefined> {
  const body = { body: "b", trailers: ["t", "1"] };
  const outputs = await activate(guest, guest.open(1, request(body)));
  outputs.push(
    ...(await activate(guest, guest.resume(1, request({ ...body, phase: "response" })))),
  );
  outputs.push(...(await activate(guest, guest.close(1))));
  assert.equal(outputs.at(-1)?.fault, guest.fault);
  return guest.fault;
}

for (const [mode, skip] of hostModes)
  describe(`faults, ${mode}`, { skip }, () => {
    for (const name of starting)
      test(`a trap in ${name} is a failure to start`, async () => {
        const callbacks = (p: Probe): ProbeCallbacks => ({
          _initialize: p.call("proxy_get_state", "a", "b", out, out2),
          [name]: "unreachable",
        });
        await assert.rejects(probe(callbacks, new FakeHost(mode)), {
          fault: { kind: "trap", message: `trap in ${name}: unreachable` },
        });
      });

    for (const name of exchange)
      test(`a trap in ${name} ends the guest`, async () => {
        const asks = (p: Probe): string => p.call("proxy_get_state", "a", "b", out, out2);
        const guest = await probe(
          (p) => ({
            _initialize: asks(p),
            [name]: `${asks(p)} (drop (i32.div_u (i32.const 1) (i32.const 0)))`,
          }),
          new FakeHost(mode),
        );
        assert.deepEqual(await wholeExchange(guest), {
          kind: "trap",
          message: `trap in ${name}: divide by zero`,
        });
      });

    test("a trap in the callback of an event fails the exchanges that are open", async () => {
      const guest = await probe(
        (p) => ({
          proxy_on_request_headers: "(return (i32.const 1))",
          proxy_on_tick: `${p.call("proxy_get_state", "a", "b", out, out2)} unreachable`,
        }),
        new FakeHost(mode),
      );
      for (const stream of [7, 8]) await activate(guest, guest.open(stream, request()));
      const outputs = await activate(guest, guest.event({ kind: "tick" }));
      const fault = { kind: "trap", message: "trap in proxy_on_tick: unreachable" };
      assert.deepEqual(outputs, [
        { stream: 7, outcome: "failed", fault },
        { stream: 8, outcome: "failed", fault },
      ]);
      assert.equal(guest.openStreams, 0);
    });

    test("a dead guest does nothing more", async () => {
      const host = new FakeHost(mode);
      const guest = await probe(
        (p) => ({
          proxy_on_tick: "unreachable",
          proxy_on_request_headers: p.say("alive"),
          proxy_on_done: p.say("alive"),
        }),
        host,
      );
      await activate(guest, guest.open(1, request()));
      host.reports();
      await activate(guest, guest.event({ kind: "tick" }));
      assert.deepEqual(await activate(guest, guest.open(2, request())), [
        { stream: 2, outcome: "failed", fault: guest.fault },
      ]);
      await activate(guest, guest.resume(1, request()));
      await activate(guest, guest.close(1));
      assert.deepEqual(host.reports(), []);
    });

    test("recursion without end is a stack overflow", async () => {
      const p = new Probe();
      const text = {
        proxy_on_configure: p.call("proxy_get_state", "a", "b", out, out2),
        proxy_on_request_headers: "(call $deeper)",
      };
      const guest = await startGuest(
        await p.module(text, { fields: "(func $deeper (call $deeper))" }),
        new FakeHost(mode),
      );
      assert.deepEqual(await wholeExchange(guest), {
        kind: "stack",
        message: "stack overflow in proxy_on_request_headers",
      });
    });

    test("an allocator that calls for itself is a stack overflow, one that traps is named", async () => {
      for (const [name, body, kind, message] of [
        ["proxy_on_memory_allocate", "get", "stack", "stack overflow in proxy_on_memory_allocate"],
        ["malloc", "unreachable", "trap", "trap in malloc: unreachable"],
      ] as const) {
        const p = new Probe();
        const get = p.call("proxy_get_buffer_bytes", 7, 0, 9, out, out2);
        const callbacks = {
          proxy_on_configure: p.call("proxy_get_state", "a", "b", out, out2),
          proxy_on_request_headers: get,
        };
        const allocator = `(func (export "${name}") (param i32) (result i32) ${body === "get" ? get : body} (i32.const 0))`;
        const guest = await startGuest(
          await p.module(callbacks, { allocator }),
          new FakeHost(mode),
        );
        assert.deepEqual(await wholeExchange(guest), { kind, message });
      }
    });

    test("an allocator that gives nothing, or what is outside of the memory, is status 6", async () => {
      for (const pointer of [0, -1, 131_072]) {
        const p = new Probe();
        const host = new FakeHost(mode);
        host.answer = () => ({ value: Buffer.from("value") });
        const all = p.call("proxy_get_buffer_bytes", 7, 0, 9, out, out2) + p.call("proxy_get_property", "plugin_name", out, out2) + p.call("proxy_get_header_map_pairs", 0, out, out2) + p.call("proxy_get_header_map_value", 0, "x-one", out, out2) + p.call("proxy_get_state", "a", "b", out, out2) + p.call("proxy_get_shared_data", "a", out, out2, out3); // prettier-ignore
        const allocator = `(func (export "malloc") (param i32) (result i32) (i32.const ${pointer}))`;
        const guest = await startGuest(
          await p.module({ proxy_on_request_headers: all }, { allocator }),
          host,
        );
        await activate(guest, guest.open(1, request()));
        assert.deepEqual(host.reports(), ["06", "06", "06", "06", "06", "06"]);
      }
    });
  });

describe("fuel", () => {
  /** Takes 10 of the counter in each callback. */
  const text = `(module (memory (export "memory") 1)
    (global $fuel (export "__layotto_fuel") (mut i64) (i64.const 0))
    (func $burn (param i64) (global.set $fuel (i64.sub (global.get $fuel) (local.get 0))) (if (i64.lt_s (global.get $fuel) (i64.const 0)) (then unreachable)))
    (func (export "proxy_on_context_create") (param i32 i32) (call $burn (i64.const 10)))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $burn (i64.const 20)) (i32.const 0))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (call $burn (i64.const 90)) (i32.const 0))
    (func (export "proxy_on_request_trailers") (param i32 i32) (result i32) unreachable))`;

  test("is there anew for each activation, and what was used is told", async () => {
    const guest = await startGuest(new WebAssembly.Module(await wat(text)), new FakeHost(), {
      fuel: 100,
    });
    assert.equal(guest.fuelUsed, 10);
    for (let stream = 1; stream <= 3; stream += 1) {
      await activate(guest, guest.open(stream, request()));
      assert.equal(guest.fuelUsed, 30);
    }
    await activate(guest, guest.event({ kind: "tick" }));
    assert.equal(guest.fuelUsed, 0);
  });

  test("that runs out is named, other traps are traps", async () => {
    const module = new WebAssembly.Module(await wat(text));
    const guest = await startGuest(module, new FakeHost(), { fuel: 100 });
    await activate(guest, guest.open(1, request({ body: "b" })));
    assert.deepEqual(
      [guest.fault, guest.fuelUsed],
      [{ kind: "fuel", message: "out of fuel in proxy_on_request_body" }, 100],
    );
    const other = await startGuest(module, new FakeHost(), { fuel: 100 });
    await activate(other, other.open(1, request({ trailers: ["a", "b"] })));
    assert.equal(other.fault?.kind, "trap");
    await assert.rejects(startGuest(module, new FakeHost(), { fuel: 9 }), {
      fault: { kind: "fuel", message: "out of fuel in proxy_on_context_create" },
    });
  });
});

describe("endings that a guest catches", () => {
  test("end it all the same", async () => {
    const wabt = await wabtModule();
    const text = `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func (export "proxy_on_tick") (param i32) (try (do (call $exit (i32.const 5))) (catch_all))))`;
    const parsed = wabt.parseWat("catching.wat", text, { exceptions: true });
    const guest = await startGuest(
      new WebAssembly.Module(new Uint8Array(parsed.toBinary({}).buffer)),
      new FakeHost(),
    );
    await activate(guest, guest.event({ kind: "tick" }));
    assert.deepEqual(guest.fault, { kind: "exit", message: "exit code 5 in proxy_on_tick" });
  });

  test("an exception of its own that it does not catch is a trap", async () => {
    const wabt = await wabtModule();
    const parsed = wabt.parseWat(
      "throwing.wat",
      '(module (tag $t) (func (export "proxy_on_tick") (param i32) (throw $t)))',
      { exceptions: true },
    );
    const guest = await startGuest(
      new WebAssembly.Module(new Uint8Array(parsed.toBinary({}).buffer)),
      new FakeHost(),
    );
    await activate(guest, guest.event({ kind: "tick" }));
    assert.deepEqual(guest.fault, {
      kind: "trap",
      message: "failure in proxy_on_tick: an exception that nobody caught",
    });
  });
});
