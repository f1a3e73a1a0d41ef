import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { inspect } from "node:util";
import { GrpcError, Status } from "@layotto/grpc-transport";
import { Extension, Phase } from "@layotto/proto/sidecar/v1/extension";
import { client, deferred } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { FakeExtension, type FakeFunction } from "../testing/fake-extension.ts";
import { connect, sidecar } from "../testing/harness.ts";
import { failsWith, runtime, startHooked, type Hooked } from "../testing/hooked.ts";

const method = `${runtime}/GetState`;
const hangs: FakeFunction = () => new Promise(() => {});
const handlers = { getState: () => ({ etag: "1" }) };

const failed = (why: RegExp) => failsWith(Status.UNAVAILABLE, "EXTENSION_FAILED", why);
/** The ways in which a function can fail, whichever side of the call it is on. */
const failures: readonly {
  name: string;
  why: RegExp;
  shop?: FakeFunction;
  timeout?: string;
  wasm?: boolean;
  run?: (hooked: Hooked) => Promise<unknown>;
}[] = [
  { name: "nothing runs functions", why: /"shop" of a hook: no sidecar runs func/, wasm: false },
  { name: "it takes too long", why: /no answer within 50 ms$/, shop: hangs, timeout: "50ms" },
  { name: "it ends with an error", why: /hook: INTERNAL internal error$/ },
  {
    name: "it makes headers that cannot be sent",
    why: /cannot be sent: header name "no good"$/,
    shop: () => ({ headersChanged: true, headers: ["no good", "x"] }),
  },
  {
    name: "it makes headers that are too long",
    why: /cannot be sent: headers of \d+ bytes, more than 16384$/,
    shop: () => ({ headersChanged: true, headers: ["a", "x".repeat(20_000)] }),
  },
  {
    name: "it makes a message that is too long",
    why: /cannot be sent: a message of 5000000 bytes, more than 4194304$/,
    shop: () => ({ body: Buffer.alloc(5_000_000) }),
  },
  {
    name: "its sidecar dies in the middle",
    why: /UNAVAILABLE Connection lost/,
    shop: hangs,
    run: async ({ extension, wasm }) => {
      await eventually("the function is asked", () => extension.phases.length > 0);
      await wasm?.kill();
    },
  },
];

for (const when of ["before", "after"]) {
  describe(`a hook ${when} a call that fails`, () => {
    for (const { name, why, shop, timeout = "5s", wasm = true, run } of failures) {
      test(`${name}: closed ends the call, open lets it go on unchanged`, async (t) => {
        for (const policy of ["closed", "open"]) {
          const hook = { method, when, function: "shop", timeout, on_failure: policy };
          const functions = shop === undefined ? {} : { shop };
          const hooked = await startHooked(t, { hooks: [hook], functions, handlers, wasm });
          const [call] = await Promise.allSettled([
            hooked.api.getState({ storeName: "a" }),
            run?.(hooked),
          ]);
          if (policy === "open") {
            assert.equal(call.status === "fulfilled" && call.value.etag, "1");
          } else {
            assert.ok(call.status === "rejected" && failed(why)(call.reason), inspect(call));
          }
          assert.match(hooked.lines.join(""), /"hook failed"/);
        }
      });
    }
  });
}

describe("a sidecar of functions that comes and goes", () => {
  test("is waited for within the hook's time, unless the hook may fail", async (t) => {
    const hook = { method, function: "shop", timeout: "5s" };
    const functions = { shop: () => ({}) };
    const hooked = await startHooked(t, { hooks: [hook], functions, handlers });
    await hooked.wasm?.kill();
    await eventually("it is lost", () => hooked.gateway.upstreams[1]?.state === "lost");
    const waiting = hooked.api.getState({});
    const { service } = new FakeExtension(functions);
    await sidecar(t, hooked.runDir, "wasm", { methods: {}, services: [service] });
    assert.equal((await waiting).etag, "1");
  });

  test("is not waited for by a hook that may fail", async (t) => {
    const hook = { method, function: "shop", timeout: "60s", on_failure: "open" };
    const hooked = await startHooked(t, { hooks: [hook], functions: {}, handlers });
    await hooked.wasm?.kill();
    await eventually("it is lost", () => hooked.gateway.upstreams[1]?.state === "lost");
    assert.equal((await hooked.api.getState({}, { timeoutMs: 5_000 })).etag, "1");
  });

  test("fails the second phase when it dies between the two", async (t) => {
    const entered = deferred<void>();
    const release = deferred<void>();
    const getState = async () => {
      entered.resolve();
      await release.promise;
      return { etag: "1" };
    };
    const hook = { method, function: "shop", when: "both" };
    const functions = { shop: () => ({}) };
    const hooked = await startHooked(t, { hooks: [hook], functions, handlers: { getState } });
    const call = hooked.api.getState({});
    await entered.promise;
    await hooked.wasm?.kill();
    await eventually("it is lost", () => hooked.gateway.upstreams[1]?.state === "lost");
    release.resolve();
    await assert.rejects(call, failed(/Connection lost/));
    assert.equal(hooked.extension.phases[0]?.phase, Phase.REQUEST);
  });
});

