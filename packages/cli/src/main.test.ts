import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readStatus } from "./supervisor/control-client.ts";
import { isAlive, temporaryDirectory, until } from "./testing/fixtures.ts";
import { type LayottoRun, runLayotto, writeInstallation } from "./testing/run-layotto.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let runs: LayottoRun[];

beforeEach(() => {
  directory = temporaryDirectory();
  runs = [];
});

afterEach(async () => {
  for (const run of runs) run.child.kill("SIGKILL");
  await Promise.all(runs.map((run) => run.ended));
  directory.remove();
});

function layotto(...args: string[]): LayottoRun {
  const env = { RUNTIME_CONFIG: undefined, LOG_LEVEL: undefined, LAYOTTO_SIDECAR_PATH: "" };
  const run = runLayotto(args, { cwd: directory.path, env });
  runs.push(run);
  return run;
}

async function started(
  config: Record<string, unknown>,
): Promise<{ run: LayottoRun; pids: number[] }> {
  const run = layotto("-c", writeInstallation(directory.path, config));
  await run.printed("ready in");
  const { processes } = await readStatus(join(directory.path, "run"));
  return { run, pids: processes.map((p) => p.pid ?? 0) };
}

const used = { fake: { stderr: "" } };

describe("layotto start", () => {
  it("runs what the configuration uses until SIGTERM, and leaves nothing behind", async () => {
    const { run, pids } = await started(used);
    assert.equal(pids.length, 2);
    assert.match(
      run.stdout(),
      /layotto \| all ready in \d+ ms, gRPC on 127\.0\.0\.1:\d+, actuator on/,
    );
    run.child.kill("SIGTERM");
    assert.equal(await run.ended, 0);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.ok(run.stdout().indexOf("gateway drains") < run.stdout().indexOf("fake drains"));
    assert.equal(existsSync(join(directory.path, "run", "supervisor.sock")), false);
  });

  it("hands a changed file to a process that follows its own, and refuses a bad one", async () => {
    const { run, pids } = await started({ fake: { reloads: true, value: 1 } });
    const file = (value: unknown): string =>
      writeInstallation(directory.path, { fake: { reloads: true, value } });
    file("x");
    await run.printed("layotto |   ✖ fake.value: must be a whole number, not a string");
    assert.match(
      run.stdout(),
      /layotto \| changed configuration refused, what runs stays as it is/,
    );
    file(2);
    await run.printed('"value":2');
    assert.match(run.stdout(), /fake {4}\| reloaded/);
    assert.ok(pids.every(isAlive));
  });

  it("ends at once on a second signal", async () => {
    const { run, pids } = await started({ fake: { ignoresDrain: true } });
    run.child.kill("SIGINT");
    await run.printed("SIGINT: stopping");
    run.child.kill("SIGTERM");
    assert.equal(await run.ended, 1);
    await until("all are gone", () => pids.every((pid) => !isAlive(pid)));
  });

  it("leaves no orphan when it is killed", async () => {
    const { run, pids } = await started(used);
    run.child.kill("SIGKILL");
    assert.equal(await run.ended, "SIGKILL");
    await until("all are gone", () => pids.every((pid) => !isAlive(pid)));
    const again = await started(used);
    again.run.child.kill("SIGTERM");
    assert.equal(await again.run.ended, 0);
  });

  it("shows in status why a sidecar crashed, while the gateway serves", async () => {
    await started({ fake: { exitCode: 3, stderr: "no disk" } });
    const status = layotto("status", "-c", "layotto.json");
    assert.equal(await status.ended, 0);
    assert.match(status.stdout(), /^gateway .* ready /m);
    assert.match(status.stdout(), /^fake .* (backoff|starting) .*exited with code 3: no disk$/m);
  });

  it("reports every fault of the configuration and starts nothing", async () => {
    const file = writeInstallation(directory.path, {
      fake: { exitCode: "x", colour: 1 },
      fkae: {},
    });
    for (const command of ["start", "validate"]) {
      const run = layotto(command, "-c", file);
      assert.equal(await run.ended, 64);
      assert.match(run.stderr(), /^Cannot use configuration ".*": 3 faults\n/);
      assert.match(
        run.stderr(),
        /✖ fake\.exitCode: .*\n.*✖ fake\.colour: .*\n.*✖ fkae: unknown section; did you mean "fake"\?/,
      );
      assert.doesNotMatch(run.stderr(), /\n {4}at /);
      assert.equal(existsSync(join(directory.path, "run")), false);
    }
  });

  it("names a busy port and who holds it", async () => {
    const holder = createServer().unref().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as AddressInfo;
    const gateway = { listen: `127.0.0.1:${port}` };
    const run = layotto("start", "-c", writeInstallation(directory.path, { ...used, gateway }));
    assert.equal(await run.ended, 69);
    assert.match(
      run.stderr(),
      new RegExp(
        `^Cannot listen on "127.0.0.1:${port}": the port is in use by ".+" \\(pid ${process.pid}\\) .*\n$`,
      ),
    );
  });

  it("ends when the gateway cannot run", async () => {
    const file = writeInstallation(directory.path, { gateway: { listen: "127.0.0.1:0" }, ...used });
    const bin = join(directory.path, "fake-gateway", "package.json");
    writeFileSync(
      join(directory.path, "exit.mjs"),
      'console.error("bad limits"); process.exit(64);',
    );
    const pack = JSON.parse(readFileSync(bin, "utf8")) as { layotto: { bin: string } };
    pack.layotto.bin = "../exit.mjs";
    writeFileSync(bin, JSON.stringify(pack));
    const run = layotto("start", "-c", file);
    assert.equal(await run.ended, 64);
    assert.match(run.stdout(), /gateway \| bad limits/);
  });
});

