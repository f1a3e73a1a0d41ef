/** Every process on its own, over TCP, as an orchestrator runs them: no supervisor, no run directory in common. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { GrpcClient } from "@layotto/grpc-transport";
import { eventually, freePort } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "./harness/calls.ts";
import { hellos, stateSections } from "./harness/configs.ts";
import { testBins } from "./harness/packages.ts";
import { type Scope, scopeOf } from "./harness/scope.ts";

interface Container {
  child: ChildProcess;
  output(): string;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

const token = "between gateway and sidecars";

/** Built entry point of a package. */
function entryOf(name: string): string {
  return fileURLToPath(new URL(`../../${name}/dist/main.js`, import.meta.url));
}

/** Starts the entry point of a package with the whole configuration, of which it picks its own part. */
function startContainer(scope: Scope, bin: string, config: object, ...args: string[]): Container {
  const dir = scope.folder();
  const file = join(dir, "layotto.json");
  writeFileSync(file, JSON.stringify(config));
  const env = { ...process.env, LAYOTTO_RUN_DIR: join(dir, "run"), LAYOTTO_DATA_DIR: dir };
  const child = spawn(process.execPath, [bin, "--config", file, ...args], { cwd: dir, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  scope.defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, output: () => output, ended };
}

interface Deployment {
  port: number;
  gateway: Container;
  state: Container;
  /** Replicas of hello. */
  greeters: readonly Container[];
}

/** Two replicas of hello, one state sidecar and the gateway. */
async function deploy(scope: Scope): Promise<Deployment> {
  const ports = await Promise.all(Array.from({ length: 4 }, freePort));
  const [first, second, third, port] = ports.map((each) => `127.0.0.1:${each}`);
  const upstreams = {
    hello: { addresses: [first, second], capability: "hello", token },
    state: { addresses: [third], capability: "state", token },
  };
  const config = {
    token,
    hellos,
    ...stateSections("embedded"),
    gateway: { listen: port, actuator: false, upstreams },
  };
  // The gateway first: the order must not matter.
  const gateway = startContainer(scope, entryOf("api-gateway"), config);
  const greeters = [first, second].map((at) =>
    startContainer(scope, entryOf("hello-sidecar"), config, "--listen", at ?? ""),
  );
  const state = startContainer(scope, entryOf("state-sidecar"), config, "--listen", third ?? "");
  return { port: ports[3] ?? 0, gateway, state, greeters };
}

test("processes without a supervisor find each other over TCP", { timeout: 60_000 }, async (t) => {
  const scope = scopeOf(t);
  const { port, gateway, state, greeters } = await deploy(scope);
  const grpc = scope.use(new GrpcClient({ host: "127.0.0.1", port }));
  const api = runtime(grpc);
  const greet = async (): Promise<string> => {
    const options = { waitForReady: true, timeoutMs: 5000 };
    return (await api.sayHello({ serviceName: "helloworld", name: "eva" }, options)).hello;
  };
  const said = await eventually("the first answer", () => greet().catch(() => undefined));
  assert.equal(said, "greeting, eva", gateway.output());
  const storeName = "state_demo";
  await eventually("state", () =>
    api.saveState({ storeName, states: [{ key: "k", value: bytes("v") }] }).then(
      () => true,
      () => false,
    ),
  );
  assert.equal(text((await api.getState({ storeName, key: "k" })).data), "v");

  // One replica stops in good order: nobody notices.
  greeters[0]?.child.kill("SIGTERM");
  const answers = await Promise.all(Array.from({ length: 200 }, greet));
  assert.deepEqual([...new Set(answers)], ["greeting, eva"]);
  assert.equal(await greeters[0]?.ended, 0, greeters[0]?.output());

  for (const container of [gateway, state, greeters[1]]) {
    container?.child.kill("SIGTERM");
    assert.equal(await container?.ended, 0, container?.output());
  }
});

test("a sidecar on TCP refuses calls without its token", { timeout: 60_000 }, async (t) => {
  const scope = scopeOf(t);
  const port = await freePort();
  const config = { token, hellos };
  const sidecar = startContainer(
    scope,
    entryOf("hello-sidecar"),
    config,
    "--listen",
    `127.0.0.1:${port}`,
  );
  await eventually("the listener", () => sidecar.output().includes("listening"));
  const grpc = scope.use(new GrpcClient({ host: "127.0.0.1", port }));
  await assert.rejects(runtime(grpc).sayHello({ serviceName: "helloworld" }), { code: 16 });
});

test("a sidecar alone: SIGTERM lets a call go on, a second one ends it at once", async (t) => {
  const scope = scopeOf(t);
  const port = await freePort();
  const at = `127.0.0.1:${port}`;
  const sidecar = startContainer(scope, testBins.echo, { echo: { on: true } }, "--listen", at);
  await eventually("the listener", () => sidecar.output().includes("listening"));
  const grpc = scope.use(new GrpcClient({ host: "127.0.0.1", port }));
  const stream = grpc.stream("/grpc.testing.TestService/FullDuplexCall");
  stream.trailers.catch(() => undefined);
  await stream.send(new Uint8Array());
  sidecar.child.kill("SIGTERM");
  await eventually("the drain", () => sidecar.output().includes("stopping"));
  const began = performance.now();
  sidecar.child.kill("SIGTERM");
  assert.equal(await sidecar.ended, 1);
  // Well before the end of the grace period, 10 s.
  assert.ok(performance.now() - began < 5000);
});
