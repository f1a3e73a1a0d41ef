/** Functions that go on when processes are killed, replaced or configured anew. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { killHard } from "../harness/processes.ts";
import { type Scope, scopeOf } from "../harness/scope.ts";
import { isLong, measureFor } from "../harness/wait.ts";
import { Callers } from "./testing/callers.ts";
import { answering, goOn, guest, out, writeBuffer, written } from "./testing/guest-text.ts";
import { type FunctionsWorld, pidOf, startFunctions, timesIn } from "./testing/world.ts";

const callerCount = 16;
/** What is asked for; on a machine that does much else it takes longer. */
const backWithinMs = isLong ? 1000 : 5000;

/** Answers what is stored. */
const reader = (): Promise<Buffer> =>
  guest({
    imports: ["proxy_get_state"],
    onRequestBody: (texts) => `
      (if (call $proxy_get_state ${texts("orders")} ${texts("key")} ${out}) (then unreachable))
      (if (i32.load (i32.const 20)) (then ${writeBuffer(1, written)}) (else ${writeBuffer(1, texts("nothing"))}))
      ${goOn}`,
  }); // prettier-ignore

async function start(scope: Scope): Promise<FunctionsWorld> {
  const modules = {
    shop: await guest({ onRequestBody: answering("one") }),
    other: await guest({ onRequestBody: answering("two") }),
    reader: await reader(),
  };
  return startFunctions(scope, {
    modules,
    functions: { shop: {}, reader: { capabilities: { read: ["orders"] } } },
    sections: { state: { orders: { type: "in-memory" } } },
  });
}

function load(scope: Scope, world: FunctionsWorld, id: string): Callers {
  const callers = new Callers({ port: world.port, count: callerCount, headers: { id } });
  return scope.use(callers);
}

/** Orders a function whose module comes along. */
async function order(world: FunctionsWorld): Promise<void> {
  const module = (await guest({ onRequestBody: answering("ordered") })).toString("base64");
  assert.equal((await world.order("install", { name: "ordered", module })).status, 200);
}

async function someCalls(callers: Callers, count = 200): Promise<void> {
  const before = callers.right;
  await eventually(`${count} calls`, () => callers.right - before >= count, 20_000);
}

it("kill -9 under load: functions are back within their time", { timeout: 120_000 }, async (test) => {
  const scope = scopeOf(test);
  const world = await start(scope);
  await order(world);
  const callers = load(scope, world, "shop");
  const times: number[] = [];
  for (let round = 0; round < (isLong ? 5 : 1); round += 1) {
    // A process that has run for less than this is started again later each time.
    if (round > 0) await measureFor(11_000);
    await someCalls(callers);
    const pid = pidOf(world.layotto, "wasm");
    const began = performance.now();
    killHard(pid);
    // The first answer after the first failure.
    const failed = callers.failed;
    await eventually("a failure", () => callers.failed > failed);
    // Answers of the process that is dead may still come; those after the line of the new one are its own.
    await eventually("another process", () => pidOf(world.layotto, "wasm") !== pid);
    const right = callers.right;
    await eventually("an answer", () => callers.right > right, 15_000);
    times.push(performance.now() - began);
  }
  await callers.stop();
  assert.equal((await world.call("ordered")).text, "ordered");
  test.diagnostic(`back after ${times.map(Math.round).join(", ")} ms; failed: ${callers.faults}`);
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity;
  assert.ok(median < backWithinMs, `${median} ms`);
  // Connections broke; nobody was told anything wrong.
  for (const fault of callers.wrong.keys()) assert.match(fault, /ECONNRESET|socket hang up|EPIPE/);
}); // prettier-ignore

