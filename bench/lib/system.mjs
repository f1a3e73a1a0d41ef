import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { descendants, freePort, start, stop, waitUntil, which } from "./processes.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cli = join(root, "packages/cli/dist/main.js");

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

/** Folder and file of a configuration with one component of each kind. */
export async function writeConfig(redisPort) {
  const folder = mkdtempSync(join(tmpdir(), "layotto-bench-"));
  const gatewayPort = await freePort();
  const actuatorPort = await freePort();
  const config = {
    app: { app_id: "bench" },
    data_dir: join(folder, "data"),
    gateway: { listen: `127.0.0.1:${gatewayPort}`, actuator: `127.0.0.1:${actuatorPort}` },
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
  const file = join(folder, "layotto.json");
  writeFileSync(file, JSON.stringify(config, undefined, 2));
  return { folder, file, gatewayPort, actuatorPort };
}

/**
 * `layotto start` with everything ready: gateway, hello and state.
 *
 * @returns the processes by name, how long it took, and `stop`
 */
export async function startSystem(redisPort) {
  const config = await writeConfig(redisPort);
  const runDir = join(config.folder, "run");
  const began = performance.now();
  const supervisor = start(process.execPath, [cli, "start", "-c", config.file], {
    cwd: config.folder,
    env: { ...process.env, LAYOTTO_RUN_DIR: runDir },
  });
  const url = `http://127.0.0.1:${config.actuatorPort}/actuator/health/readiness`;
  const ready = () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntil("layotto start", ready, { process: supervisor });
  const startMs = performance.now() - began;
  return {
    ...config,
    supervisor,
    startMs,
    address: `127.0.0.1:${config.gatewayPort}`,
    /** Unix socket of a sidecar, for calls that leave the gateway out. */
    socket: (name) =>
      join(runDir, readdirSync(runDir).find((file) => file === `${name}.sock`) ?? ""),
    pids: pidsByName(supervisor.pid),
    async stop() {
      await stop(supervisor);
      rmSync(config.folder, { recursive: true, force: true });
    },
  };
}

function pidsByName(supervisorPid) {
  const pids = { supervisor: supervisorPid };
  for (const { pid, command } of descendants(supervisorPid)) {
    const name = /packages\/(?:api-)?(gateway|[a-z]+)(?:-sidecar)?\//.exec(command)?.[1];
    if (name !== undefined) pids[name] = pid;
  }
  return pids;
}

/** Calls by gRPC status as the gateway counted them, from its metrics. */
export async function gatewayCounts(actuatorPort) {
  const response = await fetch(`http://127.0.0.1:${actuatorPort}/actuator/metrics`);
  const counts = {};
  for (const line of (await response.text()).split("\n")) {
    const match = /^layotto_grpc_requests_total\{(.*)\} (\S+)$/.exec(line);
    if (!match) continue;
    if (!/process="gateway"|^(?!.*process=)/.test(match[1])) continue;
    const code = /code="([^"]*)"/.exec(match[1])?.[1] ?? "?";
    counts[code] = (counts[code] ?? 0) + Number(match[2]);
  }
  return counts;
}
