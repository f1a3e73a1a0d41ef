import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { call } from "../lib/call.mjs";
import { runHttp1 } from "../lib/http1.mjs";
import { charged, latency, measure } from "../lib/measure.mjs";
import { methods, requests } from "../lib/messages.mjs";
import { freePort, start, stop, waitUntil, which } from "../lib/processes.mjs";
import { oneDigit, thousands } from "../lib/report.mjs";
import {
  CLIENT_TO_UNDICI,
  GOVERNANCE_COST,
  MESH,
  MESH_GO_CLIENT,
  MESH_SINGLE,
} from "../lib/rows.mjs";
import { counted, countedByMesh } from "../lib/statuses.mjs";
import { startSystem } from "../lib/system.mjs";

const LOAD = { name: "8 × 16", clients: 8, streams: 16 };
const SINGLE = { clients: 1, streams: 1 };
const ECHO_METHOD = "/bench.Echo/Echo";
const BODY_BYTES = 256;
const SINGLE_CALLS = 10_000;
/** ghz lists every call. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const execute = promisify(execFile);

/** InvokeService over HTTP and bolt, and the transparent proxy for HTTP/1.1 and gRPC, each in front of a raw echo. */
export async function measureMesh(bench) {
  const echo = await startEcho();
  try {
    for (const protocol of ["http", "bolt"]) await measureInvoke(bench, echo, protocol);
    await measureProxies(bench, echo);
    await measureGovernance(bench, echo);
    await measureClients(bench, echo);
  } finally {
    await stop(echo);
  }
}

async function startEcho() {
  const path = fileURLToPath(new URL("../reference/echo.mjs", import.meta.url));
  const echo = start(process.execPath, [path], { ipc: true });
  const ports = await new Promise((resolve, reject) => {
    echo.child.once("message", resolve);
    void echo.exited.then(() => reject(new Error(`echo ended: ${echo.output}`)));
  });
  return { ...echo, ports };
}

async function measureInvoke({ result, options, say }, echo, protocol) {
  const system = await startSystem(undefined, await invokeSections(echo, protocol));
  const name = `InvokeService ${protocol}`;
  const row = { method: methods.invokeService, request: requests.invoke("/echo", BODY_BYTES) };
  const pids = { gateway: system.pids.gateway, sidecar: system.pids.mesh };
  try {
    await answers(system.address, row);
    const target = { port: system.gatewayPort };
    const run = () => measure(target, row, LOAD, options, pids);
    const found = await counted(system, row.method, run);
    result.add({ name, load: LOAD.name, ...found });
    say(`${name}: ${thousands(found.perSecond)} req/s`);
    check(result, name, found, MESH[name], found.cpu.gateway + found.cpu.sidecar);
    if (protocol !== "http") return;
    await measureSingle({ result, say }, name, target, row, echo);
    await measureGoClient({ result, say }, name, system.address);
  } finally {
    await system.stop();
  }
}

/** The same with a grpc-go client, 16 calls in flight on one connection. */
async function measureGoClient({ result, say }, name, address) {
  if (which("ghz") === undefined)
    return void result.notes.push("ghz is missing: no grpc-go client");
  const data = {
    "@type": "type.googleapis.com/google.protobuf.StringValue",
    value: "x".repeat(BODY_BYTES),
  };
  const request = {
    id: "echo",
    message: { method: "/echo", data, http_extension: { verb: "POST" } },
  };
  const calls = ["--call", methods.invokeService.slice(1), "-d", JSON.stringify(request)];
  const load = ["-c", "16", "--connections", "1", "-n", "40000", "-O", "json"];
  let best = 0;
  for (let round = 0; round < 3; round++) {
    const args = ["--insecure", ...calls, ...load, address];
    const { stdout } = await execute("ghz", args, { maxBuffer: MAX_OUTPUT_BYTES });
    const { rps, statusCodeDistribution } = JSON.parse(stdout);
    if (statusCodeDistribution.OK !== 40_000)
      throw new Error(JSON.stringify(statusCodeDistribution));
    best = Math.max(best, rps);
  }
  const shown = thousands(best);
  result.check(`${name}, grpc-go client, 16 in flight, per second`, best, MESH_GO_CLIENT, {
    shown,
    atLeast: true,
  });
  say(`${name}, grpc-go client: ${shown} req/s`);
}