describe("layotto status, upgrade and stop", () => {
  it("work on the only supervisor that a configuration names", async () => {
    const { run, pids } = await started(used);
    const upgrade = layotto("upgrade", "fake", "-c", "layotto.json");
    assert.equal(await upgrade.ended, 0);
    assert.match(upgrade.stdout(), /fake: generation 2 is ready/);
    const status = layotto("status", "--json", "-c", "layotto.json");
    assert.equal(await status.ended, 0);
    const { processes, ...rest } = JSON.parse(status.stdout()) as {
      subscriptions: object[];
      processes: { name: string; pid: number; rssBytes: number; generation: number }[];
    };
    assert.deepEqual(
      processes.map((p) => [p.name, p.generation, p.rssBytes > 1e6]),
      [
        ["gateway", 1, true],
        ["fake", 2, true],
      ],
    );
    assert.equal(processes[0]?.pid, pids[0]);
    assert.deepEqual(rest.subscriptions, []);
    const unknown = layotto("upgrade", "nobody", "-c", "layotto.json");
    assert.equal(await unknown.ended, 2);
    assert.match(unknown.stderr(), /Cannot find the process "nobody": running are gateway, fake/);
    const stop = layotto("stop", "-c", "layotto.json");
    assert.equal(await stop.ended, 0);
    assert.equal(await run.ended, 0);
    const none = layotto("status", "-c", "layotto.json");
    assert.equal(await none.ended, 69);
    assert.match(none.stderr(), /^Cannot reach a supervisor: none is running in ".*"\n/);
  });
});

describe("layotto", () => {
  it("prints help without arguments and refuses unknown commands in words", async () => {
    const help = layotto();
    assert.equal(await help.ended, 0);
    assert.match(help.stdout(), /^Usage: layotto <command> \[flags\]$/m);
    const wrong = layotto("restart");
    assert.equal(await wrong.ended, 2);
    assert.match(wrong.stderr(), /^Cannot run "layotto restart": there is no such command\n/);
  });

  it("init writes a starter and never overwrites it", async () => {
    const first = layotto("init");
    assert.equal(await first.ended, 0);
    const file = join(directory.path, "layotto.yaml");
    const written = readFileSync(file, "utf8");
    const second = layotto("init");
    assert.equal(await second.ended, 1);
    assert.match(second.stderr(), /Cannot write "layotto.yaml": it exists already/);
    assert.equal(readFileSync(file, "utf8"), written);
  });
});
