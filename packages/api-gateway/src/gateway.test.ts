import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  type GrpcClient,
  GrpcError,
  Metadata,
  Status,
  type CallOptions,
} from "@layotto/grpc-transport";
import { Health } from "@layotto/proto/grpc/health/v1/health";
import { ServerReflection } from "@layotto/proto/grpc/reflection/v1/reflection";
import { client, deferred } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { StartError } from "@layotto/sidecar-kit/process";
import type { FakeSidecarOptions } from "./testing/fake-sidecar.ts";
import { connect, echo, hello, ready, sidecar, start } from "./testing/harness.ts";

const failed = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof GrpcError && error.code === code && message.test(error.message);

describe("Gateway", () => {
  test("forwards calls, and tells of them by actuator, health and reflection", async (t) => {
    const { gateway, runDir, call, channel, actuator } = await start(t, ["state"]);
    assert.equal((await actuator("health/readiness")).status, 503);
    await sidecar(t, runDir, "state");
    await ready(gateway);
    assert.deepEqual(await call(echo), hello);
    assert.equal((await actuator("health/readiness")).status, 200);
    assert.match(await (await actuator("info")).text(), /"name":"Layotto".*"fake-sidecar"/);
    const text = await (await actuator("metrics")).text();
    assert.match(
      text,
      /layotto_grpc_requests_total\{process="gateway",method="\/t\.S\/Echo",code="OK"\} 1/,
    );
    const health = client(Health, channel);
    assert.equal((await health.check({ service: "t.S" })).status, 1);
    assert.equal((await health.check({})).status, 1);
    assert.deepEqual(gateway.phase, { status: "UP", reason: "" });
    const services = (await listServices(channel)) ?? [];
    assert.ok(services.includes("t.S") && !services.includes("sidecar.v1.Sidecar"));
  });

  test("lets calls wait for a sidecar that has never been described, then names it; never UNIMPLEMENTED", async (t) => {
    const impatient = await start(t, ["state"], { upstreamWaitMs: 100 });
    await assert.rejects(impatient.call(echo), failed(Status.UNAVAILABLE, /state sidecar/));
    const { runDir, call } = await start(t, ["state"], { upstreamWaitMs: 20_000 });
    const waiting = call(echo);
    await sidecar(t, runDir, "state");
    assert.deepEqual(await waiting, hello);
    await assert.rejects(
      call("/t.S/Nope"),
      failed(Status.UNIMPLEMENTED, /unknown method Nope for service t\.S/),
    );
  });

  test("keeps the routes of a lost sidecar: calls wait for the next generation", async (t) => {
    const { gateway, runDir, call } = await start(t, ["state"], { upstreamWaitMs: 20_000 });
    const upstreams = { state: { addresses: [`unix:${join(runDir, "state.sock")}`] } };
    const impatient = await start(t, [], { upstreams, upstreamWaitMs: 100 });
    const first = await sidecar(t, runDir, "state");
    await Promise.all([ready(gateway), ready(impatient.gateway)]);
    await first.kill();
    await assert.rejects(impatient.call(echo), failed(Status.UNAVAILABLE, /fake sidecar/));
    await eventually("the loss", () => gateway.upstreams[0]?.state !== "ready");
    const waiting = call(echo);
    await sidecar(t, runDir, "state");
    assert.deepEqual(await waiting, hello);
  });

  test("upgrades a sidecar without a failed call", async (t) => {
    const { gateway, runDir, call } = await start(t, ["state"]);
    let current = await sidecar(t, runDir, "state");
    await ready(gateway);
    let calls = 0;
    const stop = new AbortController();
    const load = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        assert.deepEqual(await call(echo), hello);
        calls += 1;
      }
    };
    const loads = Array.from({ length: 8 }, load);
    for (let i = 0; i < 5; i += 1) {
      const before = calls;
      const next = await sidecar(t, runDir, "state");
      await current.drain();
      current = next;
      await eventually("load on the next generation", () => calls >= before + 50);
    }
    stop.abort();
    await Promise.all(loads);
    assert.ok(calls >= 250);
  });

  test("routes a shared method by its field and logs a clash that names both", async (t) => {
    const { runDir, call, lines, actuator } = await start(t, ["a", "b"]);
    const owner = (name: string, values: string[]): Partial<FakeSidecarOptions> => ({
      methods: { [echo]: (request) => request.reply(Buffer.from(name)) },
      description: {
        methods: [{ path: echo, selector: { fieldPath: [1], fieldName: "store_name", values } }],
      },
    });
    await sidecar(t, runDir, "a", owner("a", ["orders", "both"]));
    await call(echo);
    await sidecar(t, runDir, "b", owner("b", ["users", "both"]));
    await eventually("clash", () => lines.join("").includes("two upstreams serve the same method"));
    assert.equal(String(await call(echo, {}, message("orders"))), "a");
    assert.equal(String(await call(echo, {}, message("users"))), "b");
    assert.equal(String(await call(echo, {}, message("both"))), "a");
    await assert.rejects(
      call(echo, {}, Buffer.from([0x0a, 0x7f])),
      failed(Status.INVALID_ARGUMENT, /"store_name"/),
    );
    assert.match(await (await actuator("info")).text(), /both upstreams \\"a\\" and \\"b\\"/);
  });

  test("answers a method that is not configured from the static description", async (t) => {
    const method = {
      path: "/t.L/TryLock",
      code: 9,
      reason: "X",
      message: "lock store is not configured",
    };
    const { call } = await start(t, ["state"], { unconfigured: [method] });
    await assert.rejects(
      call("/t.L/TryLock"),
      failed(Status.FAILED_PRECONDITION, /^lock store is not configured$/),
    );
  });

  test("wants the token, strips it, and exempts the internal socket and health", async (t) => {
    const { runDir, call, channel } = await start(t, ["state"], { token: "12345678" });
    const seen: (string | undefined)[] = [];
    const methods: FakeSidecarOptions["methods"] = {
      [echo]: (request, bytes) => {
        seen.push(request.metadata.get("layotto-api-token"), request.metadata.get("traceparent"));
        request.reply(Buffer.from(bytes));
      },
    };
    await sidecar(t, runDir, "state", { methods });
    await assert.rejects(call(echo), failed(Status.UNAUTHENTICATED, /is missing/));
    const metadata = Metadata.from([
      ["layotto-api-token", "12345678"],
      ["traceparent", "00-1-2-3"],
    ]);
    assert.deepEqual(await call(echo, { metadata }), hello);
    assert.deepEqual(seen, [undefined, "00-1-2-3"]);
    await connect(t, join(runDir, "gateway.internal.sock")).unary(echo, hello);
    assert.equal((await client(Health, channel).check({})).status, 1);
    await assert.rejects(listServices(channel), failed(Status.UNAUTHENTICATED, /missing/));
    assert.ok((await listServices(channel, { metadata }))?.includes("t.S"));
  });

  test("drains: calls in progress end, new ones are refused", async (t) => {
    const { gateway, runDir, call } = await start(t, ["state"]);
    const [entered, release] = [deferred<void>(), deferred<void>()];
    const methods: FakeSidecarOptions["methods"] = {
      [echo]: (request) => {
        entered.resolve();
        void release.promise.then(() => request.reply(hello));
      },
    };
    await sidecar(t, runDir, "state", { methods });
    const running = call(echo);
    await entered.promise;
    const drained = gateway.drain(5_000);
    assert.deepEqual(gateway.phase, { status: "DOWN", reason: "shutdown" });
    const late = connect(t, gateway.addresses[0] ?? "").unary(echo, hello, { timeoutMs: 2_000 });
    await assert.rejects(late, failed(Status.UNAVAILABLE, /./));
    release.resolve();
    assert.deepEqual(await running, hello);
    await drained;
  });

  test("says which port is taken, with exit code 69, and leaves nothing open", async (t) => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    t.after(() => holder.close());
    const { port } = holder.address() as AddressInfo; // listens on TCP
    await assert.rejects(
      start(t, [], { actuator: `127.0.0.1:${port}` }),
      (error) =>
        error instanceof StartError &&
        error.exitCode === 69 &&
        error.message.includes(String(port)),
    );
  });

  test("serves on a listening socket that the supervisor handed over", async (t) => {
    const owner = createServer().listen(0, "127.0.0.1");
    await once(owner, "listening");
    const { port } = owner.address() as AddressInfo; // listens on TCP
    const handle = (owner as Server & { _handle: unknown })._handle; // what child IPC delivers
    const listen = `127.0.0.1:${port}`;
    const { call, gateway, runDir } = await start(
      t,
      ["state"],
      { listen },
      { handles: { grpc: [handle] } },
    );
    await sidecar(t, runDir, "state");
    assert.deepEqual(gateway.addresses, [listen]);
    assert.deepEqual(await call(echo), hello);
  });
});

async function listServices(
  channel: GrpcClient,
  options?: CallOptions,
): Promise<string[] | undefined> {
  const ask = async function* () {
    yield { messageRequest: { case: "listServices" as const, value: "" } };
  };
  for await (const reply of client(ServerReflection, channel).serverReflectionInfo(
    ask(),
    options,
  )) {
    const { messageResponse: found } = reply;
    if (found.case === "listServicesResponse")
      return found.value.service.map((service) => service.name);
  }
  return undefined;
}

/** A message whose field 1 is a short string. */
function message(store: string): Buffer {
  return Buffer.from([0x0a, store.length, ...Buffer.from(store)]);
}
