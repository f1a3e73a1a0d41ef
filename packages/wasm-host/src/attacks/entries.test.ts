import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { GuestHost } from "../model/guest-host.ts";
import { WasmStatus, type GuestEvent } from "../model/host-calls.ts";
import type { Engine, LoadedVersion } from "../model/engine.ts";
import type { StreamOutput } from "../model/streams.ts";
import { callOnce, definitionOf } from "../testing/engine.ts";
import { echoBody, forEver, guestText, type GuestParts } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, modes, say } from "./testing/arena.ts";
import { drive } from "./testing/drive.ts";

const cpuMs = 40;
/** Processor time passes slowly on a busy machine: who runs long gets what others leave. */
const timeoutMs = 20_000;

function exported(name: string, params: number, result: boolean, body = forEver): string {
  return `(func (export "${name}") (param ${"i32 ".repeat(params)}) ${result ? "(result i32)" : ""} ${body} ${result ? "(i32.const 0)" : ""})`;
} // prettier-ignore

const needsRoom = `(drop (call $get_buffer (i32.const 7) (i32.const 0) (i32.const 100) (i32.const 16) (i32.const 20))) (i32.const 1)`;

/** Modules that loop before they can be called. */
const starts: Readonly<Record<string, string>> = {
  "the start section": guestText({ fields: `(func $endless ${forEver}) (start $endless)` }),
  _initialize: guestText({ onStart: forEver }),
  _start: guestText({ fields: exported("_start", 0, false) }),
  main: guestText({ onStart: "", fields: exported("main", 2, true) }),
  proxy_get_id: guestText({ fields: exported("proxy_get_id", 0, false) }),
  proxy_on_context_create: guestText({ onContextCreate: forEver }),
  proxy_on_vm_start: guestText({ onVmStart: `${forEver} (i32.const 1)` }),
  proxy_on_configure: guestText({ onConfigure: `${forEver} (i32.const 1)` }),
  "the allocator while it is configured": guestText({
    onAllocate: forEver,
    onConfigure: needsRoom,
  }),
};

const onlyCalls = `(if (i32.gt_u (local.get $ctx) (i32.const 1)) (then ${forEver}))`;

/** Modules that loop in a call. */
const calls: Readonly<Record<string, GuestParts>> = {
  proxy_on_context_create: { onContextCreate: onlyCalls },
  proxy_on_done: { onDone: `${forEver} (i32.const 1)` },
  proxy_on_log: { fields: exported("proxy_on_log", 1, false) },
  proxy_on_delete: { onDelete: forEver },
  proxy_on_memory_allocate: { onAllocate: forEver, onBody: echoBody },
};

/** Modules that loop in a phase of a filter. */
const phases: Readonly<Record<string, GuestParts>> = {
  proxy_on_request_headers: { onHeaders: `${forEver} (i32.const 0)` },
  proxy_on_request_body: { onBody: `${forEver} (i32.const 0)` },
  proxy_on_request_trailers: { fields: exported("proxy_on_request_trailers", 2, true) },
  proxy_on_response_headers: { onResponseHeaders: `${forEver} (i32.const 0)` },
  proxy_on_response_body: { onResponseBody: `${forEver} (i32.const 0)` },
  proxy_on_response_trailers: { fields: exported("proxy_on_response_trailers", 2, true) },
};

const id = { call: 7 };
const bytes = new Uint8Array(3);
/** Modules that loop when they are told of something. */
const events: Readonly<Record<string, readonly [params: number, GuestEvent]>> = {
  proxy_on_tick: [1, { kind: "tick" }],
  proxy_on_queue_ready: [2, { kind: "queue-ready", queue: 1 }],
  proxy_on_http_call_response: [5, { kind: "http-response", ...id, headers: [":status", "200"], body: bytes, trailers: [] }],
  proxy_on_grpc_receive_initial_metadata: [3, { kind: "grpc-initial", ...id, metadata: ["a", "b"] }],
  proxy_on_grpc_receive: [3, { kind: "grpc-message", ...id, message: bytes }],
  proxy_on_grpc_receive_trailing_metadata: [3, { kind: "grpc-trailing", ...id, metadata: ["a", "b"] }],
  proxy_on_grpc_close: [3, { kind: "grpc-close", ...id, status: 3, message: "no" }],
}; // prettier-ignore

