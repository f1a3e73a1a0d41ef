import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { GrpcError, Status, type StatusCode } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { paths, runtime } from "./harness/calls.ts";
import { layotto as command } from "./harness/command.ts";
import { embedded, hellos } from "./harness/configs.ts";
import { relabel, snapshot } from "./harness/data-dir.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { processesOf } from "./harness/processes.ts";
import { Scope, scopeOf } from "./harness/scope.ts";

/** The default of `gateway.maxMessageBytes`. */
const limit = 4 * 1024 * 1024;

describe("bad input through the gateway", () => {
  const scope = new Scope();
  let layotto: Layotto;
  before(async () => {
    layotto = scope.use(await startLayotto({ config: embedded() }));
  });
  after(() => scope.close());

  async function fails(path: string, message: Uint8Array, code: StatusCode): Promise<GrpcError> {
    try {
      await layotto.client().unary(path, message);
    } catch (error) {
      assert.ok(error instanceof GrpcError, String(error));
      assert.equal(error.code, code, error.message);
      return error;
    }
    throw new assert.AssertionError({ message: `${path} should have failed` });
  }

  it("an unknown method is UNIMPLEMENTED and named", async () => {
    const path = "/spec.proto.runtime.v1.Runtime/NoSuchMethod";
    const { message } = await fails(path, new Uint8Array(), Status.UNIMPLEMENTED);
    assert.match(message, /NoSuchMethod/);
    assert.match(message, /spec\.proto\.runtime\.v1\.Runtime/);
  });

  it("an unknown service is UNIMPLEMENTED and named", async () => {
    const { message } = await fails("/who.Knows/What", new Uint8Array(), Status.UNIMPLEMENTED);
    assert.match(message, /What.*who\.Knows/);
  });

  it("sidecar.v1 is not there for apps", async () => {
    await fails("/sidecar.v1.Sidecar/Metrics", new Uint8Array(), Status.UNIMPLEMENTED);
  });

  it("a request that is no protobuf is INVALID_ARGUMENT", async () => {
    for (const path of [paths.sayHello, paths.getState, paths.saveState])
      await fails(path, Uint8Array.from([0x0a, 0xff, 0xff, 0xff]), Status.INVALID_ARGUMENT);
  });

  it("a request over the limit is RESOURCE_EXHAUSTED with both sizes", async () => {
    for (const path of [paths.getState, paths.saveState]) {
      const { message } = await fails(path, new Uint8Array(limit + 1), Status.RESOURCE_EXHAUSTED);
      assert.match(message, new RegExp(`${limit + 1}.*${limit}`));
    }
  });

  it("a request just under the limit passes, and what it stored comes back", async () => {
    const [storeName, key] = ["state_demo", "big"];
    const value = new Uint8Array(limit - 100).fill(7);
    const api = runtime(layotto.client());
    await api.saveState({ storeName, states: [{ key, value }] });
    assert.equal((await api.getState({ storeName, key })).data.length, value.length);
  });

  it("HTTP/1.1 is told what this port speaks", async () => {
    const answer = await plainRequest(layotto.port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert.match(answer, /HTTP\/1\.1 505 HTTP Version Not Supported\r\n/);
    assert.match(answer, /gRPC/);
  });

  it("malformed HTTP/2 ends only its own connection", async () => {
    const api = runtime(layotto.client());
    await api.sayHello({ serviceName: "helloworld" });
    // A DATA frame on stream 0 (RFC 9113 §6.1: connection error PROTOCOL_ERROR).
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const settings = "\0\0\0\x04\0\0\0\0\0";
    const answer = await plainRequest(layotto.port, `${preface}${settings}\0\0\x01\0\0\0\0\0\0x`);
    const goaway = Buffer.from(answer, "latin1");
    const at = findFrame(goaway, 7);
    assert.notEqual(at, undefined, "no GOAWAY came");
    assert.equal(goaway.readUInt32BE((at ?? 0) + 9 + 4), 1);
    assert.equal((await api.sayHello({ serviceName: "helloworld" })).hello, "greeting");
  });
});

/** Sends bytes and returns what came until the other side closed. */
function plainRequest(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request, "latin1"));
    socket.setEncoding("latin1").setTimeout(5000, () => socket.destroy(new Error("no end")));
    socket.on("data", (chunk: string) => (answer += chunk));
    socket.once("error", reject);
    socket.once("close", () => resolve(answer));
  });
}

