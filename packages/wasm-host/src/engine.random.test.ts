import assert from "node:assert/strict";
import { test } from "node:test";
import { canSuspend } from "./engine.ts";
import type { Engine, LoadedVersion } from "./model/engine.ts";
import { WasmStatus } from "./model/host-calls.ts";
import type { StreamInput, StreamOutput } from "./model/streams.ts";
import { definitionOf, requestOf, testEngine } from "./testing/engine.ts";
import { forEver, guestText } from "./testing/guest-text.ts";
import { wat } from "./testing/wat.ts";

const CALLS = 600;
const AT_ONCE = 24;

/** By the first octet of its body: `!` loops, `?` traps, `w` asks its host, everything else is echoed. */
const anything = guestText({
  imports: `(import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))`,
  memory: "2",
  onBody: `(local $first i32)
    (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
    (local.set $first (i32.load8_u (i32.load (i32.const 16))))
    (if (i32.eq (local.get $first) (i32.const 33)) (then ${forEver}))
    (if (i32.eq (local.get $first) (i32.const 63)) (then unreachable))
    (if (i32.eq (local.get $first) (i32.const 119)) (then
      (drop (call $get_state (i32.const 64) (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 24) (i32.const 28)))))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 16)) (i32.load (i32.const 20))))
    (i32.const 0)`,
});

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Outcome {
  readonly kind: string;
  readonly body: string;
  readonly outputs: readonly StreamOutput[];
}

/** One call of a random kind; resolves with all that its sink heard until a moment after its end. */
function randomCall(engine: Engine, version: LoadedVersion, kind: string, mode: StreamInput["mode"], giveUpMs: number): Promise<Outcome> {
  const body = `${kind}${version.version}`;
  return new Promise((resolve) => {
    const outputs: StreamOutput[] = [];
    const end = (): void => void setTimeout(() => resolve({ kind, body, outputs }), 50);
    const stream = engine.open(version, requestOf(body, mode), {
      onOutput(output) {
        outputs.push(output);
        if (output.outcome === "continue") stream.close();
        end();
      },
    });
    if (giveUpMs > 0)
      setTimeout(() => {
        stream.close();
        end();
      }, giveUpMs);
  });
} // prettier-ignore

for (const hostCalls of canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const)) {
  test(`engine (${hostCalls}): whatever guests do, each call has at most one end, and calls of others succeed`, async () => {
    const random = randomOf(20_261_122);
    const engine = testEngine({
      hostCalls,
      workers: { min: 2, max: 8 },
      host: {
        release() {},
        handle(_caller, _call, reply) {
          const answer = { status: WasmStatus.OK, value: Buffer.from("v"), extra: 0 };
          setTimeout(() => reply(answer), Math.floor(random() * 8));
        },
      },
    });
    const bytes = await wat(anything);
    const limits = { cpuMs: 40, timeoutMs: 4000 };
    const versions = await Promise.all(
      (["pooled", "fresh", "pooled", "fresh"] as const).map((isolation, i) =>
        engine.load(bytes, definitionOf(`f${i}`, { isolation, instances: 1 + (i % 2), limits })),
      ),
    );
    const outcomes: Outcome[] = [];
    let left = CALLS;
    const caller = async (): Promise<void> => {
      while (left-- > 0) {
        const at = Math.floor(random() * versions.length);
        const version = versions[at] ?? assert.fail();
        const dice = random();
        // Only the first two functions misbehave.
        const kind = at < 2 && dice < 0.02 ? "!" : at < 2 && dice < 0.1 ? "?" : dice < 0.4 ? "w" : "e";
        const giveUpMs = random() < 0.05 ? 1 + Math.floor(random() * 10) : 0;
        const mode = random() < 0.2 ? "filter" : "function";
        outcomes.push(await randomCall(engine, version, kind, mode, giveUpMs));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));

    for (const { kind, body, outputs } of outcomes) {
      assert.ok(outputs.length <= 1, `${kind} heard ${outputs.length} outputs`);
      const [output] = outputs;
      if (output?.answer !== undefined) assert.equal(Buffer.from(output.answer.body).toString(), body);
      if (kind === "?" && output !== undefined) assert.match(output.fault?.kind ?? "none", /trap|lost/u);
      if (kind === "!" && output !== undefined) assert.match(output.fault?.kind ?? "none", /cpu|lost/u);
    }
    for (const good of versions.slice(2)) assert.deepEqual(good.stats().faults, {});
    for (const version of versions) {
      const { queued, openStreams } = version.stats();
      assert.deepEqual({ queued, openStreams }, { queued: 0, openStreams: 0 });
    }
    await engine.close();
  });
} // prettier-ignore
