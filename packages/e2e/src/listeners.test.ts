import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  type ClientTarget,
  GrpcClient,
  GrpcError,
  Metadata,
  Status,
  type TlsClientOptions,
} from "@layotto/grpc-transport";
import { makeAuthority, skipWithout } from "@layotto/sidecar-kit/testing";
import { runtime } from "./harness/calls.ts";
import { hellos } from "./harness/configs.ts";
import { startLayotto } from "./harness/layotto.ts";
import { type Scope, scopeOf } from "./harness/scope.ts";

const token = "a token of some length";

async function greet(scope: Scope, target: ClientTarget, metadata?: Metadata): Promise<string> {
  const grpc = scope.use(new GrpcClient(target));
  const options = metadata === undefined ? { timeoutMs: 5000 } : { timeoutMs: 5000, metadata };
  return (await runtime(grpc).sayHello({ serviceName: "helloworld", name: "eva" }, options)).hello;
}

async function refusal(call: Promise<unknown>): Promise<GrpcError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof GrpcError, `no GrpcError: ${String(error)}`);
  return error;
}

describe("token layer", () => {
  it("lets only calls with the token pass, on the gRPC port and on the actuator's details", async (t) => {
    const scope = scopeOf(t);
    const layotto = scope.use(await startLayotto({ config: { hellos, gateway: { token } } }));
    const target = { host: "127.0.0.1", port: layotto.port };
    for (const name of ["layotto-api-token", "dapr-api-token"])
      assert.equal(await greet(scope, target, Metadata.from([[name, token]])), "greeting, eva");

    const missing = await refusal(greet(scope, target));
    assert.equal(missing.code, Status.UNAUTHENTICATED);
    assert.match(missing.message, /"layotto-api-token" is missing/);
    const wrong = await refusal(greet(scope, target, Metadata.from([["layotto-api-token", "no"]])));
    assert.equal(wrong.code, Status.UNAUTHENTICATED);
    assert.ok(!layotto.output().includes(token), "the token was printed");
  });
});

describe("unix socket listener", () => {
  it("serves with the mode that is configured, beside a TCP listener", async (t) => {
    const scope = scopeOf(t);
    const path = join(scope.folder(), "api.sock");
    const gateway = { listen: ["127.0.0.1:0", `unix:${path}`], socketMode: "0660" };
    const layotto = scope.use(await startLayotto({ config: { hellos, gateway } }));
    assert.equal(statSync(path).mode & 0o777, 0o660);
    assert.equal(await greet(scope, { path }), "greeting, eva");
    assert.equal(await greet(scope, { host: "127.0.0.1", port: layotto.port }), "greeting, eva");
  });

  it("is replaced without a gap when the gateway is upgraded", async (t) => {
    const scope = scopeOf(t);
    const path = join(scope.folder(), "api.sock");
    const config = { hellos, gateway: { listen: `unix:${path}` } };
    const layotto = scope.use(await startLayotto({ config }));
    assert.equal(await greet(scope, { path }), "greeting, eva");
    const { code, stderr } = await layotto.command("upgrade", "gateway");
    assert.equal(code, 0, stderr);
    assert.equal(await greet(scope, { path }), "greeting, eva");
  });
});

describe("TLS listener", { skip: skipWithout("openssl") }, () => {
  it("serves clients that trust it, and no others", async (t) => {
    const scope = scopeOf(t);
    const authority = makeAuthority(scope.folder());
    const { cert, key } = authority.issue("server");
    const config = { hellos, gateway: { tls: { cert, key } } };
    const layotto = scope.use(await startLayotto({ config }));
    const at = (tls?: TlsClientOptions): ClientTarget => {
      const target = { host: "127.0.0.1", port: layotto.port };
      return tls === undefined ? target : { ...target, tls };
    };
    const ca = readFileSync(authority.cert);
    assert.equal(await greet(scope, at({ ca, serverName: "localhost" })), "greeting, eva");
    const plain = await refusal(greet(scope, at()));
    assert.equal(plain.code, Status.UNAVAILABLE, plain.message);
    const stranger = await refusal(greet(scope, at({ serverName: "localhost" })));
    assert.equal(stranger.code, Status.UNAVAILABLE, stranger.message);
  });

  it("with clientCa demands a certificate of that authority", async (t) => {
    const scope = scopeOf(t);
    const authority = makeAuthority(scope.folder());
    const other = makeAuthority(scope.folder());
    const { cert, key } = authority.issue("server");
    const config = { hellos, gateway: { tls: { cert, key, clientCa: authority.cert } } };
    const layotto = scope.use(await startLayotto({ config }));
    const greetWith = async (client?: { cert: string; key: string }): Promise<string> => {
      const own = client && { cert: readFileSync(client.cert), key: readFileSync(client.key) };
      const tls = { ca: readFileSync(authority.cert), serverName: "localhost", ...own };
      return await greet(scope, { host: "127.0.0.1", port: layotto.port, tls });
    };
    assert.equal(await greetWith(authority.issue("client")), "greeting, eva");
    for (const bad of [undefined, other.issue("client")])
      assert.equal((await refusal(greetWith(bad))).code, Status.UNAVAILABLE);
  });
});

describe("listener beyond loopback", () => {
  it("is refused without tls, token or insecure: true", async (t) => {
    const scope = scopeOf(t);
    const started = startLayotto({ config: { hellos, gateway: { listen: "0.0.0.0:0" } } });
    await assert.rejects(
      started.then((layotto) => scope.use(layotto)),
      /0\.0\.0\.0:0.*open to other machines without tls or token/,
    );
  });

  it("with insecure: true is served and warned about", async (t) => {
    const scope = scopeOf(t);
    const gateway = { listen: "0.0.0.0:0", insecure: true };
    const layotto = scope.use(await startLayotto({ config: { hellos, gateway } }));
    assert.equal(await greet(scope, { host: "127.0.0.1", port: layotto.port }), "greeting, eva");
    assert.match(layotto.output(), /open to other machines/);
  });
});
