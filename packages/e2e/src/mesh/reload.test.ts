/** Routes and clusters that change, and a mesh process that is replaced, while calls run through every way. */
import assert from "node:assert/strict";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { it } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { type Scope, scopeOf } from "../harness/scope.ts";
import { isLong } from "../harness/wait.ts";
import { ClosedLoop } from "./closed-loop.ts";
import { type FaultWorld, meshBefore, startFaultWorld } from "./fault-world.ts";
import { HttpClient } from "./http-client.ts";

const callerCount = 32;
const changes = isLong ? 200 : 20;
const upgrades = isLong ? 20 : 3;

/** Replaces a part of the configuration file, in one go as editors do. */
function change({ layotto }: FaultWorld, part: object): void {
  const content: unknown = JSON.parse(readFileSync(layotto.configFile, "utf8"));
  writeFileSync(`${layotto.configFile}.new`, JSON.stringify({ ...Object(content), ...part }));
  renameSync(`${layotto.configFile}.new`, layotto.configFile);
}

/** Reads the header that tells which configuration a call went by. */
function versionReader(scope: Scope, { ports }: FaultWorld): () => Promise<string> {
  const client = scope.use(new HttpClient(ports.http));
  return async () => {
    const { status, headers } = await client.send("GET", "/calls/version");
    assert.equal(status, 200);
    return String(headers["x-version"]);
  };
}

it(`${changes} changes of routes and clusters under ${callerCount} callers fail no call`, { timeout: 300_000 }, async (test) => {
  const scope = scopeOf(test);
  const world = await startFaultWorld(scope);
  const version = versionReader(scope, world);
  const load = new ClosedLoop(world.callers, callerCount);
  for (let i = 1; i <= changes; i += 1) {
    // Clusters get new names, and some of the hosts leave or come.
    const used = i % 2 === 0 ? [0, 1, 2] : [2, 3, 4];
    const more = { response_headers_to_add: { "x-version": String(i) } };
    const suffix = i % 3 === 0 ? "" : `-${i % 3}`;
    change(world, { mesh: meshBefore(world.hosts, world.ports, { used, suffix, more }) });
    await eventually(`version ${i}`, async () => (await version()) === String(i), 10_000);
  }
  await load.stop();
  test.diagnostic(`${load.tally.calls} calls`);
  assert.deepEqual((await world.hosts.report()).repeated, []);
}); // prettier-ignore

it("a bad file is refused with its report in the log, and what was there stays", { timeout: 60_000 }, async (test) => {
  const scope = scopeOf(test);
  const world = await startFaultWorld(scope);
  const version = versionReader(scope, world);
  const load = new ClosedLoop(world.callers, callerCount);
  const good = meshBefore(world.hosts, world.ports, { more: { response_headers_to_add: { "x-version": "good" } } });
  change(world, { mesh: good });
  await eventually("the good file", async () => (await version()) === "good", 10_000);

  const renamed = meshBefore(world.hosts, world.ports, { suffix: "-other" });
  change(world, { mesh: { ...good, clusters: renamed["clusters"] } });
  await refused(world, 1, /http.*-other|cluster "http"|is not configured/);
  assert.equal(await version(), "good");

  change(world, { mesh: { ...good, routers: [{ router_config_name: "http", virtual_hosts: 7 }] } });
  await refused(world, 2, /virtual_hosts/);
  writeFileSync(world.layotto.configFile, "{ this is no JSON");
  await refused(world, 3, /layotto\.json/);
  assert.equal(await version(), "good");
  await load.stop();
}); // prettier-ignore

/** Waits for the nth report. */
async function refused({ layotto }: FaultWorld, count: number, report: RegExp): Promise<void> {
  const parts = (): string[] => layotto.output().split("changed configuration refused").slice(1);
  await eventually(`refusal ${count}`, () => parts().length >= count, 10_000);
  assert.match(parts().slice(count - 1).join(""), report);
} // prettier-ignore

it(`${upgrades} upgrades of the mesh under ${callerCount} callers fail no call`, { timeout: 300_000 }, async (test) => {
  const scope = scopeOf(test);
  const world = await startFaultWorld(scope);
  const load = new ClosedLoop(world.callers, callerCount);
  for (let i = 0; i < upgrades; i += 1) {
    const { code, stderr } = await world.layotto.command("upgrade", "mesh");
    assert.equal(code, 0, stderr);
    const isAlone = async (): Promise<boolean> => (await world.layotto.process("mesh")).draining === 0;
    await eventually("the end of the old generation", isAlone, 30_000);
  }
  await load.stop();
  test.diagnostic(`${load.tally.calls} calls`);
  assert.deepEqual((await world.hosts.report()).repeated, []);
  const mesh = await world.layotto.process("mesh");
  assert.deepEqual([mesh.generation, mesh.restarts], [upgrades + 1, 0]);
}); // prettier-ignore
