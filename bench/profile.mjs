/**
 * Where the CPU time of gateway and sidecar goes under one row's load: V8's sampling profiler in every process, top
 * self times on stdout.
 *
 *     node bench/profile.mjs ["GetState in-memory"] [8x16]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { runH2load } from "./lib/h2load.mjs";
import { stop, waitUntil } from "./lib/processes.mjs";
import { GET_STATE, rows } from "./lib/rows.mjs";
import { startRedis, startSystem } from "./lib/system.mjs";
import { call } from "./lib/call.mjs";

const TOP = 25;
/** Waiting, and the profiler itself. */
const NOT_OURS = new Set(["(idle)", "dispatch"]);
const CALLS = 400_000;
const [wanted = GET_STATE, load = "8x16"] = process.argv.slice(2);
const row = rows.find(({ name }) => name === wanted);
if (row === undefined) {
  process.stderr.write(
    `Cannot profile "${wanted}": rows are ${rows.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(64);
}
const [clients, streams] = load.split("x").map(Number);
const folder = mkdtempSync(join(tmpdir(), "lay-profile-"));
process.env.LAYOTTO_PROFILE_DIR = folder;
process.env.NODE_OPTIONS = `--require ${fileURLToPath(new URL("lib/profile-preload.cjs", import.meta.url))}`;

const redis = row.needs === "redis" ? await startRedis() : undefined;
const system = await startSystem(redis?.port);
if (row.prepare) await call(system.address, row.prepare.method, row.prepare.request);
const count = row.slow ? CALLS / 10 : CALLS;
const target = { port: system.gatewayPort };
const profiled = ["gateway", row.sidecar];
const signal = () => {
  for (const name of profiled) process.kill(system.pids[name], "SIGUSR2");
};
const run = (calls) =>
  runH2load(target, row.method, row.request, { clients, streams, count: calls });
await run(count / 4);
signal();
await run(count);
signal();
const profileOf = (name) => join(folder, `${system.pids[name]}.json`);
for (const name of profiled) {
  await waitUntil(`profile of ${name}`, () => existsSync(profileOf(name)));
}
await system.stop();
if (redis) await stop(redis);
for (const name of profiled) print(name);
rmSync(folder, { recursive: true, force: true });

function print(name) {
  const times = selfTimes(JSON.parse(readFileSync(profileOf(name), "utf8")));
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const top = [...times].toSorted(([, a], [, b]) => b - a).slice(0, TOP);
  process.stdout.write(`\n${name}, ${wanted}, ${load}: ${(busy / 1000).toFixed(0)} ms of CPU\n`);
  for (const [place, time] of top) {
    process.stdout.write(`${((time / busy) * 100).toFixed(1).padStart(6)} %  ${place}\n`);
  }
}

/** Self time in µs by function, idle time left out. */
function selfTimes({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, placeOf(node.callFrame)]));
  const times = new Map();
  for (const [index, id] of samples.entries()) {
    const place = byId.get(id) ?? "?";
    if (NOT_OURS.has(place)) continue;
    times.set(place, (times.get(place) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return times;
}

function placeOf({ functionName, url, lineNumber }) {
  if (url === "") return functionName;
  return `${functionName || "(anonymous)"} ${basename(url)}:${lineNumber + 1}`;
}
