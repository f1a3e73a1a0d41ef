import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { GrpcServer } from "@layotto/grpc-transport";
import { ConfigError } from "../config/fault.ts";
import { deferred } from "../deferred.ts";
import { settle } from "../testing/fake-clock.ts";
import { freePort, tempDir } from "../testing/place.ts";
import { addressText, isLocalAddress, parseAddress } from "./address.ts";
import { UsageError, parseLaunch } from "./launch.ts";
import { type Host, type Life, type Running, live } from "./life.ts";
import { listenOn, listenPrivately } from "./listen.ts";
import { StartError } from "./start-error.ts";

describe("parseAddress", () => {
  for (const [text, expected] of [
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    [":80", { host: "0.0.0.0", port: 80 }],
    ["unix:/a b", { path: "/a b" }],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parseAddress(text), expected));
  }
  for (const text of ["80", "host", "host:99999", "host:x", "unix:", "host:"]) {
    it(`refuses ${text}`, () => assert.throws(() => parseAddress(text), /Cannot use address/));
  }
  it("is undone by addressText", () => {
    for (const text of ["127.0.0.1:80", "[::1]:80", "unix:/x"])
      assert.equal(addressText(parseAddress(text)), text);
  });
  it("tells local addresses", () => {
    assert.deepEqual(
      ["127.1.2.3:1", "localhost:1", "[::1]:1", "unix:/x", ":1"].map((t) =>
        isLocalAddress(parseAddress(t)),
      ),
      [true, true, true, true, false],
    );
  });
});

describe("parseLaunch", () => {
  it("reads flags in all forms, and flags go before the environment", () => {
    const env = {
      LAYOTTO_LISTEN: "a:1",
      LAYOTTO_LISTENERS: "grpc,actuator",
      LAYOTTO_GRACE_MS: "50",
      LAYOTTO_SUPERVISED: "1",
    };
    const launch = parseLaunch(["-c", "/c.yaml", "--listen=b:2"], env);
    assert.equal(launch.configFile, "/c.yaml");
    assert.equal(launch.listen, "b:2");
    assert.deepEqual(launch.listeners, ["grpc", "actuator"]);
    assert.equal(launch.graceMs, 50);
    assert.equal(launch.supervised, true);
  });
  it("refuses what it does not know", () => {
    assert.throws(() => parseLaunch(["--what"], {}), UsageError);
    assert.throws(() => parseLaunch(["--config"], {}), UsageError);
  });
});

describe("listenOn", () => {
  it("says which port is busy and who holds it", async (test) => {
    const port = await freePort();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, "127.0.0.1", resolve));
    test.after(() => holder.close());
    const server = new GrpcServer();
    await assert.rejects(listenOn(server, { host: "127.0.0.1", port }), (error: unknown) => {
      assert.ok(error instanceof StartError);
      assert.equal(error.exitCode, 69);
      const by = process.platform === "linux" ? ` by ".+" \\(pid ${process.pid}\\)` : "";
      assert.match(
        error.message,
        new RegExp(`^Cannot listen on "127.0.0.1:${port}": the address is in use${by}$`),
      );
      return true;
    });
    await server.close();
  });

  it("refuses a socket path that is too long, with the cure", async () => {
    const path = `/tmp/${"x".repeat(120)}`;
    await assert.rejects(listenOn(new GrpcServer(), { path }), /at most \d+ bytes; set run_dir/);
  });
});

describe("listenPrivately", () => {
  it("takes the public name only when published, over a generation before", async (test) => {
    const dir = join(tempDir(test), "run");
    const [first, second] = [new GrpcServer(), new GrpcServer()];
    test.after(() => Promise.all([first.close(), second.close()]));
    const shared = join(dir, "state.sock");
    const before = await listenPrivately(first, join(dir, "state.sock"));
    assert.equal(existsSync(shared), false);
    before.publish();
    const inode = statSync(shared).ino;
    const after = await listenPrivately(second, join(dir, "state.sock"));
    assert.equal(statSync(shared).ino, inode);
    assert.deepEqual([before.replaces, after.replaces], [false, true]);
    after.publish();
    assert.notEqual(statSync(shared).ino, inode);
    assert.equal(after.address, `unix:${shared}`);
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    assert.equal(statSync(shared).mode & 0o777, 0o600);
  });

  it("is not stopped by the socket file of a process that was killed, but by any other file", async (test) => {
    const dir = tempDir(test);
    const [left, server] = [new GrpcServer(), new GrpcServer()];
    test.after(() => Promise.all([left.close(), server.close()]));
    const path = join(dir, "left.sock");
    await left.listen({ path });
    const bound = await listenPrivately(server, path);
    bound.publish();
    const file = join(dir, "file.sock");
    writeFileSync(file, "precious");
    await assert.rejects(listenPrivately(new GrpcServer(), file), /a file that is no socket/);
    assert.equal(readFileSync(file, "utf8"), "precious");
  });
});

