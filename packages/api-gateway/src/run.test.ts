import assert from "node:assert/strict";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { freePort, startProcess, tempDir, type TestProcess } from "@layotto/sidecar-kit/testing";

/** Runs the gateway as a process of its own. */
function run(test: TestContext, config: unknown, more: Record<string, string> = {}): TestProcess {
  const directory = tempDir(test, "gw-");
  const file = join(directory, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const contract = { LAYOTTO_RUN_DIR: directory, LAYOTTO_NAME: "gateway", LAYOTTO_SUPERVISED: "1" };
  const env = { ...contract, ...more };
  return startProcess({ from: import.meta.url, module: "./main", args: ["--config", file], env, test }); // prettier-ignore
}

const free = { listen: "127.0.0.1:0", actuator: "127.0.0.1:0" };

describe("gateway process", () => {
  test("says that it is ready, and ends with 0 when told to drain", async (t) => {
    const { child, ready, exited, stderr } = run(t, { gateway: free });
    assert.match(await ready(), /^127\.0\.0\.1:\d+$/);
    child.send({ type: "drain", graceMs: 1_000 });
    assert.equal(await exited, 0);
    assert.equal(stderr(), "");
  });

  test("ends with 0 on SIGTERM, and when its supervisor is gone", async (t) => {
    const first = run(t, { gateway: free });
    await first.ready();
    first.child.kill("SIGTERM");
    assert.equal(await first.exited, 0);
    const second = run(t, { gateway: free });
    await second.ready();
    second.child.disconnect();
    assert.equal(await second.exited, 0);
  });

  test("reports every fault of its section and exits with 64", async (t) => {
    const gateway = {
      listen: "0.0.0.0:1",
      actuator: "nowhere",
      upstreamWaitMs: -1,
      acessLog: true,
    };
    const { exited, stderr } = run(t, { gateway });
    assert.equal(await exited, 64);
    for (const fault of ["gateway.actuator", "gateway.upstreamWaitMs", "gateway.acessLog"]) {
      assert.ok(stderr().includes(fault), `${fault} in ${stderr()}`);
    }
    assert.doesNotMatch(stderr(), / at .*\.(js|ts):/);
  });

  test("refuses a listener that is open to others, and a certificate that is not there, with 64", async (t) => {
    const open = run(t, { gateway: { ...free, listen: "0.0.0.0:0" } });
    assert.equal(await open.exited, 64);
    assert.match(open.stderr(), /gateway\.listen\[0\]: "0\.0\.0\.0:0" is open to other machines/);
    const tls = { cert: "/no/cert.pem", key: "/no/key.pem" };
    const missing = run(t, { gateway: { ...free, tls } });
    assert.equal(await missing.exited, 64);
    assert.match(missing.stderr(), /^Cannot read gateway\.tls\.cert "\/no\/cert\.pem": .*\n$/);
  });

  test("names the port that is taken and exits with 69", async (t) => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    t.after(() => holder.close());
    const { port } = holder.address() as AddressInfo; // listens on TCP
    const { exited, stderr } = run(t, { gateway: { ...free, listen: `127.0.0.1:${port}` } });
    assert.equal(await exited, 69);
    assert.match(
      stderr(),
      new RegExp(`^Cannot listen on "127\\.0\\.0\\.1:${port}": the address is in use`),
    );
  });

  test("gives a unix socket the mode and group that are configured, and names a group that is not there", async (t) => {
    const path = join(tempDir(t, "sock-"), "public.sock");
    const own = process.getgid?.() ?? 0;
    const access = { listen: `unix:${path}`, socketMode: "0660", socketGroup: own };
    await run(t, { gateway: { ...free, ...access } }).ready();
    const { mode, gid } = statSync(path);
    assert.deepEqual([mode & 0o777, gid], [0o660, own]);
    const unknown = run(t, { gateway: { ...free, ...access, socketGroup: "no-such-group" } });
    assert.equal(await unknown.exited, 64);
    assert.match(unknown.stderr(), /^Cannot use gateway\.socketGroup "no-such-group": .*\n$/);
  });

  test("demands the token of an actuator beyond loopback for everything but health, and tells of its own process", async (t) => {
    const port = await freePort();
    const token = "long enough";
    await run(t, { gateway: { ...free, actuator: `0.0.0.0:${port}`, token } }).ready();
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
    const { child, ready } = run(t, { gateway: listen }, { LAYOTTO_LISTENERS: "grpc,actuator" });
    for (const [i, name] of ["grpc", "actuator"].entries()) {
      const server = servers[i];
      assert.ok(server);
      const handle: unknown = Reflect.get(server, "_handle");
      child.send({ type: "listener", name }, handle as never); // what a supervisor sends: the bare handle
      server.removeAllListeners("connection");
    }
    assert.equal(await ready(), listen.listen);
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
    const { child, ready, exited, stdout } = run(t, { servers: [{ default_log_level: "INFO", listeners }] }); // prettier-ignore
    await ready();
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
    assert.match(stdout(), /"warn".*"0\.0\.0\.0:0\\" is open to other machines/);
  });
});
