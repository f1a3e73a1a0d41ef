import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { canSuspend } from "./engine.ts";
import type { Engine, EngineStream } from "./model/engine.ts";
import { WasmStatus } from "./model/host-calls.ts";
import type { StreamOutput } from "./model/streams.ts";
import { callOnce, definitionOf, hostOf, requestOf, testEngine, textOf } from "./testing/engine.ts";
import { answerWord, forEver, guestText } from "./testing/guest-text.ts";
import { wat } from "./testing/wat.ts";

/** Counts its calls in memory and answers the count. */
const counter = guestText({
  onBody: `(i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (i32.const 1))) ${answerWord}`,
});

/** Loops when the first octet of the body is "!", otherwise echoes it. */
const moody = guestText({
  onBody: `
    (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
    (if (i32.eq (i32.load8_u (i32.load (i32.const 16))) (i32.const 33)) (then ${forEver}))
    (if (i32.eq (i32.load8_u (i32.load (i32.const 16))) (i32.const 63)) (then unreachable))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 16)) (i32.load (i32.const 20))))
    (i32.const 0)`,
});

/** Asks the state store "s" for the body as key and answers the value. */
const reader = guestText({
  imports: `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`,
  fields: `(data (i32.const 64) "s")`,
  onBody: `
    (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
    (if (call $get_state (i32.const 64) (i32.const 1) (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 24) (i32.const 28)) (then unreachable))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 24)) (i32.load (i32.const 28))))
    (i32.const 0)`,
  memory: "4",
});

/** Invokes the function whose name is the body, with itself as data, and answers what that answers. */
const caller = guestText({
  imports: `(import "env" "proxy_invoke_service" (func $invoke (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))`,
  onBody: `
    (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
    (if (call $invoke (i32.load (i32.const 16)) (i32.const 1) (i32.const 0) (i32.const 0)
          (i32.add (i32.load (i32.const 16)) (i32.const 1)) (i32.sub (i32.load (i32.const 20)) (i32.const 1))
          (i32.const 24) (i32.const 28)) (then unreachable))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 24)) (i32.load (i32.const 28))))
    (i32.const 0)`,
});

const modes = canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const);