/** A process that a test plays. */
function fakeHost() {
  const listeners = new Map<string, (...args: unknown[]) => void>();
  const sent: unknown[] = [];
  const exits: number[] = [];
  const errors: string[] = [];
  const exited = deferred<number>();
  const host: Host = {
    on: (event, listener) =>
      listeners.set(event, (...args) => Reflect.apply(listener, undefined, args)),
    send: (message) => sent.push(message) > 0,
    connected: true,
    exit: (code) => {
      exits.push(code);
      exited.resolve(code);
    },
    writeError: (text) => errors.push(text),
  };
  return {
    host,
    sent,
    exits,
    errors,
    exited: exited.promise,
    emit: (event: string, ...args: unknown[]) => listeners.get(event)?.(...args),
  };
}

function liveWith(part: Partial<Running> = {}, env: Record<string, string> = {}) {
  const fake = fakeHost();
  const drains: number[] = [];
  let life: Life | undefined;
  const start = async (given: Life): Promise<Running> => {
    life = given;
    return { address: "unix:/x", drain: async (graceMs) => void drains.push(graceMs), ...part };
  };
  const running = live(parseLaunch([], env), start, fake.host);
  return { ...fake, drains, running, life: () => life };
}

describe("live", () => {
  it("tells the supervisor when it is ready", async () => {
    const { running, sent } = liveWith();
    await running;
    assert.deepEqual(sent, [{ type: "ready", address: "unix:/x" }]);
  });

  for (const [what, event, args] of [
    ["SIGTERM", "SIGTERM", []],
    ["SIGINT", "SIGINT", []],
    ["the order to drain", "message", [{ type: "drain", graceMs: 10_000 }]],
    ["the loss of its supervisor", "disconnect", []],
  ] as const) {
    it(`drains and exits 0 on ${what}`, async () => {
      const { running, emit, exited, drains } = liveWith();
      await running;
      emit(event, ...args);
      assert.equal(await exited, 0);
      assert.deepEqual(drains, [10_000]);
    });
  }

  it("exits at once with 1 on a second signal", async () => {
    const { running, emit, exits } = liveWith({ drain: () => new Promise(() => {}) });
    await running;
    emit("SIGTERM");
    await settle();
    assert.deepEqual(exits, []);
    emit("SIGTERM");
    assert.deepEqual(exits, [1]);
  });

  it("leaves Ctrl-C to the supervisor when there is one", async () => {
    const { running, emit, drains } = liveWith({}, { LAYOTTO_SUPERVISED: "1" });
    await running;
    emit("SIGINT");
    await settle();
    assert.deepEqual(drains, []);
  });

  it("prints the report of a ConfigError alone and exits 64", async () => {
    const fake = fakeHost();
    const error = new ConfigError("c.yaml", [{ path: ["a"], message: "is missing" }]);
    await live(parseLaunch([], {}), () => Promise.reject(error), fake.host);
    assert.deepEqual([fake.exits, fake.errors], [[64], [`${error.report}\n`]]);
  });

  it("exits 70 when starting fails unexpectedly, and on an unhandled rejection", async () => {
    const fake = fakeHost();
    await live(parseLaunch([], {}), () => Promise.reject(new Error("boom")), fake.host);
    assert.deepEqual(fake.exits, [70]);
    const other = liveWith();
    await other.running;
    other.emit("unhandledRejection", new Error("lost"));
    assert.deepEqual(other.exits, [70]);
  });

  it("drains and exits with the code of a fatal error", async () => {
    const { running, life, exited, errors, drains } = liveWith();
    await running;
    life()?.fatal(73, "Cannot use data directory");
    assert.equal(await exited, 73);
    assert.deepEqual([errors, drains.length], [["Cannot use data directory\n"], 1]);
  });

  it("hands over listening handles by name", async () => {
    const { running, life, emit } = liveWith({}, { LAYOTTO_LISTENERS: "grpc" });
    await running;
    const handle = {};
    emit("message", { type: "listener", name: "grpc" }, handle);
    assert.equal(await life()?.listener("grpc"), handle);
    await assert.rejects(life()?.listener("other") ?? Promise.resolve(), /no listener "other"/);
  });

  it("stops without ever being ready when it is told to while it starts", async () => {
    const fake = fakeHost();
    const begun = deferred<Running>();
    const running = live(parseLaunch([], {}), () => begun.promise, fake.host);
    fake.emit("SIGTERM");
    begun.resolve({ address: "x", drain: async () => {} });
    await running;
    assert.equal(await fake.exited, 0);
    assert.deepEqual(fake.sent, []);
  });
});
