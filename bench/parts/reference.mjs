import { fileURLToPath } from "node:url";

import { call } from "../lib/call.mjs";
import { measure } from "../lib/measure.mjs";
import { methods, requests } from "../lib/messages.mjs";
import { start, stop } from "../lib/processes.mjs";
import { oneDigit, thousands } from "../lib/report.mjs";
import { CPU_TO_GRPC_JS, GET_STATE, RATIO_TO_GRPC_JS, rows } from "../lib/rows.mjs";
import { measureRow } from "./rows.mjs";

const GRPC_JS = "GetState in-memory, grpc-js alone";
const row = { method: methods.getState, request: requests.getState("memory") };

/** The same GetState in one process without gateway: on grpc-js, the reference of the ratio, and on our transport. */
export async function measureReferences({ result, options, say }) {
  await measureAlone("grpc-js", GRPC_JS, { result, options, say });
  await measureAlone("transport", "GetState in-memory, grpc-transport alone", {
    result,
    options,
    say,
  });
  checkRatio(result);
}

/** What CI asserts: ours and the reference by turns, so that what else the machine does meets both; the best counts. */
export async function measureRatio({ result, options, say }, system) {
  const load = { name: "8 × 16", clients: 8, streams: 16 };
  const ours = rows.find(({ name }) => name === GET_STATE);
  const reference = await startReference("grpc-js");
  for (let round = 0; round < 3; round++) {
    keepBest(result, await measureRow(system, ours, load, options));
    keepBest(result, await measureOne(reference, GRPC_JS, load, options));
  }
  await stop(reference.process);
  for (const { name, perSecond } of result.rows) say(`${name}: ${thousands(perSecond)} req/s`);
  checkRatio(result);
}

function keepBest(result, found) {
  const best = result.find(found.name, found.load);
  if (best === undefined || found.failed) result.add(found);
  else if (found.perSecond > best.perSecond) Object.assign(best, found);
}

function checkRatio(result) {
  const ours = result.find(GET_STATE, "8 × 16");
  const theirs = result.find(GRPC_JS, "8 × 16");
  if (ours === undefined || theirs === undefined) return;
  const ratio = ours.perSecond / theirs.perSecond;
  const name = "GetState in-memory through the gateway ÷ grpc-js alone, req/s";
  result.check(name, ratio, RATIO_TO_GRPC_JS, {
    shown: oneDigit(ratio),
    atLeast: true,
    slack: 0.3,
  });
  const cpu = (ours.cpu.gateway + ours.cpu.sidecar) / theirs.cpu.sidecar;
  const cpuName = "GetState in-memory, CPU of gateway + sidecar ÷ grpc-js alone";
  result.check(cpuName, cpu, CPU_TO_GRPC_JS, { shown: cpu.toFixed(2), slack: 0.3 });
}

async function measureAlone(script, name, { result, options, say }) {
  const reference = await startReference(script);
  for (const load of options.loads) {
    const found = await measureOne(reference, name, load, options);
    result.add(found);
    say(`${name}, ${load.name}: ${thousands(found.perSecond)} req/s`);
  }
  await stop(reference.process);
}

export async function startReference(script) {
  const path = fileURLToPath(new URL(`../reference/${script}.mjs`, import.meta.url));
  const process = start(globalThis.process.execPath, [path], { ipc: true });
  const { port } = await reply(process);
  await call(`127.0.0.1:${port}`, row.method, row.request);
  return { process, port };
}

/** One load on a reference. It counts the replies that it gave itself; none of them is an error. */
async function measureOne({ process, port }, name, load, options) {
  const before = await replies(process);
  const figures = await measure({ port }, row, load, options, { sidecar: process.pid });
  const ok = (await replies(process)) - before;
  const failed = ok !== figures.calls;
  const statuses = failed ? `FAILED: ${ok} of ${figures.calls} OK` : `all ${ok}`;
  return { name, load: load.name, ...figures, statuses, failed };
}

async function replies(process) {
  process.child.send("count");
  return (await reply(process)).replies;
}

function reply(process) {
  return new Promise((resolve, reject) => {
    process.child.once("message", resolve);
    void process.exited.then(() => reject(new Error(`reference ended: ${process.output}`)));
  });
}