/** One call at a time, against the server itself, by turns. */
async function measureSingle({ result, say }, name, target, row, echo) {
  const direct = { port: echo.ports.http };
  let [through, alone] = [Infinity, Infinity];
  for (let round = 0; round < 3; round++) {
    through = Math.min(through, (await latency(target, row, SINGLE, SINGLE_CALLS)).p50);
    alone = Math.min(alone, (await runHttp1(direct, { ...SINGLE, count: SINGLE_CALLS })).p50);
  }
  reportSingle({ result, say }, name, through, alone);
}

function reportSingle({ result, say }, name, through, alone) {
  const shown = `${through - alone} (${through} − ${alone})`;
  result.check(`${name}, one at a time, p50 added, µs`, through - alone, MESH_SINGLE[name], {
    shown,
  });
  say(`${name}, one at a time: ${shown} µs added`);
}

async function measureProxies(bench, echo) {
  const { result, options, say } = bench;
  const [http1, grpc] = [await freePort(), await freePort()];
  const system = await startSystem(undefined, proxySections(echo, http1, grpc, {}));
  try {
    const pids = { mesh: system.pids.mesh };
    const row = { method: ECHO_METHOD, request: Buffer.alloc(BODY_BYTES) };
    await answers(`127.0.0.1:${grpc}`, row);
    const proxied = await countedByMesh(system, "rpc", () =>
      measure({ port: grpc }, row, LOAD, options, pids),
    );
    report(bench, "gRPC proxied", proxied);
    const plain = await countedByMesh(system, "web", () => measureHttp1(http1, options, pids));
    report(bench, "transparent HTTP/1.1 proxy", plain);
    let [through, alone] = [Infinity, Infinity];
    for (let round = 0; round < 3; round++) {
      const load = { ...SINGLE, count: SINGLE_CALLS };
      through = Math.min(through, (await runHttp1({ port: http1 }, load)).p50);
      alone = Math.min(alone, (await runHttp1({ port: echo.ports.http }, load)).p50);
    }
    reportSingle({ result, say }, "transparent HTTP/1.1 proxy", through, alone);
  } finally {
    await system.stop();
  }
}

async function measureHttp1(port, options, pids) {
  const load = { clients: 128, streams: 1 };
  const probe = await runHttp1({ port }, { ...load, count: 20_000 });
  const count = Math.ceil((probe.perSecond * options.seconds) / 128) * 128;
  const found = await charged(pids, () => runHttp1({ port }, { ...load, count }));
  return { ...found, calls: probe.succeeded + count };
}

function report({ result, say }, name, found) {
  result.add({ name, load: LOAD.name, ...found });
  say(`${name}: ${thousands(found.perSecond)} req/s, ${oneDigit(found.cpu.mesh)} µs`);
  check(result, name, found, MESH[name], found.cpu.mesh);
}

/** The proxy with everything on against everything off, CPU per request, by turns. */
async function measureGovernance({ result, options, say }, echo) {
  const cost = { off: Infinity, on: Infinity };
  for (let round = 0; round < 2; round++) {
    for (const mode of ["off", "on"]) {
      const [http1, grpc] = [await freePort(), await freePort()];
      const governed = mode === "on" ? everything : nothing;
      const system = await startSystem(undefined, proxySections(echo, http1, grpc, governed));
      try {
        const pids = { mesh: system.pids.mesh };
        await runHttp1({ port: http1 }, { clients: 8, streams: 1, count: 5_000 });
        const found = await measureHttp1(http1, options, pids);
        cost[mode] = Math.min(cost[mode], found.cpu.mesh);
      } finally {
        await system.stop();
      }
    }
  }
  const ratio = cost.on / cost.off;
  const shown = `${ratio.toFixed(2)} (${oneDigit(cost.on)} of ${oneDigit(cost.off)} µs)`;
  result.check("all governance on ÷ off, CPU per request", ratio, GOVERNANCE_COST, { shown });
  say(`all governance on ÷ off: ${shown}`);
}

