import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { freePort, startProcess, tempDir } from "@layotto/sidecar-kit/testing";

function start(
  test: TestContext,
  config: object,
  env: Record<string, string> = {},
  args: string[] = [],
) {
  const dir = tempDir(test);
  const file = join(dir, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const all = {
    LAYOTTO_RUN_DIR: join(dir, "run"),
    LAYOTTO_NAME: "hello",
    LAYOTTO_SUPERVISED: "1",
    ...env,
  };
  const process = startProcess({
    test,
    from: import.meta.url,
    module: "./main",
    args: ["--config", file, ...args],
    env: all,
  });
  return { ...process, dir, runDir: join(dir, "run") };
}

const hellos = { helloworld: { type: "helloworld", hello: "greeting" } };

describe("hello-sidecar as a process", () => {
  it("becomes ready on its socket, drains on SIGTERM and exits 0", async (test) => {
    const { ready, child, exited, runDir, stdout } = start(test, { hellos });
    assert.equal(await ready(), `unix:${join(runDir, "hello.sock")}`);
    assert.deepEqual(readdirSync(runDir), ["hello.sock"]);
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
    assert.ok(existsSync(join(runDir, "hello.sock")), "never unlinks the shared name");
    assert.match(stdout(), /"msg":"stopped"/);
  });

  it("stops when it is told to drain, and when its supervisor is gone", async (test) => {
    const told = start(test, { hellos });
    await told.ready();
    told.child.send({ type: "drain", graceMs: 100 });
    assert.equal(await told.exited, 0);
    const orphan = start(test, { hellos });
    await orphan.ready();
    orphan.child.disconnect();
    assert.equal(await orphan.exited, 0);
  });

  it("reports every fault of its sections and exits 64 without listening", async (test) => {
    const config = {
      hellos: { a: { type: "helloword" }, b: { type: "helloworld", hello: 1 } },
      log: { level: "loud" },
    };
    const { exited, stderr, runDir } = start(test, config);
    assert.equal(await exited, 64);
    assert.match(
      stderr(),
      /: 3 faults\n {2}✖ log\.level: must be one of .*\n {2}✖ hellos\.a\.type: unknown component type "helloword".*\n {2}✖ hellos\.b\.hello: must be a string, not a number\n$/,
    );
    assert.equal(existsSync(runDir), false);
  });

  it("says which component types there are", async (test) => {
    const { exited, stderr } = start(test, { hellos: { a: { type: "helloword" } } });
    assert.equal(await exited, 64);
    assert.match(
      stderr(),
      /hellos\.a\.type: unknown component type "helloword"; did you mean "helloworld"\?/,
    );
  });

  it("names the busy port and exits 69", async (test) => {
    const port = await freePort();
    const first = start(test, { hellos }, {}, ["--listen", `127.0.0.1:${port}`]);
    assert.equal(await first.ready(), `127.0.0.1:${port}`);
    const second = start(test, { hellos }, {}, ["--listen", `127.0.0.1:${port}`]);
    assert.equal(await second.exited, 69);
    assert.match(
      second.stderr(),
      new RegExp(`^Cannot listen on "127\\.0\\.0\\.1:${port}": the address is in use`),
    );
  });

  it("listens on a socket that its group may use, when told so", async (test) => {
    const path = join(tempDir(test), "shared.sock");
    const access = { socket_mode: "0660", socket_group: process.getgid?.() ?? 0 };
    const { ready } = start(test, { hellos, ...access, listen: `unix:${path}` });
    assert.equal(await ready(), `unix:${path}`);
    assert.equal(statSync(path).mode & 0o777, 0o660);
  });

  it("does not open itself to other machines by accident", async (test) => {
    const { exited, stderr } = start(test, { hellos }, {}, ["--listen", "0.0.0.0:0"]);
    assert.equal(await exited, 64);
    assert.match(
      stderr(),
      /open to other machines; set tls with clientCa, or token, or insecure: true/,
    );
  });

  it("reads a Layotto-shaped file when it stands alone, and ignores what belongs to others", async (test) => {
    const grpc = {
      type: "grpc",
      config: { grpc_config: { hellos, state: { s: { type: "redis" } } } },
    };
    const listener = { address: "127.0.0.1:34904", filter_chains: [{ filters: [grpc] }] };
    const { ready, child, exited } = start(test, { servers: [{ listeners: [listener] }] });
    await ready();
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
  });
});
