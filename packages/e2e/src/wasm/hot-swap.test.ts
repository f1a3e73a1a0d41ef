/** New versions of a function that take over while it is called. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { residentBytes } from "../harness/processes.ts";
import { type Scope, scopeOf } from "../harness/scope.ts";
import { isLong } from "../harness/wait.ts";
import { Callers, type Judge } from "./testing/callers.ts";
import { numberedModules, versionText } from "./testing/modules.ts";
import { type FunctionsWorld, pidOf, startFunctions, timesIn } from "./testing/world.ts";

const callerCount = 32;
const swaps = isLong ? 1000 : 100;
const moduleBytes = 2_000_000;
/** Most that the process may grow by after a fifth of the swaps. Old versions that stayed would be 160 MB and more. */
const growthBytes = 130 * 2 ** 20;

/** Versions only go up, for each caller: the routes change in one go. */
function judgeOrder(): Judge {
  let last = "";
  return (status, text) => {
    const isRight = status === 200 && /^version-\d{4}$/.test(text) && text >= last;
    last = text;
    return isRight;
  };
}

it(`${swaps} swaps under ${callerCount} callers fail no call`, { timeout: 600_000 }, async (test) => {
  const scope = scopeOf(test);
  const moduleOf = await numberedModules(moduleBytes);
  const world = await startWatched(scope, moduleOf(0));
  const pid = pidOf(world.layotto, "wasm");
  const callers = scope.use(new Callers({ port: world.port, count: callerCount, headers: { id: "shop" }, judge: judgeOrder }));
  const began = performance.now();
  let settled = 0;
  for (let number = 1; number <= swaps; number += 1) {
    if (number % 10 === 5) await tear(world, moduleOf(number));
    if (number % 7 === 3) writeFileSync(join(world.folder, "shop.wasm"), moduleOf(number));
    else world.place("shop", moduleOf(number));
    await eventually(versionText(number), async () => (await world.call("shop")).text === versionText(number), 15_000);
    if (number === Math.floor(swaps / 5)) settled = residentBytes(pid);
  }
  const tookMs = performance.now() - began;
  await callers.stop();
  const grown = residentBytes(pid) - settled;
  test.diagnostic(`${callers.right} calls, ${callers.failed} failed, ${Math.round(tookMs / swaps)} ms a swap, ${Math.round(grown / 2 ** 20)} MiB more`);
  assert.equal(callers.failed, 0, callers.faults);
  assert.ok(callers.texts.size > swaps / 2, "callers saw the versions");
  assert.equal(pidOf(world.layotto, "wasm"), pid, "it is the same process");
  assert.ok(grown < growthBytes, `${grown} bytes more`);
  await onlyAnswers(world, swaps);
  await oldOnesAreGone(world);
  await rollsBack(world);
}); // prettier-ignore

async function startWatched(scope: Scope, first: Buffer): Promise<FunctionsWorld> {
  const functions = { shop: { instance_num: 2 } };
  return startFunctions(scope, { isWatched: true, modules: { shop: first }, functions });
}

/** Leaves half a file in place until it is refused: it is news each time, because its content is. */
async function tear(world: FunctionsWorld, module: Buffer): Promise<void> {
  const refusals = (): number => timesIn(world.layotto, "function not installed");
  const before = refusals();
  writeFileSync(join(world.folder, "shop.wasm"), module.subarray(0, module.length / 2));
  await eventually("refusal of a torn file", () => refusals() > before, 15_000);
}

async function onlyAnswers(world: FunctionsWorld, number: number): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 64 }, () => world.call("shop")));
  assert.deepEqual([...new Set(answers.map(({ text }) => text))], [versionText(number)]);
}

/** What is kept are files for a rollback; nothing but the newest runs. */
async function oldOnesAreGone(world: FunctionsWorld): Promise<void> {
  const [listed] = await world.list();
  assert.equal(listed?.fault, undefined);
  assert.deepEqual(listed?.versions.map(({ state }) => state), ["active", "kept", "kept", "kept"]);
  const stats = (await world.stats())["shop"];
  assert.equal(stats?.swaps, swaps);
  assert.ok(stats.instances <= 2, `${stats.instances} instances`);
} // prettier-ignore

async function rollsBack(world: FunctionsWorld): Promise<void> {
  const { status } = await world.order("rollback", { name: "shop" });
  assert.equal(status, 200);
  await onlyAnswers(world, swaps - 1);
  const [listed] = await world.list();
  const active = listed?.versions.find(({ state }) => state === "active")?.version;
  assert.equal(active, swaps);
  assert.equal((await world.order("rollback", { name: "shop", version: swaps + 1 })).status, 200);
  await onlyAnswers(world, swaps);
  assert.equal((await world.order("rollback", { name: "shop", version: 1 })).status, 404);
  await onlyAnswers(world, swaps);
}