for (const hostCalls of modes) {
  describe(`engine, host calls by ${hostCalls}`, () => {
    const engines: Engine[] = [];
    const made = (options: Parameters<typeof testEngine>[0] = {}): Engine => {
      const engine = testEngine({ hostCalls, ...options });
      engines.push(engine);
      return engine;
    };
    after(() => Promise.all(engines.map((engine) => engine.close())));

    test("a function answers what it made of the request", async () => {
      const engine = made();
      const version = await engine.load(await wat(guestText()), definitionOf("echo"));
      assert.equal(textOf(await callOnce(engine, version, "hello")), "hello");
      assert.equal(version.stats().calls, 1);
    });

    test("pooled instances keep their memory, fresh ones begin anew", async () => {
      const engine = made();
      const bytes = await wat(counter);
      const pooled = await engine.load(bytes, definitionOf("pooled"));
      const fresh = await engine.load(bytes, definitionOf("fresh", { isolation: "fresh" }));
      const counts = async (version: typeof pooled): Promise<number[]> => {
        const found: number[] = [];
        for (let i = 0; i < 3; i++) {
          const { answer } = await callOnce(engine, version, "x");
          found.push(answer?.body[0] ?? -1);
        }
        return found;
      };
      assert.deepEqual(await counts(pooled), [1, 2, 3]);
      assert.deepEqual(await counts(fresh), [1, 1, 1]);
    });

    test("a trap fails its call and the next one has a new instance", async () => {
      const engine = made();
      const version = await engine.load(await wat(moody), definitionOf("moody"));
      const { fault } = await callOnce(engine, version, "?");
      assert.equal(fault?.kind, "trap");
      assert.match(fault?.message ?? "", /proxy_on_request_body: unreachable/u);
      assert.equal(textOf(await callOnce(engine, version, "again")), "again");
    });

    test("a loop is ended when its processor time is used up; calls behind it run elsewhere", async () => {
      const engine = made();
      const limits = { cpuMs: 60, timeoutMs: 5000 };
      const version = await engine.load(await wat(moody), definitionOf("moody", { limits }));
      for (let i = 0; i < 20; i++) await callOnce(engine, version, "warm");
      const faults: string[] = [];
      engine.onFault = (of, fault) => faults.push(`${of.definition.name} ${fault.kind}`);
      const looping = callOnce(engine, version, "!");
      const behind = await Promise.all(["a", "b", "c"].map((text) => callOnce(engine, version, text)));
      assert.equal((await looping).fault?.kind, "cpu");
      assert.deepEqual(behind.map(textOf), ["a", "b", "c"]);
      assert.deepEqual(faults, ["moody cpu"]);
    });

    test("a loop of one function fails no call of another one", async () => {
      const engine = made();
      const limits = { cpuMs: 100, timeoutMs: 5000 };
      const bad = await engine.load(await wat(moody), definitionOf("bad", { limits, instances: 2 }));
      const good = await engine.load(await wat(guestText()), definitionOf("good", { instances: 2 }));
      const loops = [callOnce(engine, bad, "!"), callOnce(engine, bad, "!")];
      for (let i = 0; i < 200; i++) assert.equal(textOf(await callOnce(engine, good, `${i}`)), `${i}`);
      for (const loop of loops) assert.equal((await loop).fault?.kind, "cpu");
      assert.deepEqual(good.stats().faults, {});
    });

    test("a call that takes too long is failed at its deadline", async () => {
      const host = hostOf(() => new Promise(() => {}));
      const engine = made({ host });
      const limits = { timeoutMs: 100 };
      const version = await engine.load(await wat(reader), definitionOf("slow", { limits }));
      const { fault } = await callOnce(engine, version, "key");
      assert.deepEqual(fault, { kind: "timeout", message: "it took longer than 100 ms" });
    });

    for (const [what, parts] of Object.entries({
      "its start function": { onStart: forEver },
      "proxy_on_vm_start": { onVmStart: `${forEver} (i32.const 1)` },
      "proxy_on_configure": { onConfigure: `${forEver} (i32.const 1)` },
      "proxy_on_context_create": { onContextCreate: forEver },
    })) {
      test(`a module that loops in ${what} is refused`, async () => {
        const engine = made();
        const definition = definitionOf("loops", { limits: { cpuMs: 50 } });
        const loading = engine.load(await wat(guestText(parts)), definition);
        await assert.rejects(loading, (error: Error & { reason?: string }) => {
          assert.equal(error.reason, "START_FAILED");
          assert.match(error.message, /processor time; 50 ms are allowed; raise its limit \(`cpu`\)/u);
          return true;
        });
      });
    }

    test("the time between the phases of a filter is the caller's", async () => {
      const engine = made();
      const limits = { timeoutMs: 60 };
      const version = await engine.load(await wat(guestText()), definitionOf("filter", { limits }));
      const heard = await new Promise<string[]>((resolve) => {
        const outcomes: string[] = [];
        const stream = engine.open(version, requestOf("body", "filter"), {
          onOutput({ outcome }) {
            outcomes.push(outcome);
            if (outcomes.length === 2) return resolve(outcomes);
            const response = { phase: "response", headers: [":status", "200"], body: undefined, trailers: undefined, bodyFollows: false } as const;
            setTimeout(() => stream.next(response), 150);
          },
        });
      });
      assert.deepEqual(heard, ["continue", "continue"]);
    });

    test("a guest that has registered a queue stays, though nobody calls it", async () => {
      const registering = guestText({
        imports: `(import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))`,
        onConfigure: `(drop (call $register (i32.const 64) (i32.const 1) (i32.const 80))) (i32.const 1)`,
      });
      const host = hostOf(() => ({ status: WasmStatus.OK, value: new Uint8Array(0), extra: 1 }));
      const engine = made({ host });
      const staying = await engine.load(await wat(registering), definitionOf("staying"));
      const leaving = await engine.load(await wat(guestText()), definitionOf("leaving"));
      await eventually("the other one is dropped", () => leaving.stats().instances === 0, 10_000);
      assert.equal(staying.stats().instances, 1);
    });

    test("what no module is is refused", async () => {
      const loading = made().load(Buffer.from("GIF89a"), definitionOf("gif"));
      await assert.rejects(loading, { reason: "NOT_A_MODULE" });
    });

    test("answers of the host of any size reach the guest", async () => {
      const host = hostOf((call) => {
        const size = call.op === "get_state" ? Number(call.args[1]) : 0;
        return { status: WasmStatus.OK, value: new Uint8Array(size).fill(7), extra: 0 };
      });
      const engine = made({ host });
      const version = await engine.load(await wat(reader), definitionOf("reader"));
      for (const size of [0, 1, 32_768, 32_769, 200_000]) {
        const { answer } = await callOnce(engine, version, `${size}`);
        assert.equal(answer?.body.length, size);
        assert.ok(answer?.body.every((octet) => octet === 7));
      }
    });

    test("functions that call each other in a circle end, though each has one instance", async () => {
      const functions = new Map<string, Awaited<ReturnType<Engine["load"]>>>();
      const engine: Engine = made({
        workers: { min: 1, max: 2 },
        host: {
          release() {},
          handle(asking, call, reply) {
            if (call.op !== "invoke_service") throw new Error("unexpected");
            const [id, , data] = call.args;
            const target = functions.get(id);
            if (target === undefined) return reply({ status: WasmStatus.OK, value: data, extra: 0 });
            const onOutput = ({ answer }: StreamOutput): void =>
              reply({ status: WasmStatus.OK, value: answer?.body ?? Buffer.from("failed"), extra: 0 });
            engine.open(target, requestOf(data), { onOutput }, { depth: asking.depth + 1, nested: true, deadline: asking.deadline });
          },
        },
      });
      const bytes = await wat(caller);
      // On a busy machine they take long; that they end at all is shown.
      const limits = { timeoutMs: 60_000 };
      for (const name of ["a", "b"]) functions.set(name, await engine.load(bytes, definitionOf(name, { limits })));
      const first = functions.get("a");
      assert.ok(first !== undefined);
      const calls = Array.from({ length: 8 }, () => callOnce(engine, first, "babaxend"));
      for (const output of await Promise.all(calls)) assert.equal(textOf(output), "end");
    });

    test("a depth that callers claim earns no instances", async () => {
      let asked = 0;
      const host = hostOf(() => {
        asked++;
        return new Promise(() => {});
      });
      const engine = made({ host });
      const version = await engine.load(await wat(reader), definitionOf("reader", { instances: 2 }));
      const open = (depth: number) => engine.open(version, requestOf("1"), { onOutput: () => {} }, { depth });
      const streams = Array.from({ length: 40 }, (_, i) => open(i));
      await eventually("two calls are under way", () => asked === 2);
      assert.equal(version.stats().instances, 2);
      assert.equal(version.stats().queued, 38);
      for (const stream of streams) stream.close();
    });

    test("unload waits for calls that are under way and takes no new ones", async () => {
      let release = (): void => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      let asked = (): void => {};
      const arrived = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const host = hostOf(async () => {
        asked();
        await gate;
        return { status: WasmStatus.OK, value: Buffer.from("done"), extra: 0 };
      });
      const engine = made({ host });
      const version = await engine.load(await wat(reader), definitionOf("reader"));
      const call = callOnce(engine, version, "k");
      await arrived;
      const unloaded = engine.unload(version);
      assert.equal((await callOnce(engine, version, "k")).fault?.kind, "gone");
      release();
      assert.equal(textOf(await call), "done");
      await unloaded;
      assert.equal(version.stats().instances, 0);
    });

    test("calls beyond the queue are refused as overload", async () => {
      const host = hostOf(() => new Promise(() => {}));
      const engine = made({ host });
      const limits = { queue: 2, timeoutMs: 150 };
      const version = await engine.load(await wat(reader), definitionOf("reader", { limits }));
      const calls = await Promise.all(["1", "2", "3", "4", "5", "6"].map((key) => callOnce(engine, version, key)));
      const kinds = calls.map(({ fault }) => fault?.kind);
      assert.equal(kinds.filter((kind) => kind === "overload").length, 3);
      assert.equal(kinds.filter((kind) => kind === "timeout").length, 3);
    });

    test("an instance is replaced after so many calls", async () => {
      const engine = made();
      const recycling = { calls: 2, memoryBytes: 0 };
      const version = await engine.load(await wat(counter), definitionOf("worn", { recycling }));
      const counts: number[] = [];
      for (let i = 0; i < 5; i++) {
        const { answer } = await callOnce(engine, version, "x");
        counts.push(answer?.body[0] ?? -1);
      }
      assert.deepEqual(counts, [1, 2, 1, 2, 1]);
      assert.equal(version.stats().recycled, 2);
    });

    test("a filter's stream goes through its phases and ends", async () => {
      const engine = made();
      const version = await engine.load(await wat(guestText({ onDelete: "" })), definitionOf("filter"));
      const outputs: StreamOutput[] = [];
      await new Promise<void>((resolve) => {
        const stream: EngineStream = engine.open(version, requestOf("body", "filter"), {
          onOutput(output) {
            outputs.push(output);
            if (outputs.length === 2) return resolve();
            stream.next({ phase: "response", headers: [":status", "200"], body: undefined, trailers: undefined, bodyFollows: false });
          },
        });
      });
      assert.deepEqual(outputs.map(({ outcome }) => outcome), ["continue", "continue"]);
      assert.equal(version.stats().openStreams, 1);
    });
  });
} // prettier-ignore