/** The mesh's HTTP/1.1 client against undici's Pool, CPU per request, by turns. */
async function measureClients({ result, say }, echo) {
  const path = fileURLToPath(new URL("../reference/http-clients.mjs", import.meta.url));
  const best = {};
  for (let round = 0; round < 3; round++) {
    for (const client of ["ours", "undici", "undici-dispatch"]) {
      const args = [path, client, String(echo.ports.http), "100000", "32"];
      const { stdout } = await execute(process.execPath, args);
      best[client] = Math.min(best[client] ?? Infinity, JSON.parse(stdout).cpu);
    }
  }
  for (const client of ["undici", "undici-dispatch"]) {
    const ratio = best[client] / best.ours;
    const shown = `${ratio.toFixed(2)} (${oneDigit(best[client])} ÷ ${oneDigit(best.ours)} µs)`;
    const name = `HTTP/1.1 client, CPU of ${client} ÷ ours`;
    if (client === "undici") result.check(name, ratio, CLIENT_TO_UNDICI, { shown, atLeast: true });
    else result.notes.push(`${name}: ${shown}`);
    say(`${name}: ${shown}`);
  }
}

async function answers(address, { method, request }) {
  await waitUntil(`${method}: first answer`, () =>
    call(address, method, request).then(
      () => true,
      () => false,
    ),
  );
}

async function invokeSections(echo, protocol) {
  const port = echo.ports[protocol];
  const ext = protocol === "bolt" ? { class: "com.alipay.sofa.rpc.core.request.SofaRequest" } : {};
  const channel = [{ protocol, listener: "egress", size: 128, ext }];
  const listeners = [{ name: "egress", type: "egress", router: "routes" }];
  return {
    app: { app_id: "bench" },
    rpcs: { mosn: { config: { channel } } },
    mesh: { listeners, ...meshOf("echo", port) },
  };
}

function meshOf(cluster, port, governed = {}) {
  const route = { cluster_name: cluster, ...governed.route };
  return {
    routers: [
      {
        router_config_name: "routes",
        virtual_hosts: [
          { name: "all", domains: ["*"], routers: [{ match: { prefix: "/" }, route }] },
        ],
      },
    ],
    clusters: [{ name: cluster, hosts: [{ address: `127.0.0.1:${port}` }], ...governed.cluster }],
  };
}

function proxySections(echo, http1, grpc, governed) {
  const web = meshOf("web", echo.ports.http, governed);
  const rpc = meshOf("rpc", echo.ports.grpc, governed);
  rpc.routers[0].router_config_name = "rpc-routes";
  return {
    app: { app_id: "bench" },
    mesh: {
      listeners: [
        { name: "web", address: `127.0.0.1:${http1}`, protocol: "http1", router: "routes" },
        { name: "rpc", address: `127.0.0.1:${grpc}`, protocol: "http2", router: "rpc-routes" },
      ].map((listener) => ({ ...listener, ...governed.listener })),
      routers: [...web.routers, ...rpc.routers],
      clusters: [...web.clusters, ...rpc.clusters],
    },
  };
}

const nothing = {
  route: { retry_policy: { num_retries: 0 } },
  cluster: { outlier_detection: false },
};
const everything = {
  route: {
    timeout: "3s",
    retry_policy: { retry_on: ["5xx", "reset"], num_retries: 2, retry_timeout: "1s" },
  },
  cluster: {
    breaker: { strategy: "error_ratio", threshold: 0.5 },
    adaptive_concurrency: { initial_limit: 1_000, min_limit: 500 },
    circuit_breakers: { max_requests: 10_000, max_retries: 100 },
  },
  listener: {
    flow_control: { global_switch: true, rules: [{ resource: "/echo", threshold: 1_000_000 }] },
    max_body_bytes: 1_000_000,
  },
};

function check(result, name, { perSecond }, goal, cpu) {
  if (goal === undefined) return;
  result.check(`${name}, per second`, perSecond, goal.perSecond, {
    shown: thousands(perSecond),
    atLeast: true,
  });
  result.check(`${name}, CPU, µs`, cpu, goal.cpu, { shown: oneDigit(cpu) });
}
