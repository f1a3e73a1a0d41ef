import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Metrics, silentLogger, systemClock } from "@layotto/sidecar-kit";
import { createHostServices, type HostServices } from "../host/host-services.ts";
import { noCapabilities } from "../model/capabilities.ts";
import type { LoadedVersion } from "../model/engine.ts";
import type { GuestHost } from "../model/guest-host.ts";
import { WasmStatus } from "../model/host-calls.ts";
import {
  callOnce,
  definitionOf,
  requestOf,
  textOf,
  type DefinitionParts,
} from "../testing/engine.ts";
import { answerWord, forEver, guestText, type GuestParts } from "../testing/guest-text.ts";
import { wat } from "../testing/wat.ts";
import { Arena, long, modes, threadCount, say } from "./testing/arena.ts";

const nothing = new Uint8Array(0);
const failed = { status: WasmStatus.INTERNAL_FAILURE, value: nothing, extra: 0 };

const LOOPS = long ? 20_000 : 2000;

/** Does something again and again; $i counts; then answers how often its status was 0. */
function flood(imports: string, call: string, parts: GuestParts = {}): string {
  return guestText({
    imports,
    memory: "80",
    ...parts,
    fields: `(data (i32.const 64) "sink self") ${parts.fields ?? ""}`,
    onBody: `(local $i i32) (local $ok i32)
      (loop $l
        (if (i32.eqz ${call}) (then (local.set $ok (i32.add (local.get $ok) (i32.const 1)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const ${LOOPS}))))
      (i32.store (i32.const 32) (local.get $ok)) ${answerWord}`,
  });
}

const capabilities = { ...noCapabilities, outbound: ["*"], services: ["*"] };
const zeros = (count: number): string => "(i32.const 0) ".repeat(count);
const params = (count: number): string => `(param ${"i32 ".repeat(count)}) (result i32)`;

const digit = (from: number): string =>
  `(i32.shl (i32.and (i32.shr_u (local.get $i) (i32.const ${from * 4})) (i32.const 15)) (i32.const ${from * 8}))`;
/** A key of four letters, another one each time. */
const storeKey = `(i32.store (i32.const 56) (i32.add (i32.const 0x61616161) (i32.or (i32.or ${digit(0)} ${digit(1)}) ${digit(2)})))`;