/** Where the first HTTP/2 frame of a type begins. */
function findFrame(buffer: Buffer, type: number): number | undefined {
  for (let at = 0; at + 9 <= buffer.length; at += 9 + buffer.readUIntBE(at, 3))
    if (buffer[at + 3] === type) return at;
  return undefined;
}

describe("bad surroundings", () => {
  function writeConfig(dir: string, config: unknown): string {
    const file = join(dir, "layotto.json");
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  it("a wrong configuration is reported as a whole, exits 64 and starts nothing", async (t) => {
    const dir = scopeOf(t).folder();
    const file = writeConfig(dir, {
      gateway: { listen: 17, colour: "blue" },
      hellos: { helloworld: { type: "helo" } },
      state: { s: { type: "redis", metadata: { redisPassword: "sesame", redisDB: "many" } } },
      stete: {},
    });
    const runDir = join(dir, "run");
    const { code, stdout, stderr } = await command(["start", "-c", file, "--run-dir", runDir]);
    assert.equal(code, 64, stdout + stderr);
    for (const path of ["gateway.listen", "colour", "hellos.helloworld", "redisDB", "stete"])
      assert.ok(stderr.includes(path), `"${path}" is not in the report:\n${stderr}`);
    assert.ok(!(stdout + stderr).includes("sesame"), "a secret was printed");
    assert.doesNotMatch(stderr, /^\s+at /m, "a stack trace was printed");
    assert.deepEqual(processesOf(runDir), []);
    const check = await command(["validate", "-c", file]);
    assert.equal(check.code, 64);
  });

  it("a busy port is named with its holder, exits 69 and starts nothing", async (t) => {
    const scope = scopeOf(t);
    const dir = scope.folder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    scope.defer(() => server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const gateway = { listen: `127.0.0.1:${port}`, actuator: "127.0.0.1:0" };
    const file = writeConfig(dir, { hellos, gateway });
    const runDir = join(dir, "run");
    const { code, stderr } = await command(["start", "-c", file, "--run-dir", runDir]);
    assert.equal(code, 69, stderr);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.match(stderr, new RegExp(`\\b${process.pid}\\b`));
    assert.deepEqual(processesOf(runDir), []);
  });

  const strangers = [
    {
      whose: "another installation",
      change: (label: Record<string, unknown>) => ({ ...label, installation: "theirs" }),
      said: /theirs/,
    },
    {
      whose: "a newer version",
      change: (label: Record<string, unknown>) => ({ ...label, format: 99 }),
      said: /newer version/,
    },
  ];
  for (const { whose, change, said } of strangers) {
    it(`a data directory of ${whose} is refused, untouched, and says why`, async (t) => {
      const scope = scopeOf(t);
      const dataDir = scope.folder();
      const first = await startLayotto({ config: embedded(), dataDir });
      const states = [{ key: "k", value: new Uint8Array(3) }];
      await runtime(first.client()).saveState({ storeName: "state_demo", states });
      await first.close();
      relabel(dataDir, change);
      const before = snapshot(dataDir);

      const layotto = scope.use(await startLayotto({ config: embedded(), dataDir }));
      const state = await eventually("the refusal", async () => {
        const report = await layotto.process("state");
        return report.state === "failed" ? report : undefined;
      });
      assert.match(state.reason ?? "", said);
      assert.match(state.reason ?? "", /73/);
      const { hello } = await runtime(layotto.client()).sayHello({ serviceName: "helloworld" });
      assert.equal(hello, "greeting");
      await layotto.close();
      assert.deepEqual(snapshot(dataDir), before);
    });
  }

  it("a data directory that is a file is refused with the reason", async (t) => {
    const scope = scopeOf(t);
    const dataDir = join(scope.folder(), "inner");
    writeFileSync(dataDir, "");
    const layotto = scope.use(await startLayotto({ config: embedded(), dataDir }));
    const state = await eventually("the reason", async () => {
      const report = await layotto.process("state");
      return report.reason === null ? undefined : report;
    });
    assert.match(state.reason ?? "", /inner/);
  });
});
