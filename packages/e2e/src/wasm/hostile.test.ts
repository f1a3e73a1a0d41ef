/** Functions that trap or never end, beside one that is called all the time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { residentBytes } from "../harness/processes.ts";
import { type Scope, scopeOf } from "../harness/scope.ts";
import { isLong } from "../harness/wait.ts";
import { Callers } from "./testing/callers.ts";
import {
  answering,
  type Code,
  forEver,
  goOn,
  guest,
  type GuestParts,
} from "./testing/guest-text.ts";
import { type FunctionsWorld, pidOf, startFunctions } from "./testing/world.ts";

const loops: Code = () => `${forEver} ${goOn}`;
/** Takes all the memory that it gets, then writes where there is none. */
const eats: Code = () => `
  (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (i32.store (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) ${goOn}`;
const recurses = `(func $deep (param $n i32) (result i32)
  (i32.add (call $deep (i32.add (local.get $n) (i32.const 1))) (local.get $n)))`;

interface Attack {
  readonly name: string;
  readonly guest: GuestParts;
  readonly entry?: object;
  readonly status: number;
  readonly reason: string;
  readonly fault: string;
  readonly says: RegExp;
}

const cpu = "50ms";
const attacks: readonly Attack[] = [
  { name: "trap", guest: { onRequestBody: () => "unreachable" }, status: 502, reason: "FUNCTION_FAILED", fault: "trap", says: /unreachable/ },
  { name: "loop", guest: { onRequestBody: loops }, entry: { cpu }, status: 504, reason: "FUNCTION_TIMEOUT", fault: "cpu", says: /50 ms/ },
  { name: "loop-in-headers", guest: { onRequestHeaders: loops }, entry: { cpu }, status: 504, reason: "FUNCTION_TIMEOUT", fault: "cpu", says: /50 ms/ },
  { name: "fuel", guest: { onRequestBody: loops }, entry: { fuel: 1_000_000 }, status: 502, reason: "FUNCTION_FAILED", fault: "fuel", says: /1000000|fuel/ },
  { name: "memory", guest: { onRequestBody: eats }, entry: { memory: "8MiB" }, status: 502, reason: "FUNCTION_FAILED", fault: "trap", says: /memory|bounds/ },
  { name: "stack", guest: { fields: recurses, onRequestBody: () => `(drop (call $deep (i32.const 0))) ${goOn}` }, status: 502, reason: "FUNCTION_FAILED", fault: "stack", says: /stack/ },
]; // prettier-ignore

async function start(scope: Scope): Promise<FunctionsWorld> {
  const bad = await Promise.all(attacks.map(async (each) => [each.name, await guest(each.guest)] as const));
  const entries = attacks.map(({ name, entry = {} }) => [name, { instance_num: 1, ...entry }] as const);
  return startFunctions(scope, {
    modules: { good: await guest({ onRequestBody: answering("good") }), ...Object.fromEntries(bad) },
    functions: { good: { instance_num: 1 }, ...Object.fromEntries(entries) },
  });
} // prettier-ignore

describe("bad functions beside a good one", () => {
  it("each is contained and named; the good one does not fail", { timeout: 120_000 }, async (test) => {
    const scope = scopeOf(test);
    const world = await start(scope);
    const pid = pidOf(world.layotto, "wasm");
    const good = scope.use(new Callers({ port: world.port, count: 4, headers: { id: "good" } }));
    const before = residentBytes(pid);
    const rounds = isLong ? 200 : 15;
    for (const attack of attacks) await attacked(world, attack, rounds);
    await good.stop();
    const grown = residentBytes(pid) - before;
    test.diagnostic(`good: ${good.right} calls, ${good.failed} failed; ${Math.round(grown / 2 ** 20)} MiB more`);
    assert.equal(good.failed, 0, good.faults);
    assert.ok(good.right > 100, `${good.right} calls`);
    assert.ok(grown < 200 * 2 ** 20, `${grown} bytes more`);
    assert.equal(pidOf(world.layotto, "wasm"), pid, "it is the same process");
    await onlyBadOnesAreCounted(world);
  }); // prettier-ignore

  it("a function that crashes on and on rests, says until when, and is tried again", async (test) => {
    const scope = scopeOf(test);
    const world = await startFunctions(scope, {
      isWatched: true,
      modules: { shop: await guest({ onRequestBody: () => "unreachable" }) },
      functions: { shop: { instance_num: 1 } },
    });
    let crashes = 0;
    const rested = await eventually("its rest", async () => {
      const answer = await world.call("shop");
      if (answer.status === 503) return answer;
      assert.equal(answer.status, 502);
      crashes += 1;
      return undefined;
    });
    assert.equal(crashes, 10);
    assert.equal(rested.headers.get("retry-after"), "1");
    assert.equal(rested.headers.get("x-layotto-wasm-fault"), "back-off");
    assert.match(rested.text, /FUNCTION_BACK_OFF.*shop.* has crashed too often and rests/);
    const [listed] = await world.list();
    assert.ok((listed?.versions[0]?.restsMs ?? 0) > 0);

    // The trial after the rest crashes, too: the next rest is twice as long.
    const tried = async (): Promise<boolean> => (await world.call("shop")).status === 502;
    await eventually("a trial", tried, 5000);
    assert.equal((await world.call("shop")).headers.get("retry-after"), "2");
    // A version that is right takes over at once.
    world.place("shop", await guest({ onRequestBody: answering("well") }));
    await eventually("the good version", async () => (await world.call("shop")).text === "well");
    assert.equal((await world.call("shop")).status, 200);
  });
});

/** Calls it until it rests. */
async function attacked(world: FunctionsWorld, attack: Attack, rounds: number): Promise<void> {
  const { name, status, reason, fault, says } = attack;
  let rests = 0;
  for (let i = 0; i < rounds; i += 1) {
    const { status: got, headers, text } = await world.call(name);
    if (got === 503 && text.includes("FUNCTION_BACK_OFF")) {
      rests += 1;
      continue;
    }
    assert.deepEqual([name, got, headers.get("x-layotto-wasm-fault")], [name, status, fault], text);
    assert.match(text, new RegExp(`"reason":"${reason}"`));
    assert.match(text, says);
  }
  assert.ok(rests > 0, `${name} never rests`);
}

async function onlyBadOnesAreCounted(world: FunctionsWorld): Promise<void> {
  const stats = await world.stats();
  assert.deepEqual(stats["good"]?.faults, {});
  for (const { name, fault } of attacks)
    assert.ok((stats[name]?.faults[fault] ?? 0) >= 10, `${name}: ${JSON.stringify(stats[name])}`);
  for (const { name, fault } of attacks) {
    const line = world.layotto.output().split("\n").find((each) => each.includes(`"function":"${name}"`) && each.includes(fault)); // prettier-ignore
    assert.ok(line !== undefined, `${name} is not named in the log`);
  }
}