/** What may be done without end, and the most that succeeds of it. */
const floods: Readonly<Record<string, readonly [most: number, text: string]>> = {
  "HTTP calls": [
    64,
    flood(
      `(import "env" "proxy_http_call" (func $http ${params(10)}))`,
      `(call $http (i32.const 64) (i32.const 4) (i32.const 128) (i32.const 58) ${zeros(4)} (i32.const 0) (i32.const 48))`,
      {
        fields: `(data (i32.const 128) "\\03\\00\\00\\00\\07\\00\\00\\00\\03\\00\\00\\00\\05\\00\\00\\00\\01\\00\\00\\00\\0a\\00\\00\\00\\01\\00\\00\\00:method\\00GET\\00:path\\00/\\00:authority\\00a\\00")`,
      },
    ),
  ],
  "gRPC streams": [
    64,
    flood(
      `(import "env" "proxy_grpc_stream" (func $grpc ${params(9)}))`,
      `(call $grpc (i32.const 64) (i32.const 4) (i32.const 64) (i32.const 4) (i32.const 64) (i32.const 4) ${zeros(2)} (i32.const 48))`,
    ),
  ],
  "items of queues": [
    10_000,
    flood(
      `(import "env" "proxy_register_shared_queue" (func $register ${params(3)})) (import "env" "proxy_enqueue_shared_queue" (func $enqueue ${params(3)}))`,
      `(block (result i32) (drop (call $register (i32.const 64) (i32.const 4) (i32.const 48))) (call $enqueue (i32.load (i32.const 48)) (i32.const 0) (i32.const 4096)))`,
    ),
  ],
  queues: [
    64,
    flood(
      `(import "env" "proxy_register_shared_queue" (func $register ${params(3)}))`,
      `(block (result i32) ${storeKey} (call $register (i32.const 56) (i32.const 4) (i32.const 48)))`,
    ),
  ],
  metrics: [
    200,
    flood(
      `(import "env" "proxy_define_metric" (func $define ${params(4)}))`,
      `(block (result i32) ${storeKey} (call $define (i32.const 0) (i32.const 56) (i32.const 4) (i32.const 48)))`,
    ),
  ],
  "shared data": [
    16 * 16,
    flood(
      `(import "env" "proxy_set_shared_data" (func $set ${params(5)}))`,
      `(block (result i32) ${storeKey} (call $set (i32.const 56) (i32.const 4) (i32.const 0) (i32.const 65536) (i32.const 0)))`,
    ),
  ],
  "header lines": [
    1024,
    flood(
      `(import "env" "proxy_add_header_map_value" (func $add ${params(5)}))`,
      `(call $add (i32.const 2) (i32.const 64) (i32.const 4) (i32.const 64) (i32.const 4))`,
    ),
  ],
  "large header lines": [
    8,
    flood(
      `(import "env" "proxy_add_header_map_value" (func $add ${params(5)}))`,
      `(call $add (i32.const 2) (i32.const 64) (i32.const 4) (i32.const 200) (i32.const 40000))`,
      {
        fields: `(func $a (memory.fill (i32.const 200) (i32.const 65) (i32.const 40000))) (start $a)`,
      },
    ),
  ],
  "the largest body": [
    4,
    flood(
      "",
      `(call $set_buffer (i32.const 1) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0x100000))`,
    ),
  ],
  properties: [
    128,
    flood(
      `(import "env" "proxy_set_property" (func $set ${params(4)}))`,
      `(block (result i32) ${storeKey} (call $set (i32.const 56) (i32.const 4) (i32.const 64) (i32.const 4)))`,
    ),
  ],
  "local responses": [
    1,
    flood(
      `(import "env" "proxy_send_local_response" (func $send ${params(8)}))`,
      `(call $send (i32.const 200) ${zeros(6)} (i32.const -1))`,
    ),
  ],
  "closing itself": [
    1,
    flood(
      `(import "env" "proxy_close_stream" (func $close ${params(1)}))`,
      `(call $close (i32.const 0))`,
    ),
  ],
  "its own end": [
    0,
    flood(`(import "env" "proxy_done" (func $end (result i32)))`, `(call $end)`, {
      onDone: "(drop (call $end)) (i32.const 0)",
    }),
  ],
  "the clock": [
    LOOPS,
    flood(
      `(import "env" "proxy_get_current_time_nanoseconds" (func $now ${params(1)}))`,
      `(call $now (i32.const 48))`,
    ),
  ],
  "lines of the log": [
    LOOPS,
    flood(
      `(import "env" "proxy_log" (func $log ${params(3)}))`,
      `(call $log (i32.const 4) (i32.const 200) (i32.const 16384))`,
      {
        fields: `(func $a (memory.fill (i32.const 200) (i32.const 65) (i32.const 40000))) (start $a)`,
      },
    ),
  ],
};

