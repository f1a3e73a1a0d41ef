import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, tempDir } from "@layotto/sidecar-kit/testing";

const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));

interface Run {
  readonly child: ChildProcess;
  /** Everything on stderr so far. */
  readonly errors: () => string;
  readonly exit: Promise<unknown[]>;
}

/** Runs the gateway as a process of its own. */
function run(t: TestContext, config: unknown, env: Record<string, string> = {}): Run {
  const directory = tempDir(t, "gw-");
  const file = join(directory, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const child = fork(main, ["--config", file], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      ...process.env,
      LAYOTTO_RUN_DIR: directory,
      LAYOTTO_NAME: "gateway",
      LAYOTTO_SUPERVISED: "1",
      ...env,
    },
  });
  t.after(() => child.kill("SIGKILL"));
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout?.resume();
  return { child, errors: () => errors, exit: once(child, "exit") };
}

async function message(child: ChildProcess, type: string): Promise<Record<string, unknown>> {
  for (;;) {
    const [found] = (await once(child, "message")) as [Record<string, unknown>]; // IPC of our own process
    if (found["type"] === type) return found;
  }
}

const free = { listen: "127.0.0.1:0", actuator: "127.0.0.1:0" };

describe("gateway process", () => {
  test("says that it is ready, and ends with 0 when told to drain", async (t) => {
    const { child, exit, errors } = run(t, { gateway: free });
    const ready = await message(child, "ready");
    assert.match(String(ready["address"]), /^127\.0\.0\.1:\d+$/);
    child.send({ type: "drain", graceMs: 1_000 });
    assert.deepEqual(await exit, [0, null]);
    assert.equal(errors(), "");
  });

  test("ends with 0 on SIGTERM, and when its supervisor is gone", async (t) => {
    const first = run(t, { gateway: free });
    await message(first.child, "ready");
    first.child.kill("SIGTERM");
    assert.deepEqual(await first.exit, [0, null]);
    const second = run(t, { gateway: free });
    await message(second.child, "ready");
    second.child.disconnect();
    assert.deepEqual(await second.exit, [0, null]);
  });

  test("reports every fault of its section and exits with 64", async (t) => {
    const gateway = {
      listen: "0.0.0.0:1",
      actuator: "nowhere",
      upstreamWaitMs: -1,
      acessLog: true,
    };
    const { exit, errors } = run(t, { gateway });
    assert.deepEqual(await exit, [64, null]);
    for (const fault of ["gateway.actuator", "gateway.upstreamWaitMs", "gateway.acessLog"]) {
      assert.ok(errors().includes(fault), `${fault} in ${errors()}`);
    }
    assert.doesNotMatch(errors(), / at .*\.(js|ts):/);
  });

  test("refuses a listener that is open to others, and a certificate that is not there, with 64", async (t) => {
    const open = run(t, { gateway: { ...free, listen: "0.0.0.0:0" } });
    assert.deepEqual(await open.exit, [64, null]);
    assert.match(open.errors(), /gateway\.listen\[0\]: "0\.0\.0\.0:0" is open to other machines/);
    const tls = { cert: "/no/cert.pem", key: "/no/key.pem" };
    const missing = run(t, { gateway: { ...free, tls } });
    assert.deepEqual(await missing.exit, [64, null]);
    assert.match(missing.errors(), /^Cannot read gateway\.tls\.cert "\/no\/cert\.pem": .*\n$/);
  });

  test("names the port that is taken and exits with 69", async (t) => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    t.after(() => holder.close());
    const { port } = holder.address() as AddressInfo; // listens on TCP
    const { exit, errors } = run(t, { gateway: { ...free, listen: `127.0.0.1:${port}` } });
    assert.deepEqual(await exit, [69, null]);
    assert.match(
      errors(),
      new RegExp(`^Cannot listen on "127\\.0\\.0\\.1:${port}": the address is in use`),
    );
  });

  test("gives a unix socket the mode and group that are configured, and names a group that is not there", async (t) => {
    const path = join(tempDir(t, "sock-"), "public.sock");
    const own = process.getgid?.() ?? 0;
    const access = { listen: `unix:${path}`, socketMode: "0660", socketGroup: own };
    const { child } = run(t, { gateway: { ...free, ...access } });
    await message(child, "ready");
    const { mode, gid } = statSync(path);
    assert.deepEqual([mode & 0o777, gid], [0o660, own]);
    const unknown = run(t, { gateway: { ...free, ...access, socketGroup: "no-such-group" } });
    assert.deepEqual(await unknown.exit, [64, null]);
    assert.match(unknown.errors(), /^Cannot use gateway\.socketGroup "no-such-group": .*\n$/);
  });

  test("demands the token of an actuator beyond loopback for everything but health, and tells of its own process", async (t) => {
    const port = await freePort();
    const token = "long enough";
    const { child } = run(t, { gateway: { ...free, actuator: `0.0.0.0:${port}`, token } });
    await message(child, "ready");
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port}/actuator/${path}`, { headers });
    assert.equal((await get("health/liveness")).status, 200);
    assert.equal((await get("metrics")).status, 401);
    const metrics = await get("metrics", { authorization: `Bearer ${token}` });
    assert.match(await metrics.text(), /process_resident_memory_bytes\{process="gateway"\} \d{7,}/);
  });

  test("serves on the listening sockets that the supervisor hands over", async (t) => {
    const [grpc, actuator] = [await freePort(), await freePort()];
    const servers = [
      createServer().listen(grpc, "127.0.0.1"),
      createServer().listen(actuator, "127.0.0.1"),
    ];
    await Promise.all(servers.map((server) => once(server, "listening")));
    t.after(() => servers.map((server) => server.close()));
    const listen = { listen: `127.0.0.1:${grpc}`, actuator: `127.0.0.1:${actuator}` };
    const { child } = run(t, { gateway: listen }, { LAYOTTO_LISTENERS: "grpc,actuator" });
    for (const [i, name] of ["grpc", "actuator"].entries()) {
      const server = servers[i];
      assert.ok(server);
      const handle: unknown = Reflect.get(server, "_handle");
      child.send({ type: "listener", name }, handle as never); // what a supervisor sends: the bare handle
      server.removeAllListeners("connection");
    }
    assert.equal((await message(child, "ready"))["address"], listen.listen);
    // The parent's copies must not accept in the child's place.
    for (const server of servers) server.close();
    const response = await fetch(`http://${listen.actuator}/actuator/health/liveness`);
    assert.equal(response.status, 200);
  });

  test("takes a Layotto-shaped file that listens everywhere, with a warning", async (t) => {
    const filter = {
      type: "grpc",
      config: { server_name: "runtime", grpc_config: { hellos: {} } },
    };
    const listeners = [
      {
        name: "grpc",
        address: "0.0.0.0:0",
        bind_port: true,
        filter_chains: [{ filters: [filter] }],
      },
      {
        name: "actuator",
        address: "127.0.0.1:0",
        bind_port: true,
        stream_filters: [{ type: "actuator_filter" }],
      },
    ];
    const { child, errors } = run(t, { servers: [{ default_log_level: "INFO", listeners }] });
    const lines: string[] = [];
    child.stdout?.on("data", (chunk: Buffer) => lines.push(chunk.toString()));
    await Promise.race([
      message(child, "ready"),
      once(child, "exit").then(() => assert.fail(errors())),
    ]);
    child.kill("SIGTERM");
    await once(child, "exit");
    assert.match(lines.join(""), /"warn".*"0\.0\.0\.0:0\\" is open to other machines/);
  });
});
