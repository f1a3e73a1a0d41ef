// Times a fresh instance with its call on the thread of the caller: prints { p50, p99 } in ms as JSON.
import { Guest } from "../../packages/wasm-host/dist/guest/guest.js";
import { runSteps } from "../../packages/wasm-host/dist/guest/steps.js";
import { importMemory } from "../../packages/wasm-host/dist/module/import-memory.js";
import { Memories } from "../../packages/wasm-host/dist/worker/memories.js";
import { echoModule } from "../lib/modules.mjs";

const CALLS = 20_000;
const empty = new Uint8Array(0);
const spec = {
  version: 1,
  name: "echo",
  rootContextId: 1,
  vmConfig: empty,
  pluginConfig: empty,
  environment: {},
  isolation: "fresh",
  recycling: { calls: 0, memoryBytes: 0 },
  hostFunctions: undefined,
  memoryBytes: 64 * 1024 * 1024,
  tableElements: 1000,
  bodyBytes: 1024 * 1024,
  streams: 1,
  fuel: 0,
  importedMemory: { initial: 8, maximum: undefined },
};
const memories = new Memories();
let memory;
const environment = {
  call: () => ({ status: 12, value: empty, extra: 0 }),
  callAsync: undefined,
  memory: (...pages) => (memory = memories.take(...pages)),
  log() {},
  logLevel: 6,
};
const input = {
  mode: "function",
  phase: "request",
  headers: [":method", "GET", ":path", "/?name=book1", ":authority", "bench"],
  body: Buffer.from("name=book1"),
  trailers: undefined,
  bodyFollows: false,
  properties: [],
};
const module = new WebAssembly.Module(importMemory(echoModule()));

const times = [];
for (let i = 0; i < CALLS; i++) {
  const began = performance.now();
  const guest = runSteps(Guest.start(module, spec, environment));
  runSteps(guest.open(1, input));
  if (guest.takeOutputs()[0]?.outcome !== "answer") throw new Error("no answer");
  memories.giveBack(memory);
  times.push(performance.now() - began);
  // As on a worker, other things happen between two calls.
  if (i % 16 === 0) await new Promise(setImmediate);
}
times.sort((a, b) => a - b);
const at = (share) => times[Math.floor(times.length * share)];
process.stdout.write(JSON.stringify({ p50: at(0.5), p99: at(0.99) }));
