import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { call } from "../lib/call.mjs";
import { runHttp1 } from "../lib/http1.mjs";
import { charged } from "../lib/measure.mjs";
import { methods, requests } from "../lib/messages.mjs";
import { echoModule, stateModule } from "../lib/modules.mjs";
import { freePort, memoryKib, start, stop, waitUntil } from "../lib/processes.mjs";
import { oneDigit, thousands } from "../lib/report.mjs";
import { WASM } from "../lib/rows.mjs";
import { startSystem } from "../lib/system.mjs";

const LOAD = { clients: 64, streams: 1 };
const SINGLE = { clients: 1, streams: 1, count: 10_000 };
const PATH = "/?name=book1";
const SMALL_FUNCTIONS = 1_000;
const BUSY_FUNCTIONS = 10;
const BUSY_ROUNDS = 4;
const COLD_CALLS = 20;
const DROPS = 10;
const execute = promisify(execFile);

/** Functions in WebAssembly, end to end over HTTP, beside the same work in plain Node.js. */
export async function measureWasm(bench) {
  const folder = mkdtempSync(join(tmpdir(), "lay-bench-wasm-"));
  try {
    await measureCalls(bench, folder);
    await measureFreshInstance(bench);
    await measureDrop(bench, folder);
    await measureThousand(bench, folder);
    await measurePlainNode(bench);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureCalls(bench, folder) {
  writeFileSync(join(folder, "echo.wasm"), echoModule());
  writeFileSync(join(folder, "state.wasm"), stateModule());
  const port = await freePort();
  const system = await startSystem(undefined, {
    app: { app_id: "bench" },
    state: { memory: { type: "in-memory" } },
    wasm: {
      listeners: [{ name: "functions", address: `127.0.0.1:${port}` }],
      functions: {
        warm: { path: join(folder, "echo.wasm"), instance_num: 2 },
        fresh: { path: join(folder, "echo.wasm"), instance_num: 2, isolation: "fresh" },
        state: {
          path: join(folder, "state.wasm"),
          instance_num: 8,
          capabilities: { read: ["memory"] },
        },
      },
    },
  });
  try {
    await call(system.address, methods.saveState, requests.saveState("memory"));
    const pids = { wasm: system.pids.wasm, gateway: system.pids.gateway, state: system.pids.state };
    await measureFunction(bench, port, pids, "warm", WASM.warm.perSecond);
    await measureFunction(bench, port, pids, "state", WASM.stateRead.perSecond);
    await measureFunction(bench, port, pids, "fresh", WASM.fresh.perSecond);
    await measureSingle(bench, port);
  } finally {
    await system.stop();
  }
}

async function measureFunction({ result, options, say }, port, pids, id, goal) {
  const target = { port, path: PATH, headers: { id } };
  const probe = await runHttp1(target, { ...LOAD, count: 10_048 });
  const count = Math.ceil((probe.perSecond * options.seconds) / LOAD.clients) * LOAD.clients;
  const found = await charged(pids, () => runHttp1(target, { ...LOAD, count }));
  const name = `WASM function, ${id}`;
  result.add({ name, load: "64 × 1", ...found });
  const cpu = Object.entries(found.cpu).map(([process, us]) => `${process} ${oneDigit(us)}`);
  say(`${name}: ${thousands(found.perSecond)} req/s, ${cpu.join(", ")} µs`);
  const shown = thousands(found.perSecond);
  result.check(`${name}, per second`, found.perSecond, goal, { shown, atLeast: true });
}

async function measureSingle({ result, say }, port) {
  const target = { port, path: PATH, headers: { id: "warm" } };
  let best = Infinity;
  for (let round = 0; round < 3; round++)
    best = Math.min(best, (await runHttp1(target, SINGLE)).p50);
  result.check("WASM function, one at a time, p50, µs", best, WASM.warm.p50, { shown: `${best}` });
  say(`WASM function, one at a time: ${best} µs`);
}

async function measureFreshInstance({ result, say }) {
  const path = fileURLToPath(new URL("../reference/fresh-instance.mjs", import.meta.url));
  const { stdout } = await execute(process.execPath, [path]);
  const { p50, p99 } = JSON.parse(stdout);
  const { instanceP50, instanceP99 } = WASM.fresh;
  result.check("fresh instance, p50, ms", p50, instanceP50, { shown: p50.toFixed(3) });
  result.check("fresh instance, p99, ms", p99, instanceP99, { shown: p99.toFixed(3) });
  say(`fresh instance: p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms`);
}

/** Time from a file of 300 KB appearing in the watched folder to its function's first answer. */
async function measureDrop({ result, say }, folder) {
  const watched = join(folder, "watched");
  mkdirSync(watched);
  const port = await freePort();
  const system = await startSystem(undefined, {
    app: { app_id: "bench" },
    wasm: { listeners: [{ name: "f", address: `127.0.0.1:${port}` }], watch: [watched] },
  });
  const agent = new Agent({ keepAlive: true });
  try {
    const times = [];
    for (let i = 0; i < DROPS; i++) {
      const file = join(folder, "dropped.wasm");
      writeFileSync(file, echoModule(300_000 + i));
      const began = performance.now();
      renameSync(file, join(watched, `f${i}.wasm`));
      while ((await status(agent, port, `f${i}`)) !== 200) continue;
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const median = times[DROPS >> 1];
    const shown = `${median.toFixed(0)} (${times[0].toFixed(0)} to ${times.at(-1).toFixed(0)})`;
    result.check("file of 300 KB dropped → first answer, ms", median, WASM.dropMs, { shown });
    say(`file dropped → first answer: ${shown} ms`);
  } finally {
    agent.destroy();
    await system.stop();
  }
}

/** HTTP status of a call; 0 while nobody listens. */
function status(agent, port, id) {
  return new Promise((resolve) => {
    const options = { agent, port, host: "127.0.0.1", path: PATH, headers: { id } };
    const sent = request(options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    sent.on("error", () => resolve(0));
    sent.end();
  });
}

/** Many functions of which few are called: memory, and what the others cost the busy ones. */
async function measureThousand({ result, options, say }, folder) {
  const many = join(folder, "many");
  mkdirSync(many);
  for (let i = 0; i < SMALL_FUNCTIONS; i++)
    writeFileSync(join(many, `f${i}.wasm`), echoModule(9_000 + i));
  const few = await busyFunctions({ options }, folder, BUSY_FUNCTIONS);
  const all = await busyFunctions({ options }, folder, SMALL_FUNCTIONS, many);
  const mib = all.rssKib / 1024;
  const slower = few.perSecond / all.perSecond;
  result.check("1000 functions, 10 busy, RSS, MiB", mib, WASM.thousand.rssMib, {
    shown: oneDigit(mib),
  });
  result.check("10 busy functions ÷ the same among 1000", slower, WASM.thousand.slower, {
    shown: `${slower.toFixed(2)} (${thousands(few.perSecond)} ÷ ${thousands(all.perSecond)})`,
  });
  say(`1000 functions: ${oneDigit(mib)} MiB, ${slower.toFixed(2)} × slower`);
}

async function busyFunctions({ options }, folder, count, given) {
  const watched = given ?? join(folder, "few");
  if (given === undefined) {
    mkdirSync(watched);
    for (let i = 0; i < count; i++)
      writeFileSync(join(watched, `f${i}.wasm`), echoModule(9_000 + i));
  }
  const port = await freePort();
  const system = await startSystem(undefined, {
    app: { app_id: "bench" },
    wasm: { listeners: [{ name: "f", address: `127.0.0.1:${port}` }], watch: [watched] },
  });
  const agent = new Agent({ keepAlive: true });
  try {
    const last = `f${count - 1}`;
    await waitUntil(last, async () => (await status(agent, port, last)) === 200, {
      timeoutMs: 60_000,
    });
    const each = Math.ceil((3_000 * options.seconds) / BUSY_FUNCTIONS / 8) * 8;
    const load = { clients: 8, streams: 1, count: each };
    const targets = Array.from({ length: BUSY_FUNCTIONS }, (_, i) => ({
      port,
      path: PATH,
      headers: { id: `f${i * Math.floor(count / BUSY_FUNCTIONS)}` },
    }));
    let seconds = Infinity;
    // The first round warms up; V8 optimizes for some time.
    for (let round = 0; round < BUSY_ROUNDS; round++) {
      const began = performance.now();
      await Promise.all(targets.map((target) => runHttp1(target, load)));
      seconds = Math.min(seconds, (performance.now() - began) / 1000);
    }
    const { rss } = memoryKib(system.pids.wasm);
    return { perSecond: (each * BUSY_FUNCTIONS) / seconds, rssKib: rss };
  } finally {
    agent.destroy();
    await system.stop();
  }
}

/** The same work by a server in JavaScript, and by a program that is started for each call. */
async function measurePlainNode({ result, options, say }) {
  const path = fileURLToPath(new URL("../reference/node-http.mjs", import.meta.url));
  const server = start(process.execPath, [path], { ipc: true });
  try {
    const port = await new Promise((resolve) => server.child.once("message", resolve));
    const target = { port, path: PATH };
    const probe = await runHttp1(target, { ...LOAD, count: 10_048 });
    const count = Math.ceil((probe.perSecond * options.seconds) / LOAD.clients) * LOAD.clients;
    const found = await charged({ node: server.pid }, () => runHttp1(target, { ...LOAD, count }));
    const { p50 } = await runHttp1(target, SINGLE);
    result.add({ name: "plain Node.js server, the same work", load: "64 × 1", ...found });
    say(`plain Node.js server: ${thousands(found.perSecond)} req/s, one at a time ${p50} µs`);
    result.notes.push(`plain Node.js server, one at a time, p50: ${p50} µs`);
  } finally {
    await stop(server);
  }
  await measureColdProcess({ result, say });
}

async function measureColdProcess({ result, say }) {
  const script = fileURLToPath(new URL("../reference/node-script.mjs", import.meta.url));
  const began = performance.now();
  for (let i = 0; i < COLD_CALLS; i++) await execute(process.execPath, [script, "name=book1"]);
  const ms = (performance.now() - began) / COLD_CALLS;
  result.notes.push(`a process per call (\`node script\`): ${oneDigit(ms)} ms`);
  say(`a process per call: ${oneDigit(ms)} ms`);
}
