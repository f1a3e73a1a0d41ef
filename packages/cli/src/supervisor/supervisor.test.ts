import assert from "node:assert/strict";
import { existsSync, linkSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  captureOutput,
  fakeSpec,
  greet,
  isAlive,
  temporaryDirectory,
  until,
} from "../testing/fixtures.ts";
import { control, readStatus } from "./control-client.ts";
import type { ProcessSpec } from "./process-spec.ts";
import { Supervisor } from "./supervisor.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let running: Supervisor[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((s) => s.stop(500)));
  directory.remove();
});

function create(
  processes: ProcessSpec[],
  options: { readyTimeoutMs?: number; reload?: () => Promise<ProcessSpec[]> } = {},
) {
  const { output, lines } = captureOutput();
  const supervisor = new Supervisor({
    processes,
    runDir: directory.path,
    dataDir: join(directory.path, "data"),
    configFile: "layotto.yaml",
    version: "0",
    output,
    ...options,
  });
  running.push(supervisor);
  return { supervisor, lines };
}

const socketOf = (name: string) => ({ path: join(directory.path, `${name}.sock`) });
const gatewaySpec = (): ProcessSpec =>
  fakeSpec({
    name: "gateway",
    kind: "gateway",
    listeners: [{ name: "grpc", host: "127.0.0.1", port: 0 }],
  });

function portOf(supervisor: Supervisor): { host: string; port: number } {
  const [address = ""] = supervisor.status().listen;
  return { host: "127.0.0.1", port: Number(address.split(":")[1]) };
}