it("upgrades under load fail no call", { timeout: 60_000 }, async (test) => {
  const scope = scopeOf(test);
  const world = await start(scope);
  await order(world);
  const [shop, reading, ordered] = [load(scope, world, "shop"), load(scope, world, "reader"), load(scope, world, "ordered")];
  const upgrades = isLong ? 10 : 1;
  for (let i = 1; i <= upgrades; i += 1) {
    await someCalls(shop);
    const { code, stderr } = await world.layotto.command("upgrade", "wasm");
    assert.equal(code, 0, stderr);
    const isAlone = (): boolean => timesIn(world.layotto, '"sidecar":"wasm","msg":"stopped"') === i;
    await eventually("the end of the old generation", isAlone, 15_000);
    await someCalls(shop);
    await someCalls(reading, 50);
    await someCalls(ordered, 50);
  }
  await Promise.all([shop.stop(), reading.stop(), ordered.stop()]);
  test.diagnostic(`${shop.right + reading.right + ordered.right} calls`);
  assert.deepEqual([shop.faults, reading.faults, ordered.faults], ["", "", ""]);
  const { generation, restarts } = await world.layotto.process("wasm");
  assert.deepEqual([generation, restarts], [upgrades + 1, 0]);
}); // prettier-ignore

it("a changed configuration under load fails no call", { timeout: 60_000 }, async (test) => {
  const scope = scopeOf(test);
  const world = await start(scope);
  const pid = pidOf(world.layotto, "wasm");
  const callers = load(scope, world, "shop");
  const changes = isLong ? 100 : 6;
  for (let i = 1; i <= changes; i += 1) {
    const file = i % 2 === 1 ? "other" : "shop";
    const wanted = i % 2 === 1 ? "two" : "one";
    const path = `${world.folder}/${file}.wasm`;
    // The definition changes, too, and another function comes and goes.
    const added = i % 2 === 1 ? { added: { path } } : {};
    const kept = { reader: { path: `${world.folder}/reader.wasm` } };
    world.reconfigure({ functions: { shop: { path, instance_num: 1 + (i % 3) }, ...kept, ...added } });
    await eventually(`change ${i}`, async () => (await world.call("shop")).text === wanted, 10_000);
    const isThere = async (): Promise<boolean> => ((await world.call("added")).status === 200) === (i % 2 === 1);
    await eventually("the function that comes and goes", isThere, 10_000);
  }
  await callers.stop();
  test.diagnostic(`${callers.right} calls`);
  assert.equal(callers.faults, "");
  assert.deepEqual([...callers.texts.keys()].toSorted(), ["one", "two"]);
  assert.equal(pidOf(world.layotto, "wasm"), pid, "it is the same process");
}); // prettier-ignore

it(
  "a configuration that cannot be used leaves everything as it is",
  { timeout: 60_000 },
  async (test) => {
    const scope = scopeOf(test);
    const world = await start(scope);
    const before = (await world.order("list")).text;
    world.reconfigure({ functions: { shop: { path: "x.wasm", memory: "much" } } });
    await eventually("its refusal", () =>
      world.layotto.output().includes("changed configuration refused"),
    );
    assert.match(world.layotto.output(), /wasm\.functions\.shop\.memory/);
    assert.equal((await world.order("list")).text, before);
    assert.equal((await world.call("shop")).text, "one");
  },
);

it("a gateway that is killed: functions that read state wait for the next one", { timeout: 60_000 }, async (test) => {
  const scope = scopeOf(test);
  const world = await start(scope);
  const [shop, reading] = [load(scope, world, "shop"), load(scope, world, "reader")];
  await someCalls(reading);
  const pid = pidOf(world.layotto, "gateway");
  const began = performance.now();
  killHard(pid);
  await eventually("another gateway", () => pidOf(world.layotto, "gateway") !== pid, 15_000);
  await someCalls(reading);
  const backMs = performance.now() - began;
  await Promise.all([shop.stop(), reading.stop()]);
  test.diagnostic(`back after ${Math.round(backMs)} ms; ${reading.failed} of ${reading.right} reading calls failed`);
  assert.equal(shop.faults, "", "functions that read nothing notice nothing");
  // Calls that were under way are lost with the connection, no others.
  assert.ok(reading.failed <= callerCount, reading.faults);
  assert.equal((await world.call("reader")).text, "nothing");
}); // prettier-ignore
