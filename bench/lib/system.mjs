import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freePort, start, stop, waitUntil, which } from "./processes.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cli = join(root, "packages/cli/dist/main.js");
const stateSidecar = join(root, "packages/state-sidecar/dist/main.js");
const execute = promisify(execFile);

/** Starts redis-server without persistence; undefined when it is not installed. */
export async function startRedis() {
  const program = which("redis-server");
  if (program === undefined) return undefined;
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const redis = start(program, args);
  await waitUntil("redis-server", () => /Ready to accept/.test(redis.output), { process: redis });
  return { ...redis, port };
}

/**
 * Folder and file of a configuration.
 *
 * @param sections what it holds beside the addresses; default: one component of each kind
 */
async function writeConfig(redisPort, sections = defaultSections(redisPort)) {
  const folder = mkdtempSync(join(tmpdir(), "lay-bench-"));
  const gatewayPort = await freePort();
  const actuatorPort = await freePort();
  const config = {
    data_dir: join(folder, "data"),
    gateway: { listen: `127.0.0.1:${gatewayPort}`, actuator: `127.0.0.1:${actuatorPort}` },
    ...sections,
  };
  const file = join(folder, "layotto.json");
  writeFileSync(file, JSON.stringify(config, undefined, 2));
  return { folder, file, gatewayPort, actuatorPort };
}

function defaultSections(redisPort) {
  return {
    app: { app_id: "bench" },
    hellos: { helloworld: { type: "helloworld", hello: "greeting" } },
    state: {
      memory: { type: "in-memory" },
      embedded: { type: "embedded" },
      ...(redisPort && {
        redis: { type: "redis", metadata: { redisHost: `127.0.0.1:${redisPort}` } },
      }),
    },
    sequencer: { memory: { type: "in-memory" } },
  };
}

/**
 * `layotto start` with everything ready: gateway, hello and state, or what `sections` name.
 *
 * @returns addresses, pids by process name, the time from spawn to "all ready" in ms, and `stop`
 */
export async function startSystem(redisPort, sections) {
  const config = await writeConfig(redisPort, sections);
  const runDir = join(config.folder, "run");
  const began = performance.now();
  const args = [cli, "start", "-c", config.file, "--run-dir", runDir];
  const supervisor = start(process.execPath, args, { cwd: config.folder });
  const ready = () => /all ready in \d+ ms/.test(supervisor.output);
  await waitUntil("layotto start", ready, { process: supervisor, everyMs: 2 });
  const startMs = performance.now() - began;
  return {
    ...config,
    startMs,
    address: `127.0.0.1:${config.gatewayPort}`,
    /** Unix socket of a sidecar, for calls that leave the gateway out. */
    socket: (name) => join(runDir, `${name}.sock`),
    pids: { supervisor: supervisor.pid, ...(await pidsByName(runDir)) },
    async stop() {
      await stop(supervisor);
      rmSync(config.folder, { recursive: true, force: true });
    },
  };
}

async function pidsByName(runDir) {
  const args = [cli, "status", "--json", "--run-dir", runDir];
  const { stdout } = await execute(process.execPath, args);
  const { processes } = JSON.parse(stdout);
  return Object.fromEntries(processes.map(({ name, pid }) => [name, pid]));
}

/** Time until a state sidecar, started by itself as a container does, says that it listens; in ms. */
export async function sidecarStartMs(redisPort) {
  const { folder, file } = await writeConfig(redisPort);
  try {
    const socket = join(folder, "state.sock");
    const began = performance.now();
    const args = [stateSidecar, "--config", file, "--listen", `unix:${socket}`];
    const sidecar = start(process.execPath, args, { cwd: folder });
    const listens = () => /"msg":"listening"/.test(sidecar.output);
    await waitUntil("state sidecar", listens, { process: sidecar, everyMs: 1 });
    const ms = performance.now() - began;
    await stop(sidecar);
    return ms;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Answers of a cluster by grade, and the mesh's own by flag, as the mesh counted them. */
export async function meshCounts(actuatorPort, cluster) {
  const response = await fetch(`http://127.0.0.1:${actuatorPort}/actuator/metrics`);
  const counts = {};
  for (const line of (await response.text()).split("\n")) {
    const match = /^layotto_mesh_cluster_(?:answers|failures)_total\{(.*)\} (\S+)$/.exec(line);
    if (!match?.[1].includes(`cluster="${cluster}"`)) continue;
    const name = /(?:grade|flag)="([^"]*)"/.exec(match[1])?.[1] ?? "?";
    counts[name] = (counts[name] ?? 0) + Number(match[2]);
  }
  return counts;
}

/** Finished calls of a method by gRPC status, as the gateway counted them. */
export async function gatewayCounts(actuatorPort, method) {
  const response = await fetch(`http://127.0.0.1:${actuatorPort}/actuator/metrics`);
  const counts = {};
  for (const line of (await response.text()).split("\n")) {
    const match = /^layotto_grpc_requests_total\{(.*)\} (\S+)$/.exec(line);
    if (!match || !match[1].includes('process="gateway"')) continue;
    if (!match[1].includes(`method="${method}"`)) continue;
    const code = /code="([^"]*)"/.exec(match[1])?.[1] ?? "?";
    counts[code] = (counts[code] ?? 0) + Number(match[2]);
  }
  return counts;
}