describe("Supervisor", () => {
  it("starts every process and reports it ready with its address", async () => {
    const { supervisor, lines } = create([gatewaySpec(), fakeSpec()]);
    await supervisor.start();
    await supervisor.settled();
    const { processes } = supervisor.status();
    assert.deepEqual(
      processes.map((p) => [p.name, p.state, p.generation]),
      [
        ["gateway", "ready", 1],
        ["state", "ready", 1],
      ],
    );
    assert.equal((await greet(socketOf("state"))).name, "state");
    assert.equal((await greet(portOf(supervisor))).name, "gateway");
    assert.ok(lines.some((line) => line === "state   | state starts"));
  });

  it("writes configuration files that only this user can read, and removes them at the end", async () => {
    const { supervisor } = create([fakeSpec()]);
    await supervisor.start();
    await supervisor.settled();
    const file = join(directory.path, "state.config.json");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(file, "utf8")) as object), [
      "fake",
      "run_dir",
    ]);
    await supervisor.stop();
    assert.deepEqual(readdirSync(directory.path), []);
  });

  it("starts a killed process again", async () => {
    const { supervisor } = create([fakeSpec(), fakeSpec({ name: "hello" })]);
    await supervisor.start();
    await supervisor.settled();
    const [before, hello] = supervisor.status().processes;
    process.kill(before?.pid ?? 0, "SIGKILL");
    await until("state is served again", async () => {
      const greeting = await greet(socketOf("state")).catch(() => undefined);
      return greeting?.generation === 2;
    });
    await until("it is ready", () => supervisor.status().processes[0]?.state === "ready");
    const [after, helloAfter] = supervisor.status().processes;
    assert.equal(after?.restarts, 1);
    assert.equal(after?.reason, "killed by SIGKILL");
    assert.equal(helloAfter?.pid, hello?.pid);
  });

  it("lets connections wait while a killed gateway is started again", async () => {
    const { supervisor } = create([gatewaySpec()]);
    await supervisor.start();
    await supervisor.settled();
    const target = portOf(supervisor);
    process.kill(supervisor.status().processes[0]?.pid ?? 0, "SIGKILL");
    await until("it is seen", () => supervisor.status().processes[0]?.state !== "ready");
    assert.equal((await greet(target)).generation, 2);
  });

  it("keeps the others running when one crashes at start, and shows its reason", async () => {
    const { supervisor } = create([
      fakeSpec({ name: "broken", fake: { throws: "no such store" } }),
      fakeSpec({
        name: "wrong",
        fake: { exitCode: 64, stderr: "✖ state.orders: type is missing" },
      }),
      fakeSpec({ name: "absent", bin: join(directory.path, "absent.js") }),
      fakeSpec(),
    ]);
    await supervisor.start();
    await supervisor.settled();
    const [broken, wrong, absent, state] = supervisor.status().processes;
    assert.equal(broken?.reason, "exited with code 1: RangeError: no such store");
    assert.equal(wrong?.state, "failed");
    assert.equal(wrong?.reason, "exited with code 64: ✖ state.orders: type is missing");
    assert.match(absent?.reason ?? "", /^cannot be started: ".+absent\.js" does not exist$/);
    assert.equal(state?.state, "ready");
  });

  it("stops the gateway before the sidecars", async () => {
    const { supervisor, lines } = create([fakeSpec(), gatewaySpec(), fakeSpec({ name: "hello" })]);
    await supervisor.start();
    await supervisor.settled();
    const pids = supervisor.status().processes.map((p) => p.pid ?? 0);
    await supervisor.stop();
    const drained = lines.filter((l) => l.endsWith(" drains")).map((l) => l.split(" ")[0]);
    assert.equal(drained[0], "gateway");
    assert.deepEqual(drained.toSorted(), ["gateway", "hello", "state"]);
    assert.deepEqual(pids.filter(isAlive), []);
  });

  it("kills what does not stop within the grace period", async () => {
    const { supervisor } = create([fakeSpec({ fake: { ignoresDrain: true } })]);
    await supervisor.start();
    await supervisor.settled();
    const pid = supervisor.status().processes[0]?.pid ?? 0;
    await supervisor.stop(200);
    assert.equal(isAlive(pid), false);
  });

  it("upgrades the gateway without refusing a connection", async () => {
    const { supervisor } = create([gatewaySpec()]);
    await supervisor.start();
    await supervisor.settled();
    const target = portOf(supervisor);
    let done = false;
    const generations = new Set<number>();
    const load = (async () => {
      while (!done) generations.add((await greet(target)).generation);
    })();
    for (let round = 0; round < 3; round += 1)
      await control(directory.path, { command: "upgrade", process: "gateway" });
    await until("the last generation answers", async () => (await greet(target)).generation === 4);
    done = true;
    await load;
    assert.ok(generations.has(1));
  });

  it("discards a new generation that does not become ready", async () => {
    const { supervisor } = create([fakeSpec()]);
    await supervisor.start();
    await supervisor.settled();
    const before = await greet(socketOf("state"));
    const bin = join(directory.path, "broken.mjs");
    writeFileSync(bin, 'throw new Error("no such table")');
    await assert.rejects(control(directory.path, { command: "upgrade", process: "state", bin }), {
      message: 'Cannot upgrade "state": exited with code 1: Error: no such table',
      exitCode: 1,
    });
    assert.equal((await greet(socketOf("state"))).pid, before.pid);
    assert.equal(supervisor.status().processes[0]?.state, "ready");
  });

  it("wants to be told that in-memory data may be lost", async () => {
    const { supervisor } = create([fakeSpec({ memoryComponents: ["state.orders"] })]);
    await supervisor.start();
    await supervisor.settled();
    await assert.rejects(
      control(directory.path, { command: "upgrade" }),
      /in-memory components would lose their data: state\.orders/,
    );
    await control(directory.path, { command: "upgrade", discardMemory: true });
    assert.equal((await greet(socketOf("state"))).generation, 2);
  });

  it("upgrades with the configuration as it is now, unless that needs a restart", async () => {
    let planned: ProcessSpec[] = [];
    const reload = (): Promise<ProcessSpec[]> => Promise.resolve(planned);
    const { supervisor } = create([gatewaySpec(), fakeSpec({ fake: { exitCode: 64 } })], {
      reload,
    });
    await supervisor.start();
    await supervisor.settled();
    assert.equal(supervisor.status().processes[1]?.state, "failed");
    planned = [gatewaySpec(), fakeSpec(), fakeSpec({ name: "added" })];
    const lines: string[] = [];
    const request = { command: "upgrade", process: "state" } as const;
    await control(directory.path, request, (line) => lines.push(line));
    assert.equal(supervisor.status().processes[1]?.state, "ready");
    assert.equal(lines[0], "added: new in the configuration; it runs after stop and start");
    planned = [{ ...gatewaySpec(), listeners: [] }];
    await assert.rejects(
      control(directory.path, request),
      /does not use it any more\nRun "layotto/,
    );
    await assert.rejects(
      control(directory.path, { command: "upgrade", process: "gateway" }),
      /Cannot upgrade "gateway": its addresses have changed/,
    );
  });

  it("hands a changed configuration to a process that follows its file, and says what the others need", async () => {
    const other = fakeSpec({ name: "hello" });
    const { supervisor, lines } = create([gatewaySpec(), fakeSpec({ fake: { reloads: true } }), other]); // prettier-ignore
    await supervisor.start();
    await supervisor.settled();
    const about = (name: string) => lines.filter((line) => line.startsWith(name) && line.includes("changed")); // prettier-ignore
    const changed = { fake: { reloads: true }, orders: 1 };
    const planned = [
      { ...gatewaySpec(), listeners: [] },
      { ...fakeSpec(), config: changed },
      { ...other, config: { fake: {}, more: 1 } },
      fakeSpec({ name: "added" }),
    ];
    supervisor.reconfigure(planned);
    supervisor.reconfigure(planned);
    await until("it is taken over", () => lines.some((line) => line.includes('"orders":1')));
    assert.deepEqual(
      ["gateway", "state", "hello", "layotto"].flatMap((name) => about(name)),
      [
        'gateway | its addresses have changed: "layotto stop" and start apply that',
        "state   | its configuration has changed and was handed to it",
        'hello   | its configuration has changed: "layotto upgrade hello" applies that',
      ],
    );
    assert.ok(lines.includes("layotto | added is new in the configuration: it runs after stop and start")); // prettier-ignore
    assert.equal(supervisor.status().processes[1]?.generation, 1);
    process.kill(supervisor.status().processes[1]?.pid ?? 0, "SIGKILL");
    const file = join(directory.path, "state.config.json");
    await until("it is back", async () => (await greet(socketOf("state")).catch(() => undefined))?.generation === 2); // prettier-ignore
    assert.equal((JSON.parse(readFileSync(file, "utf8")) as { orders?: number }).orders, 1);
  });

  it("kills a process that does not become ready and tries again", async () => {
    const { supervisor } = create([fakeSpec({ fake: { hangs: true } })], { readyTimeoutMs: 300 });
    await supervisor.start();
    await supervisor.settled();
    assert.match(supervisor.status().processes[0]?.reason ?? "", /not ready within 300 ms/);
  });

  it("names the port that is busy and who holds it", async () => {
    const holder = createServer().unref().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as AddressInfo;
    const spec = { ...gatewaySpec(), listeners: [{ name: "grpc", host: "127.0.0.1", port }] };
    const { supervisor } = create([spec]);
    await assert.rejects(supervisor.start(), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`"127.0.0.1:${port}": the port is in use by ".+" \\(pid ${process.pid}\\)`),
      );
      return true;
    });
  });

  it("refuses a second supervisor of the same run directory, and replaces a socket left over", async () => {
    const first = create([fakeSpec()]);
    await first.supervisor.start();
    await assert.rejects(create([fakeSpec()]).supervisor.start(), /already running/);
    assert.equal((await readStatus(directory.path)).pid, process.pid);
    await first.supervisor.stop();
    const left = createServer().listen(join(directory.path, "other.sock"));
    await new Promise((resolve) => left.once("listening", resolve));
    linkSync(join(directory.path, "other.sock"), join(directory.path, "supervisor.sock"));
    await new Promise((resolve) => left.close(resolve));
    assert.ok(existsSync(join(directory.path, "supervisor.sock")));
    const second = create([fakeSpec()]);
    await second.supervisor.start();
    await second.supervisor.settled();
    assert.equal((await readStatus(directory.path)).processes[0]?.state, "ready");
  });

  it("stops when asked over the control socket and answers when all has ended", async () => {
    const { supervisor } = create([gatewaySpec(), fakeSpec()]);
    await supervisor.start();
    await supervisor.settled();
    const pids = supervisor.status().processes.map((p) => p.pid ?? 0);
    const stopped = supervisor.stopped();
    assert.deepEqual(await control(directory.path, { command: "stop" }), {
      stopped: ["gateway", "state"],
    });
    assert.deepEqual(pids.filter(isAlive), []);
    await stopped;
  });
});