describe("the end of a call with hooks", () => {
  test("a cancelled call cancels its stream", async (t) => {
    for (const when of ["before", "after"]) {
      const hook = { method, when, function: "shop", timeout: "60s" };
      const functions = { shop: hangs };
      const { api, extension } = await startHooked(t, { hooks: [hook], functions, handlers });
      const stop = new AbortController();
      const call = api.getState({}, { signal: stop.signal });
      await eventually("the function is asked", () => extension.phases.length === 1);
      stop.abort();
      await assert.rejects(call, (error) => error instanceof GrpcError && error.code === 1);
      await eventually("the stream is cancelled", () => extension.cancelled === 1);
    }
  });

  test("the caller's deadline holds whatever the hook's time and policy are", async (t) => {
    for (const policy of ["closed", "open"]) {
      const hook = { method, function: "shop", timeout: "60s", on_failure: policy };
      const functions = { shop: hangs };
      const { gateway, extension } = await startHooked(t, { hooks: [hook], functions, handlers });
      const status = await statusOfPeer(t, gateway.addresses[0] ?? "", "80m");
      assert.equal(status, String(Status.DEADLINE_EXCEEDED));
      await eventually("the stream is cancelled", () => extension.cancelled === 1);
    }
  });

  test("the sidecar gets what is left of the deadline", async (t) => {
    let left = 0;
    const hook = { method, function: "shop", timeout: "5s" };
    const shop: FakeFunction = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return {};
    };
    const { api } = await startHooked(t, {
      hooks: [hook],
      functions: { shop },
      handlers: {
        getState: (_request, call) => {
          left = (call.deadlineMs ?? 0) - Date.now();
          return {};
        },
      },
    });
    await api.getState({}, { timeoutMs: 5_000 });
    assert.ok(left > 0 && left <= 4_941, `${left} ms`);
  });
});

describe("sidecar.v1.Extension through the gateway", () => {
  const ask = async function* () {
    yield { function: "shop", phase: Phase.REQUEST };
  };

  test("is served on the internal socket and never by public listeners", async (t) => {
    const functions = { shop: () => ({ properties: ["layotto.cluster", "b"] }) };
    const hooked = await startHooked(t, { hooks: [], functions, handlers });
    const inside = client(Extension, connect(t, join(hooked.runDir, "gateway.internal.sock")));
    for await (const { properties } of inside.process(ask(), { timeoutMs: 5_000 })) {
      assert.deepEqual(properties, ["layotto.cluster", "b"]);
    }
    assert.equal(hooked.extension.opened, 1);
    await assert.rejects(
      async () => {
        const outside = client(Extension, hooked.channel);
        for await (const _ of outside.process(ask(), { timeoutMs: 5_000 })) assert.fail();
      },
      (error) => error instanceof GrpcError && error.code === Status.UNIMPLEMENTED,
    );
    assert.equal(hooked.extension.opened, 1);
    assert.ok(!hooked.gateway.routes.paths.some((path) => path.includes("Extension")));
  });

  test("is unknown on the internal socket when no sidecar runs functions", async (t) => {
    const hooked = await startHooked(t, { hooks: [], handlers, wasm: false });
    const inside = client(Extension, connect(t, join(hooked.runDir, "gateway.internal.sock")));
    await assert.rejects(
      async () => {
        for await (const _ of inside.process(ask())) assert.fail();
      },
      (error) => error instanceof GrpcError && error.code === Status.UNIMPLEMENTED,
    );
  });
});

describe("what is told of hooks", () => {
  test("figures, /actuator/info, and a warning for methods that nobody serves", async (t) => {
    const hooked = await startHooked(t, {
      hooks: [
        { method, function: "shop" },
        { method: `${runtime}/Nope`, function: "shop", when: "after", on_failure: "open" },
      ],
      functions: { shop: () => ({ answer: { status: 403, grpcStatus: -1 } }) },
      handlers,
    });
    await assert.rejects(hooked.api.getState({}));
    const info = (await (await hooked.actuator("info")).json()) as { hooks: unknown };
    const defaults = { when: "before", body: true, timeout: 10_000, on_failure: "closed" };
    const named = { function: "shop", upstream: "wasm" };
    assert.deepEqual(info.hooks, [
      { ...defaults, method, ...named },
      { ...defaults, method: `${runtime}/Nope`, ...named, when: "after", on_failure: "open" },
    ]);
    const text = await (await hooked.actuator("metrics")).text();
    const labels = `process="gateway",hook="0",method="${method}",when="before",function="shop"`;
    assert.ok(text.includes(`layotto_hook_calls_total{${labels}} 1`), text);
    assert.ok(text.includes(`layotto_hook_denied_total{${labels}} 1`));
    assert.ok(text.includes(`layotto_hook_failed_total{${labels}} 0`));
    assert.ok(text.includes(`layotto_hook_duration_seconds_count{${labels}} 1`));
    const warnings = hooked.lines.filter((line) => line.includes("no sidecar serves"));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /Runtime\/Nope/);
  });
});

/** The status of a call whose client does not watch its deadline itself. */
async function statusOfPeer(t: TestContext, address: string, timeout: string): Promise<unknown> {
  const session = connectHttp2(`http://${address}`);
  t.after(() => session.close());
  const stream = session.request({
    ":method": "POST",
    ":path": `/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": timeout,
  });
  stream.end(Buffer.alloc(5));
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  return headers["grpc-status"];
}
