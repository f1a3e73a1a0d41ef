import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { GrpcClient, GrpcError, Status } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  SayHelloRequestSchema,
  SayHelloResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  eventually,
  selfSigned,
  skipWithout,
  startProcess,
  tempDir,
  type TestProcess,
} from "@layotto/sidecar-kit/testing";
import { ready, start, type Started } from "./testing/harness.ts";

const sayHello = "/spec.proto.runtime.v1.Runtime/SayHello";
const request = Buffer.from(codecFor(SayHelloRequestSchema).encode({ name: "eva" }));

/** A sidecar with a TCP listener of its own. */
function sidecarProcess(t: TestContext, config: object): TestProcess {
  const directory = tempDir(t, "sidecar-");
  const file = join(directory, "config.json");
  writeFileSync(file, JSON.stringify({ listen: "127.0.0.1:0", run_dir: directory, ...config }));
  const module = "./testing/greeting-sidecar-process";
  return startProcess({ from: import.meta.url, module, args: ["--config", file], test: t });
}

async function greeting({ call }: Started): Promise<string> {
  const bytes = await call(sayHello, { timeoutMs: 5_000 }, request);
  return codecFor(SayHelloResponseSchema).decode(bytes).hello;
}

/** A gateway whose only upstream is at this address. */
function gatewayTo(t: TestContext, address: string, upstream: object): Promise<Started> {
  const upstreams = { hello: { addresses: [address], ...upstream } };
  return start(t, [], { upstreams, upstreamWaitMs: 300 });
}

/** The same, where calls need not wait any more. */
async function connected(t: TestContext, address: string, upstream: object): Promise<Started> {
  const started = await gatewayTo(t, address, upstream);
  await ready(started.gateway);
  return started;
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof GrpcError && error.code === Status.UNAVAILABLE;

describe("gateway and a sidecar over TCP with mutual TLS", { skip: skipWithout("openssl") }, () => {
  test("calls get through with the right certificate, and only with it", async (t) => {
    const { cert, key } = selfSigned(tempDir(t));
    const sidecar = sidecarProcess(t, { tls: { cert, key, clientCa: cert } });
    const address = await sidecar.ready();
    assert.equal(
      await greeting(await connected(t, address, { tls: { ca: cert, cert, key } })),
      "hello, eva",
    );

    const stranger = selfSigned(tempDir(t));
    const wrong = { ca: cert, cert: stranger.cert, key: stranger.key };
    for (const tls of [{ ca: cert }, wrong]) {
      await assert.rejects(greeting(await gatewayTo(t, address, { tls })), isUnavailable);
    }
    await assert.rejects(greeting(await gatewayTo(t, address, {})), isUnavailable);
  });

  test("a sidecar with another certificate than expected gets no call", async (t) => {
    const [real, other] = [selfSigned(tempDir(t)), selfSigned(tempDir(t))];
    const sidecar = sidecarProcess(t, { tls: { cert: other.cert, key: other.key } });
    const tls = { ca: real.cert, cert: real.cert, key: real.key };
    await assert.rejects(
      greeting(await gatewayTo(t, await sidecar.ready(), { tls })),
      isUnavailable,
    );
  });

  test("tls and token are both wanted when both are set", async (t) => {
    const { cert, key } = selfSigned(tempDir(t));
    const token = "long enough";
    const sidecar = sidecarProcess(t, { tls: { cert, key }, token });
    const address = await sidecar.ready();
    const good = await connected(t, address, { tls: { ca: cert }, token });
    assert.equal(await greeting(good), "hello, eva");
    const [host = "", port] = address.split(":");
    const direct = new GrpcClient({ host, port: Number(port), tls: { ca: readFileSync(cert) } });
    t.after(() => direct.close());
    await assert.rejects(
      direct.unary(sayHello, request, { timeoutMs: 2_000 }),
      (error) => error instanceof GrpcError && error.code === Status.UNAUTHENTICATED,
    );
  });
});

describe("gateway and a sidecar over TCP with a token", () => {
  test("calls get through with the token; without it the gateway says who refuses it", async (t) => {
    const token = "long enough";
    const sidecar = sidecarProcess(t, { token });
    const address = await sidecar.ready();
    assert.equal(await greeting(await connected(t, address, { token })), "hello, eva");
    const bad = await gatewayTo(t, address, { token: "wrong" });
    await assert.rejects(greeting(bad), isUnavailable);
    await eventually("reason", () => bad.gateway.upstreams[0]?.reason.includes("token"));
  });
});

describe("a sidecar that strangers could call", () => {
  for (const [how, config] of [
    ["plain", {}],
    ["TLS without client certificates", { tls: { cert: "/c.pem", key: "/k.pem" } }],
  ] as const) {
    test(`does not start beyond loopback: ${how}`, async (t) => {
      const sidecar = sidecarProcess(t, { listen: "0.0.0.0:0", ...config });
      assert.equal(await sidecar.exited, 64);
      assert.match(
        sidecar.stderr(),
        /^Cannot listen on "0\.0\.0\.0:0": it is open to other machines; set tls with clientCa, or token, or insecure: true\n$/,
      );
    });
  }

  test("starts with insecure: true and warns", async (t) => {
    const sidecar = sidecarProcess(t, { listen: "0.0.0.0:0", insecure: true });
    await sidecar.ready();
    sidecar.child.kill("SIGTERM");
    assert.equal(await sidecar.exited, 0);
    assert.match(sidecar.stdout(), /"warn".*open to other machines/);
  });

  test("names the certificate that is not there", async (t) => {
    const sidecar = sidecarProcess(t, { tls: { cert: "/no/cert.pem", key: "/no/key.pem" } });
    assert.equal(await sidecar.exited, 64);
    assert.match(sidecar.stderr(), /^Cannot read tls\.cert "\/no\/cert\.pem": /);
  });
});
