/**
 * `npm run bench`: the figures of docs/performance.md, all measured in one run on this machine.
 * `npm run bench -- --help` lists the options.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { call } from "./lib/call.mjs";
import { idleConnectionKib } from "./lib/idle.mjs";
import { latency, measure } from "./lib/measure.mjs";
import { readOptions } from "./lib/options.mjs";
import { memoryKib, start, stop, which } from "./lib/processes.mjs";
import { machine, markdown, oneDigit, thousands } from "./lib/report.mjs";
import * as targets from "./lib/rows.mjs";
import { requests, methods } from "./lib/messages.mjs";
import { gatewayCounts, startRedis, startSystem } from "./lib/system.mjs";

/** What CI tolerates on shared machines. */
const CI_SLACK = 0.3;
const single = { name: "1 × 1", clients: 1, streams: 1 };

const options = readOptions();
if (which("h2load") === undefined) {
  process.stderr.write("install h2load (Debian: nghttp2-client) to measure: not found on PATH\n");
  process.exit(69);
}
const result = { machine: machine(), rows: [], checks: [], latency: undefined };
const wanted = (name) =>
  options.rows.length === 0 ||
  options.rows.some((part) => name.toLowerCase().includes(part.toLowerCase()));
const say = (text) => process.stderr.write(`${text}\n`);

function check(name, measured, target, shown, atLeast = false) {
  const ok = atLeast ? measured >= target : measured <= target;
  result.checks.push({ name, measured, target, shown, ok, atLeast });
}

async function measureRow(system, row, redis) {
  const target = { port: system.gatewayPort };
  if (row.prepare) await call(system.address, row.prepare.method, row.prepare.request);
  await call(system.address, row.method, row.request);
  const pids = {
    gateway: system.pids.gateway,
    sidecar: system.pids[row.sidecar],
    ...(row.needs === "redis" && { redis: redis.pid }),
  };
  for (const load of options.loads) {
    const before = await gatewayCounts(system.actuatorPort);
    const figures = await measure(target, row, load, options.seconds, pids);
    const statuses = difference(await gatewayCounts(system.actuatorPort), before, figures.calls);
    result.rows.push({ name: row.name, load: load.name, ...figures, statuses });
    say(`${row.name}, ${load.name}: ${thousands(figures.perSecond)} req/s, ${statuses}`);
    const goal = row.target[load.name];
    if (goal && !options.ci) {
      const name = `${row.name}, ${load.name}`;
      check(name, figures.perSecond, goal, thousands(figures.perSecond), true);
    }
    if (row.target.cpu && load.name === "8 × 16" && !options.ci) {
      const cpu = figures.cpu.gateway + figures.cpu.sidecar;
      check(`${row.name}, CPU µs of gateway + sidecar`, cpu, row.target.cpu, oneDigit(cpu));
    }
  }
}

/** How the gateway judged the calls between two scrapes, in words. */
function difference(after, before, expected) {
  const parts = Object.entries(after)
    .map(([code, count]) => [code, count - (before[code] ?? 0)])
    .filter(([, count]) => count > 0);
  const ok = parts.find(([code]) => code === "OK" || code === "0")?.[1] ?? 0;
  const bad = parts.filter(([code]) => code !== "OK" && code !== "0");
  if (bad.length === 0 && ok === expected) return "all";
  return `${ok} of ${expected}${bad.map(([code, count]) => `, ${code} ${count}`).join("")}`;
}

/** GetState in one process, without gateway, on a transport: the references of the ratios. */
async function measureAlone(script, name) {
  const path = new URL(`./reference/${script}.mjs`, import.meta.url).pathname;
  const server = start(process.execPath, [path], { ipc: true });
  const { port } = await new Promise((resolve, reject) => {
    server.child.once("message", resolve);
    void server.exited.then(() => reject(new Error(server.output)));
  });
  const row = { method: methods.getState, request: requests.getState("memory") };
  await call(`127.0.0.1:${port}`, row.method, row.request);
  for (const load of options.loads) {
    const figures = await measure({ port }, row, load, options.seconds, { sidecar: server.pid });
    result.rows.push({ name, load: load.name, ...figures, statuses: "–" });
    say(`${name}, ${load.name}: ${thousands(figures.perSecond)} req/s`);
  }
  await stop(server);
}

async function measureReferences() {
  await measureAlone("grpc-js", "GetState in-memory, grpc-js alone");
  await measureAlone("transport", "GetState in-memory, grpc-transport alone");
  const ours = find("GetState in-memory", "8 × 16");
  const theirs = find("GetState in-memory, grpc-js alone", "8 × 16");
  if (ours && theirs) {
    const ratio = ours.perSecond / theirs.perSecond;
    const title = "GetState in-memory through the gateway ÷ grpc-js alone";
    check(title, ratio, targets.RATIO_TO_GRPC_JS, oneDigit(ratio), true);
  }
  measureLmdb();
}

