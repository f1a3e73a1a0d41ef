/**
 * `npm run bench`: the figures of docs/performance.md, all measured in one run on this machine, with real processes.
 * `npm run bench -- --help` lists the options.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";

import { readOptions } from "./lib/options.mjs";
import { stop, which } from "./lib/processes.mjs";
import { markdown } from "./lib/report.mjs";
import { Result } from "./lib/result.mjs";
import { startRedis, startSystem } from "./lib/system.mjs";
import { measureEmbedded } from "./parts/embedded.mjs";
import { measureLatency } from "./parts/latency.mjs";
import { measureGrowth, measureIdle } from "./parts/memory.mjs";
import { measureMesh } from "./parts/mesh.mjs";
import { measurePubsub } from "./parts/pubsub.mjs";
import { measureRatio, measureReferences } from "./parts/reference.mjs";
import { measureRows } from "./parts/rows.mjs";
import { measureStartup } from "./parts/startup.mjs";
import { measureWasm } from "./parts/wasm.mjs";

const UNAVAILABLE = 69;

const options = readOptions();
if (which("h2load") === undefined) {
  process.stderr.write(
    "Cannot measure: install h2load (Debian: nghttp2-client), it is not on PATH\n",
  );
  process.exit(UNAVAILABLE);
}
const result = new Result();
const say = (text) => process.stderr.write(`${text}\n`);
const bench = { result, options, say };

result.machine.loadBefore = loadavg()[0];
await (options.ci ? runForCi() : runAll());
result.machine.loadAfter = loadavg()[0];
publish();

async function runForCi() {
  options.seconds = 1;
  const system = await startSystem();
  try {
    await measureRatio(bench, system);
    await measureLatency(bench, system);
    await measureEmbedded(bench, system);
  } finally {
    await system.stop();
  }
  const faults = result.faults();
  for (const fault of faults) say(`missed: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

async function runAll() {
  const { parts } = options;
  const redis = await startRedis();
  try {
    if (parts.has("startup")) await measureStartup(bench, redis);
    await withSystem(redis, async (system) => {
      if (parts.has("idle")) await measureIdle(bench, system);
      if (parts.has("rows")) await measureRows(bench, system, redis);
      if (parts.has("reference")) await measureReferences(bench);
      if (parts.has("latency")) await measureLatency(bench, system);
      if (parts.has("embedded")) await measureEmbedded(bench, system);
      if (parts.has("pubsub")) await measurePubsub(bench, redis);
      if (parts.has("mesh")) await measureMesh(bench);
      if (parts.has("wasm")) await measureWasm(bench);
      if (parts.has("growth")) await measureGrowth(bench, system);
    });
  } finally {
    if (redis) await stop(redis);
  }
}

async function withSystem(redis, run) {
  const system = await startSystem(redis?.port);
  try {
    await run(system);
  } finally {
    await system.stop();
  }
}

function publish() {
  const report = markdown(result);
  process.stdout.write(report);
  if (options.out) writeFileSync(options.out, report);
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
}
