import assert from "node:assert/strict";
import { type ChildProcess } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { startProcess } from "./testing/process.ts";
import { tempDir } from "./testing/place.ts";
import { eventually } from "./testing/wait.ts";

interface Line {
  msg: string;
  things?: Record<string, number>;
  report?: string;
  level?: string;
}

/** A process that follows its file; `write` replaces the file as careful programs do. */
function start(test: TestContext, env: Record<string, string> = {}) {
  const dir = tempDir(test);
  const file = join(dir, "config.json");
  const write = (config: unknown) => {
    writeFileSync(`${file}.new`, typeof config === "string" ? config : JSON.stringify(config));
    renameSync(`${file}.new`, file);
  };
  write({ things: { a: 1 } });
  const process = startProcess({
    test,
    from: import.meta.url,
    module: "./testing/reloading-process",
    args: ["--config", file],
    env: { LAYOTTO_RUN_DIR: join(dir, "run"), LAYOTTO_NAME: "reloading", ...env },
  });
  const lines = (): Line[] =>
    process.stdout().split("\n").filter((text) => text !== "").map((text) => JSON.parse(text) as Line); // prettier-ignore
  const line = (msg: string, count = 1) =>
    eventually(msg, () => lines().filter((each) => each.msg === msg)[count - 1]);
  return { ...process, file, write, lines, line };
}

describe("a process that reloads", () => {
  it("tells the supervisor that it does", async (test) => {
    const { ready, messages } = start(test);
    await ready();
    const said = messages.find((each) => Reflect.get(Object(each), "type") === "ready");
    assert.equal(Reflect.get(Object(said), "reloads"), true);
  });

  it("takes over a changed file, refuses a bad one with one report, and goes on with the next", async (test) => {
    const { ready, write, line, lines, file } = start(test);
    await ready();
    write({ things: { a: 2 } });
    assert.deepEqual((await line("reloaded")).things, { a: 2 });
    write({ things: { a: "x", b: 1.5 }, thing: {} });
    const refused = "changed configuration refused, the old one stays";
    assert.equal(
      (await line(refused)).report,
      [
        `Cannot use configuration "${file}": 3 faults`,
        "  ✖ things.a: must be a number, not a string",
        "  ✖ things.b: must be a whole number, not a number",
        '  ✖ thing: unknown section; did you mean "things"?',
      ].join("\n"),
    );
    write("{");
    assert.match((await line(refused, 2)).report ?? "", /cannot parse the file/);
    write({ things: { a: 10 } });
    assert.match((await line(refused, 3)).report ?? "", /things\.a: must be at most 9/);
    write({ things: { a: 3 } });
    assert.deepEqual((await line("reloaded", 2)).things, { a: 3 });
    assert.deepEqual(lines().filter(({ msg }) => msg === "created").length, 1);
  });

  it("keeps what a sidecar refuses out, and hands the old one over again after an error", async (test) => {
    const { ready, write, line, lines } = start(test);
    await ready();
    write({ things: { refused: 1 } });
    const { report } = await line("changed configuration refused, the old one stays");
    assert.match(report ?? "", /things\.refused: is refused/);
    write({ things: { a: 1 }, log: { level: "debug" } });
    await line("log level changed");
    write({ things: { broken: 1 }, log: { level: "debug" } });
    await line("cannot take over the changed configuration");
    assert.equal(lines().filter(({ msg }) => msg === "reloaded").length, 0);
    write({ things: { a: 1 }, log: { level: "debug" } });
    assert.deepEqual((await line("reloaded")).things, { a: 1 });
  });

  it("is not disturbed by changes that are none of its business, but takes a log level", async (test) => {
    const { ready, write, line, lines } = start(test);
    await ready();
    write({ things: { a: 1 }, log: { level: "debug" }, other: 1 });
    await line("log level changed");
    write({ things: { a: 4 }, log: { level: "debug" } });
    assert.deepEqual((await line("reloaded")).things, { a: 4 });
    assert.equal(lines().filter(({ msg }) => msg === "reloaded").length, 1);
  });

  it("ends with the last of many changes", async (test) => {
    const { ready, write, lines } = start(test);
    await ready();
    for (let a = 0; a <= 9; a += 1) {
      write({ things: { a } });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const last = () => lines().filter(({ msg }) => msg === "reloaded").at(-1)?.things?.["a"]; // prettier-ignore
    await eventually("the last change", () => (last() === 9 ? true : undefined));
  });

  it("listens on a socket that it is handed", async (test) => {
    const { ready, child } = start(test, { LAYOTTO_LISTENERS: "extra" });
    const { port, close } = handOver(child, "extra");
    test.after(close);
    await ready();
    assert.equal(await readAll(port), "extra");
  });
});

/** What a supervisor does with a TCP address of a process. */
function handOver(child: ChildProcess, name: string): { port: number; close: () => void } {
  const create = Reflect.get(net, "_createServerHandle") as (host: string, port: number, type: 4) => { getsockname(out: object): number; close(): void }; // prettier-ignore
  const handle = create("127.0.0.1", 0, 4);
  const bound: { port?: number } = {};
  handle.getsockname(bound);
  child.send({ type: "listener", name }, handle as unknown as net.Server); // as the CLI does
  return { port: bound.port ?? 0, close: () => handle.close() };
}

function readAll(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect({ port, host: "127.0.0.1" });
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
