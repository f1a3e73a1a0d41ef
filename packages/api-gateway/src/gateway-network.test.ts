import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { GrpcClient, GrpcError, Metadata, Status } from "@layotto/grpc-transport";
import { eventually, selfSigned, skipWithout, tempDir } from "@layotto/sidecar-kit/testing";
import { FakeSidecar, type FakeSidecarOptions } from "./testing/fake-sidecar.ts";
import { echo, hello, ready, sidecar, start } from "./testing/harness.ts";

/** A method that tells who answers, and what metadata it got. */
function answering(name: string, seen: (string | undefined)[] = []): FakeSidecarOptions["methods"] {
  return {
    [echo]: (call) => {
      seen.push(call.metadata.get("layotto-sidecar-token"));
      call.reply(Buffer.from(name));
    },
  };
}

describe("Gateway over TLS", { skip: skipWithout("openssl") }, () => {
  test("serves TLS on its TCP listeners, and demands client certificates when told to", async (t) => {
    const { cert, key } = selfSigned(tempDir(t));
    const tls = { cert, key, clientCa: cert };
    const { gateway, runDir } = await start(t, ["state"], { tls });
    await sidecar(t, runDir, "state");
    const [host = "", port] = (gateway.addresses[0] ?? "").split(":");
    const pem = { cert: readFileSync(cert), key: readFileSync(key) };
    const channel = new GrpcClient({ host, port: Number(port), tls: { ca: pem.cert, ...pem } });
    t.after(() => channel.close());
    assert.deepEqual(Buffer.from((await channel.unary(echo, hello)).message), hello);
    const stranger = new GrpcClient({ host, port: Number(port), tls: { ca: pem.cert } });
    t.after(() => stranger.close());
    await assert.rejects(
      stranger.unary(echo, hello, { timeoutMs: 2_000 }),
      (error) => error instanceof GrpcError && error.code === Status.UNAVAILABLE,
    );
  });

  test("reaches a sidecar by mutual TLS", async (t) => {
    const { cert, key } = selfSigned(tempDir(t));
    const ca = readFileSync(cert);
    const tls = { cert: ca, key: readFileSync(key), ca, requestClientCert: true };
    const remote = new FakeSidecar({ methods: answering("remote"), tls });
    t.after(() => remote.kill());
    const upstreams = {
      state: { addresses: [await remote.listenTcp()], tls: { ca: cert, cert, key } },
    };
    const { call } = await start(t, [], { upstreams });
    assert.equal(String(await call(echo)), "remote");
  });
});

describe("Gateway with sidecars on TCP", () => {
  test("balances replicas and goes on with the one that is left", async (t) => {
    const replicas = ["a", "b"].map((name) => new FakeSidecar({ methods: answering(name) }));
    t.after(() => Promise.all(replicas.map((replica) => replica.kill())));
    const addresses = await Promise.all(replicas.map((replica) => replica.listenTcp()));
    const { gateway, call } = await start(t, [], { upstreams: { state: { addresses } } });
    await eventually("both replicas", () =>
      gateway.upstreams[0]?.replicas.every((replica) => replica.isUsable),
    );
    const names = async (): Promise<string[]> =>
      Promise.all(Array.from({ length: 40 }, async () => String(await call(echo))));
    assert.deepEqual([...new Set(await names())].sort(), ["a", "b"]);
    await replicas[0]?.kill();
    await eventually("loss of a", () => gateway.upstreams[0]?.replicas[0]?.isUsable === false);
    assert.deepEqual([...new Set(await names())], ["b"]);
    assert.equal(gateway.upstreams[0]?.replicas[1]?.outstanding, 0);
  });

  test("sends the sidecar's token, not one that a caller made up", async (t) => {
    const seen: (string | undefined)[] = [];
    const remote = new FakeSidecar({ methods: answering("remote", seen) });
    t.after(() => remote.kill());
    const upstreams = { state: { addresses: [await remote.listenTcp()], token: "the-real-one" } };
    const { gateway, call } = await start(t, [], { upstreams });
    await ready(gateway);
    await call(echo, { metadata: Metadata.from([["layotto-sidecar-token", "made-up"]]) });
    assert.deepEqual(seen, ["the-real-one"]);
  });

  test("refuses a sidecar that speaks a newer contract, by name, and still waits for it", async (t) => {
    const description = { contractMajor: 2, name: "new-sidecar", version: "9.0.0" };
    const remote = new FakeSidecar({ methods: answering("remote"), description });
    t.after(() => remote.kill());
    const upstreams = { state: { addresses: [await remote.listenTcp()] } };
    const { gateway, call, actuator } = await start(t, [], { upstreams, upstreamWaitMs: 50 });
    await eventually("refusal", () => gateway.upstreams[0]?.state === "refused");
    await assert.rejects(
      call(echo),
      (error) => error instanceof GrpcError && error.code === Status.UNAVAILABLE,
    );
    const body = await (await actuator("health/readiness")).text();
    assert.match(
      body,
      /Cannot use sidecar \\"new-sidecar\\" 9\.0\.0: it speaks contract sidecar\.v2/,
    );
  });
});
