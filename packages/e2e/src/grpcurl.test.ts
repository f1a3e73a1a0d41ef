import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { skipWithout } from "@layotto/sidecar-kit/testing";
import { type CommandResult, run } from "./harness/command.ts";
import { embedded } from "./harness/configs.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { Scope } from "./harness/scope.ts";

describe("grpcurl through the gateway", { skip: skipWithout("grpcurl") }, () => {
  const scope = new Scope();
  let layotto: Layotto;
  before(async () => {
    layotto = scope.use(await startLayotto({ config: embedded() }));
  });
  after(() => scope.close());

  const grpcurl = (
    before: readonly string[],
    ...after: readonly string[]
  ): Promise<CommandResult> =>
    run("grpcurl", [
      "-plaintext",
      "-max-time",
      "10",
      ...before,
      `127.0.0.1:${layotto.port}`,
      ...after,
    ]);

  it("list names the services of all sidecars", async () => {
    const { code, stdout, stderr } = await grpcurl([], "list");
    assert.equal(code, 0, stderr);
    const services = stdout.trim().split("\n");
    for (const service of [
      "spec.proto.runtime.v1.Runtime",
      "spec.proto.runtime.v1.Lifecycle",
      "grpc.health.v1.Health",
    ])
      assert.ok(services.includes(service), `${service} is not in ${services.join(", ")}`);
    assert.ok(!stdout.includes("sidecar.v1"), "the sidecars' own service must not be public");
  });

  it("list names the methods of a service, of both sidecars", async () => {
    const { stdout } = await grpcurl([], "list", "spec.proto.runtime.v1.Runtime");
    for (const method of ["SayHello", "GetState", "TryLock", "GetNextId"])
      assert.match(stdout, new RegExp(`Runtime\\.${method}$`, "m"));
  });

  it("describe shows methods and messages", async () => {
    const method = await grpcurl([], "describe", "spec.proto.runtime.v1.Runtime.GetState");
    assert.equal(method.code, 0, method.stderr);
    assert.match(method.stdout, /rpc GetState \( \.spec\.proto\.runtime\.v1\.GetStateRequest \)/);
    const message = await grpcurl([], "describe", "spec.proto.runtime.v1.GetStateRequest");
    assert.match(message.stdout, /string store_name = 1/);
  });

  it("calls by reflection alone", async () => {
    const request = JSON.stringify({ serviceName: "helloworld", name: "eva" });
    const { code, stdout, stderr } = await grpcurl(
      ["-d", request],
      "spec.proto.runtime.v1.Runtime/SayHello",
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { hello: "greeting, eva" });
  });

  it("shows code, message and reason of an error", async () => {
    const request = JSON.stringify({ storeName: "nowhere", key: "k" });
    const { code, stderr } = await grpcurl(
      ["-d", request],
      "spec.proto.runtime.v1.Runtime/GetState",
    );
    assert.equal(code, 64 + 3);
    assert.match(stderr, /Code: InvalidArgument\s+Message: state store nowhere is not found/);
    assert.match(stderr, /STORE_NOT_FOUND/);
  });

  it("health says SERVING for all and for one service", async () => {
    for (const service of ["", "spec.proto.runtime.v1.Runtime"]) {
      const request = JSON.stringify({ service });
      const { stdout, stderr } = await grpcurl(["-d", request], "grpc.health.v1.Health/Check");
      assert.deepEqual(JSON.parse(stdout || "{}"), { status: "SERVING" }, stderr);
    }
  });
});