/** Answers a call-out at once and tells of what is to come of it. */
function hostOfEvent(event: () => GuestEvent | undefined): GuestHost {
  return {
    release() {},
    handle(caller, _call, reply) {
      reply({ status: WasmStatus.OK, value: new Uint8Array(0), extra: id.call });
      const told = event();
      if (told !== undefined) caller.deliver(told);
    },
  };
}

const callsOut = {
  imports: `(import "env" "proxy_http_call" (func $http (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))`,
  onBody: `(drop (call $http (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 48))) (i32.const 1)`,
};

type Call = (engine: Engine, version: LoadedVersion) => Promise<StreamOutput>;

const callBody: Call = (engine, version) => callOnce(engine, version, "x");

for (const mode of modes) {
  describe(`infinite loops, host calls by ${mode}`, () => {
    let event: GuestEvent | undefined;
    const arena = new Arena(mode, { host: hostOfEvent(() => event) });
    after(() => arena.close());
    const limits = { cpuMs, timeoutMs };
    const late: number[] = [];

    const ended = async (name: string, text: string, call: Call): Promise<void> => {
      const version = await arena.engine.load(await wat(text), definitionOf(name, { limits }));
      const begun = performance.now();
      const output = await call(arena.engine, version);
      late.push(performance.now() - begun - cpuMs);
      assert.match(output.fault?.kind ?? "none", /^(cpu|lost)$/u, name);
      arena.assertNamed(version, "cpu");
      await arena.engine.unload(version);
    };

    test("modules that loop before they can be called are refused", () => arena.endures(`${mode}, loops at start`, () =>
        Promise.all(
          Object.entries(starts).map(async ([entry, text]) => {
            const definition = definitionOf(`starts ${entry}`, { limits, pluginConfig: bytes });
            const loading = arena.engine.load(await wat(text), definition);
            await assert.rejects(loading, { reason: "START_FAILED" }, entry);
            assert.equal(arena.faults(definition.name)[0]?.kind, "cpu", entry);
          }),
        ),
      ));

    test("calls that loop in any callback or allocator are ended", () => arena.endures(`${mode}, loops in calls`, () =>
        Promise.all([
          ...Object.entries(calls).map(([entry, parts]) => ended(entry, guestText(parts), callBody)),
          ended("malloc", guestText({ onAllocate: forEver }).replace('"proxy_on_memory_allocate"', '"malloc"'), callBody),
        ]),
      ));

    test("exchanges that loop in any phase are ended", () => arena.endures(`${mode}, loops in phases`, () =>
        Promise.all(
          Object.entries(phases).map(([entry, parts]) =>
            ended(entry, guestText({ onBody: "(i32.const 0)", ...parts }), drive),
          ),
        ),
      ));

    test("guests that loop when they are told of something are ended", () => arena.endures(`${mode}, loops in events`, async () => {
        for (const [entry, [params, told]] of Object.entries(events)) {
          event = told;
          await ended(entry, guestText({ ...callsOut, fields: exported(entry, params, false) }), callBody);
        }
        event = undefined;
      }));

    test("all were ended soon", () => {
      late.sort((a, b) => a - b);
      say(`${mode}: ended after the ${cpuMs} ms allowed: p50 ${late[late.length >> 1]?.toFixed(1)} ms, worst ${late.at(-1)?.toFixed(1)} ms`);
      assert.ok((late.at(-1) ?? Infinity) < timeoutMs + 1000);
    });
  });
} // prettier-ignore