const find = (name, load) => result.rows.find((row) => row.name === name && row.load === load);

function measureLmdb() {
  const ours = find("SaveState embedded (fsync)", "8 × 16");
  if (!ours) return;
  const folder = mkdtempSync(join(tmpdir(), "layotto-lmdb-"));
  try {
    const script = new URL("./reference/lmdb.mjs", import.meta.url).pathname;
    const args = [script, folder, "128", String(options.seconds)];
    const { perSecond } = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
    result.rows.push({
      name: "put, bare lmdb (fsync)",
      load: "128",
      perSecond,
      cpu: {},
      statuses: "–",
    });
    const ratio = ours.perSecond / perSecond;
    const shown = `${ratio.toFixed(2)} (${thousands(ours.perSecond)} of ${thousands(perSecond)})`;
    check("SaveState embedded ÷ bare lmdb", ratio, targets.RATIO_TO_LMDB, shown, true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureLatency(system) {
  const row = { method: methods.getState, request: requests.getState("memory") };
  await call(system.address, methods.saveState, requests.saveState("memory"));
  const through = { port: system.gatewayPort };
  const direct = { path: system.socket("state") };
  await latency(through, row, single, 5_000);
  await latency(direct, row, single, 5_000);
  const gateway = await latency(through, row, single, 20_000);
  const sidecar = await latency(direct, row, single, 20_000);
  const loaded = await latency(through, row, { clients: 8, streams: 16 }, 200_000);
  result.latency = {
    "GetState in-memory, one at a time, through the gateway": gateway,
    "GetState in-memory, one at a time, sidecar alone": sidecar,
    "GetState in-memory, 8 × 16": loaded,
  };
  check("one at a time, p50 µs", gateway.p50, targets.SINGLE_P50, `${gateway.p50}`);
  const share = gateway.p50 - sidecar.p50;
  check("one at a time, the gateway's share µs", share, targets.SINGLE_GATEWAY, `${share}`);
}

function noteMemory(system, when) {
  let pss = 0;
  for (const [name, pid] of Object.entries(system.pids)) {
    const kib = memoryKib(pid);
    (result.memory ??= {})[`${name}, ${when}`] = kib;
    if (name !== "supervisor") pss += kib.pss;
  }
  const shown = `${oneDigit(pss / 1024)} (supervisor ${oneDigit(memoryKib(system.pids.supervisor).pss / 1024)})`;
  if (when === "idle") {
    const name = "idle PSS MiB of gateway, state and hello";
    check(name, pss / 1024, targets.IDLE_PSS_MIB, shown);
  }
}

async function measureStart(redisPort) {
  const times = [];
  for (let run = 0; run < 5; run++) {
    const system = await startSystem(redisPort);
    times.push(system.startMs);
    await system.stop();
  }
  const median = times.sort((a, b) => a - b)[2];
  check("layotto start to all ready, ms", median, targets.START_ALL, `${Math.round(median)}`);
}

async function run() {
  const redis = await startRedis();
  if (!redis) say("skip Redis rows: redis-server is not installed");
  if (!options.skip.has("startup")) await measureStart(redis?.port);
  const system = await startSystem(redis?.port);
  try {
    await pause(options.skip.has("memory") ? 0 : 3_000);
    if (!options.skip.has("memory")) noteMemory(system, "idle");
    if (!options.skip.has("idle")) {
      const kib = await idleConnectionKib(system.gatewayPort, system.pids.gateway);
      check("KiB per idle client connection", kib, targets.IDLE_CONNECTION_KIB, oneDigit(kib));
    }
    for (const row of targets.rows) {
      if (!wanted(row.name) || (row.needs === "redis" && !redis)) continue;
      await measureRow(system, row, redis);
    }
    if (!options.skip.has("latency")) await measureLatency(system);
    if (!options.skip.has("memory")) noteMemory(system, "after load");
  } finally {
    await system.stop();
    if (redis) await stop(redis);
  }
}

if (!options.skip.has("system")) await run();
if (!options.skip.has("reference")) {
  await measureReferences();
}
const report = markdown(result);
process.stdout.write(report);
if (options.out) writeFileSync(options.out, report);
mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
if (options.ci) {
  const missed = result.checks.filter(({ measured, target, atLeast }) =>
    atLeast ? measured < target * (1 - CI_SLACK) : measured > target * (1 + CI_SLACK),
  );
  for (const { name, shown, target } of missed) say(`missed: ${name}: ${shown}, target ${target}`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}