for (const mode of modes) {
  describe(`floods, host calls by ${mode}`, () => {
    let services: HostServices;
    let arena: Arena;
    const functions = new Map<string, LoadedVersion>();
    // Takes connections and says nothing.
    const silent = createServer((socket) => socket.on("error", () => {}));

    const load = async (name: string, text: string, parts: DefinitionParts = {}): Promise<LoadedVersion> => {
      const version = await arena.engine.load(await wat(text), definitionOf(name, { capabilities, ...parts }));
      functions.set(name, version);
      return version;
    };

    before(async () => {
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as AddressInfo;
      services = createHostServices({
        runtime: { unary: () => (_request, _options, done) => done(new Error("there is no Runtime API here") as never, undefined) }, // any error will do
        appId: "attacked",
        outbound: { sink: `127.0.0.1:${port}` },
        metrics: new Metrics(),
        logger: silentLogger,
        clock: systemClock,
        invokeLocal(id, _method, data, origin, answer) {
          const target = functions.get(id);
          if (target === undefined) return false;
          arena.engine.open(target, requestOf(data), {
            onOutput: (output) => answer(output.answer === undefined ? failed : { status: WasmStatus.OK, value: output.answer.body, extra: 0 }),
          }, { ...origin, nested: true });
          return true;
        },
      });
      const host: GuestHost = { handle: (...args) => services.handle(...args), release: (caller) => services.release(caller) };
      arena = new Arena(mode, { host });
    });
    after(async () => {
      await arena.close();
      await services.close();
      silent.close();
    });

    for (const [what, [most, text]] of Object.entries(floods)) {
      test(`a flood of ${what} is bounded`, async () => {
        const version = await load(what, text, { instances: 2, limits: { cpuMs: 10_000, timeoutMs: 30_000 } });
        const { length } = arena.lines;
        let done = 0;
        await arena.beside(`${mode}, ${what}`, async () => {
          const outputs = await Promise.all([callOnce(arena.engine, version, "x"), callOnce(arena.engine, version, "x")]);
          for (const { answer, fault } of outputs) {
            assert.equal(fault, undefined);
            if (answer !== undefined && answer.body.length >= 4) done = Math.max(done, Buffer.from(answer.body).readUInt32LE(answer.body.length > 4 ? 32 : 0));
          }
        }, 256);
        if (what !== "the largest body") assert.ok(done <= most, `${done} succeeded`);
        assert.ok(arena.lines.length - length < 400, `${arena.lines.length - length} lines`);
        assert.ok((await callOnce(arena.engine, version, "x")).answer !== undefined);
        await arena.engine.unload(version);
        services.forget(what);
      });
    }

    const invoke = `(import "env" "proxy_invoke_service" (func $invoke ${params(8)}))`;
    const invokeSelf = `(call $invoke (i32.const 69) (i32.const 4) ${zeros(4)} (i32.const 24) (i32.const 28))`;
    const name = `(data (i32.const 64) "sink self")`;

    test("a function that calls itself without end comes to the depth limit", async () => {
      const version = await load("self", guestText({ imports: invoke, fields: name, memory: "2", onHeaders: `(drop ${invokeSelf}) (i32.const 0)` }), { instances: 2 });
      const threads = threadCount();
      await arena.beside(`${mode}, self calls`, async () => {
        for (let round = 0; round < 2; round++) {
          const outputs = await Promise.all(Array.from({ length: 8 }, () => callOnce(arena.engine, version, "x")));
          for (const output of outputs) assert.ok(output.answer !== undefined, output.fault?.message);
        }
      }, 1200); // each thread takes up to 40 MB
      say(`${mode}: ${threads} → ${threadCount()} threads`);
      assert.ok(threadCount() <= threads + 12 + 2 * 8);
      await arena.engine.unload(version);
    });

    test("a function that calls itself and loops at the end is ended, and others are not", async () => {
      const limits = { cpuMs: 50, timeoutMs: 2500 };
      const version = await load("self", guestText({ imports: invoke, fields: name, memory: "2", onHeaders: `(if ${invokeSelf} (then ${forEver})) (i32.const 0)` }), { instances: 2, limits });
      await arena.beside(`${mode}, self calls that loop`, () =>
        Promise.all(Array.from({ length: 4 }, () => callOnce(arena.engine, version, "x"))),
      );
      arena.assertNamed(version, "cpu");
      await arena.engine.unload(version);
    });

    test("a function that tells itself of something without end leaves the others alone", async () => {
      const queue = `(import "env" "proxy_register_shared_queue" (func $register ${params(3)})) (import "env" "proxy_enqueue_shared_queue" (func $enqueue ${params(3)})) (import "env" "proxy_dequeue_shared_queue" (func $dequeue ${params(3)}))`;
      const push = `(drop (call $enqueue (i32.load (i32.const 48)) (i32.const 0) (i32.const 8)))`;
      const ready = `(func (export "proxy_on_queue_ready") (param i32 i32) (global.set $top (i32.const 4096)) (drop (call $dequeue (i32.load (i32.const 48)) (i32.const 52) (i32.const 56))) ${push})`;
      const version = await load("echoing", guestText({ imports: queue, fields: name + ready, memory: "2", onVmStart: `(drop (call $register (i32.const 64) (i32.const 4) (i32.const 48))) ${push.repeat(20)} (i32.const 1)` }));
      await arena.beside(`${mode}, events without end`, () => new Promise((resolve) => setTimeout(resolve, 500)));
      const neighbour = await arena.neighbour();
      assert.equal(textOf(await callOnce(arena.engine, neighbour, "x")), "x");
      await arena.engine.unload(version);
      services.forget("echoing");
    });
  });
} // prettier-ignore
