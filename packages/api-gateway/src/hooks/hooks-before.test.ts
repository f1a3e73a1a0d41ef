import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { GrpcError, Metadata, Status, type ServerCall } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import { Phase } from "@layotto/proto/sidecar/v1/extension";
import {
  GetStateResponseSchema,
  Runtime,
  SaveStateRequestSchema,
  type SaveStateRequest,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { implement } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { FakeExtension, valuesOf, type FakeFunction } from "../testing/fake-extension.ts";
import { connect, ready, sidecar, start } from "../testing/harness.ts";
import { errorInfo, failsWith, runtime, startHooked } from "../testing/hooked.ts";

const save = codecFor(SaveStateRequestSchema);
const hooks = [{ method: `${runtime}/SaveState`, function: "shop" }];
const order = { storeName: "orders", states: [{ key: "a", value: Buffer.from("1") }] };

/** Keeps what SaveState gets. */
function saving() {
  const seen: { request: SaveStateRequest; call: ServerCall }[] = [];
  const saveState = (request: SaveStateRequest, call: ServerCall) => {
    seen.push({ request, call });
    return {};
  };
  return { seen, handlers: { saveState } };
}

/** Puts everything into another store, under metadata of its own. */
const moves: FakeFunction = ({ headers, body }) => {
  const request = save.decode(body ?? Buffer.alloc(0));
  return {
    headersChanged: true,
    headers: [...headers.filter((_, i) => headers[i - (i % 2)] !== "secret"), "moved", "yes"],
    body: save.encode({ ...request, storeName: "archive" }),
  };
};

describe("a hook before a call", () => {
  test("sees headers and message, and changes both", async (t) => {
    const { seen, handlers } = saving();
    const { api, extension, gateway } = await startHooked(t, {
      hooks,
      functions: { shop: moves },
      handlers,
    });
    const metadata = Metadata.from([
      ["tenant", "eva"],
      ["secret", "x"],
      ["blob-bin", Buffer.from([1, 2])],
    ]);
    await api.saveState(order, { metadata, timeoutMs: 5_000 });
    const [phase] = extension.phases;
    assert.ok(phase);
    const { headers } = phase;
    assert.equal(phase.function, "shop");
    assert.equal(phase.phase, Phase.REQUEST);
    assert.deepEqual(valuesOf(headers, ":path"), [`/${runtime}/SaveState`]);
    assert.deepEqual(valuesOf(headers, ":method"), ["POST"]);
    assert.deepEqual(valuesOf(headers, "tenant"), ["eva"]);
    assert.deepEqual(valuesOf(headers, "blob-bin"), ["AQI"]);
    assert.equal(save.decode(phase.body ?? Buffer.alloc(0)).states[0]?.key, "a");
    assert.deepEqual(valuesOf(phase.properties, "layotto.hook"), ["before"]);
    // Of the hook's 10 s and the call's 5 s the less.
    assert.ok(phase.timeoutMs > 1_000 && phase.timeoutMs <= 5_000, String(phase.timeoutMs));
    assert.equal(seen[0]?.request.storeName, "archive");
    assert.equal(seen[0]?.call.metadata.get("moved"), "yes");
    assert.equal(seen[0]?.call.metadata.get("tenant"), "eva");
    assert.equal(seen[0]?.call.metadata.get("secret"), undefined);
    assert.equal(gateway.routes.lookup(`/${runtime}/SaveState`).kind, "hooked");
  });

  test("cannot change fields of the protocol, pseudo headers and tokens", async (t) => {
    const { seen, handlers } = saving();
    const headers = [":path", "/t.S/Other", "grpc-timeout", "1n", "te", "gzip", "content-type"];
    const shop: FakeFunction = () => ({
      headersChanged: true,
      headers: [...headers, "text/plain", "layotto-sidecar-token", "x", "fine", "yes"],
    });
    const { api } = await startHooked(t, { hooks, functions: { shop }, handlers });
    await api.saveState(order, { timeoutMs: 5_000 });
    const call = seen[0]?.call;
    assert.equal(call?.path, `/${runtime}/SaveState`);
    assert.equal(call?.header("content-type"), "application/grpc");
    assert.equal(call?.header("layotto-sidecar-token"), undefined);
    assert.equal(call?.header("fine"), "yes");
    assert.ok((call?.deadlineMs ?? 0) > Date.now() + 1_000);
  });

  test("does not see the depth that the app claims, and passes it on", async (t) => {
    const { seen, handlers } = saving();
    const { api, extension } = await startHooked(t, {
      hooks,
      functions: { shop: moves },
      handlers,
    });
    const metadata = Metadata.from([["layotto-wasm-depth", "1000"]]);
    await api.saveState(order, { metadata, timeoutMs: 5_000 });
    assert.deepEqual(valuesOf(extension.phases[0]?.headers ?? [], "layotto-wasm-depth"), []);
    assert.equal(seen[0]?.call.metadata.get("layotto-wasm-depth"), "1000");
  });

  test("denies with a gRPC status, or an HTTP status and its code", async (t) => {
    const { seen, handlers } = saving();
    const answers = [
      { status: 200, grpcStatus: 9, details: "not now" },
      { status: 401, grpcStatus: -1, details: "who are you?" },
      { status: 403, grpcStatus: 0, body: Buffer.from("go\naway\n") },
      { status: 404, grpcStatus: -1, headers: ["why", "closed", "grpc-status", "0"] },
      { status: 500, grpcStatus: -1 },
    ];
    let n = 0;
    const shop: FakeFunction = () => ({ answer: answers[n++] ?? {} });
    const { api } = await startHooked(t, { hooks, functions: { shop }, handlers });
    const denied = (code: Parameters<typeof failsWith>[0], text: RegExp) =>
      assert.rejects(api.saveState(order), failsWith(code, "EXTENSION_DENIED", text));
    await denied(Status.FAILED_PRECONDITION, /^not now$/);
    await denied(Status.UNAUTHENTICATED, /^who are you\?$/);
    await denied(Status.PERMISSION_DENIED, /^go away$/);
    const error: unknown = await api.saveState(order).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof GrpcError);
    assert.equal(error.code, Status.UNIMPLEMENTED);
    assert.equal(error.metadata.get("why"), "closed");
    assert.deepEqual(errorInfo(error)?.metadata, { function: "shop" });
    await denied(Status.UNKNOWN, /^Function "shop" denies the call$/);
    assert.equal(seen.length, 0);
  });

  test("answers itself", async (t) => {
    const body = codecFor(GetStateResponseSchema).encode({ data: Buffer.from("cached") });
    const shop: FakeFunction = () => ({
      answer: { status: 200, grpcStatus: 0, headers: ["from", "cache"], body },
    });
    const { api, channel } = await startHooked(t, {
      hooks: [{ method: `/${runtime}/GetState`, function: "shop" }],
      functions: { shop },
      handlers: { getState: () => assert.fail("the sidecar was asked") },
    });
    assert.equal(Buffer.from((await api.getState({})).data).toString(), "cached");
    const { headers } = await channel.unary(`/${runtime}/GetState`, Buffer.alloc(0));
    assert.equal(headers.get("from"), "cache");
  });

  test("sees headers only with body: false, and cannot change the message then", async (t) => {
    const { seen, handlers } = saving();
    const shop: FakeFunction = () => ({ body: Buffer.from("xxx") });
    const { api, extension } = await startHooked(t, {
      hooks: [{ ...hooks[0], body: false }],
      functions: { shop },
      handlers,
    });
    await api.saveState(order);
    assert.equal(extension.phases[0]?.body, undefined);
    assert.equal(extension.phases[0]?.bodyFollows, true);
    assert.equal(seen[0]?.request.storeName, "orders");
  });

  test("several run in order, each with what the one before has made", async (t) => {
    const { seen, handlers } = saving();
    const method = `${runtime}/SaveState`;
    const adds =
      (text: string): FakeFunction =>
      ({ body }) => {
        const request = save.decode(body ?? Buffer.alloc(0));
        return { body: save.encode({ ...request, storeName: request.storeName + text }) };
      };
    const { api } = await startHooked(t, {
      hooks: [
        { method: `${runtime}/*`, function: "a" },
        { method, function: "b", when: "after", body: false },
        { method, function: "c" },
      ],
      functions: { a: adds("-a"), b: () => ({}), c: adds("-c") },
      handlers,
    });
    await api.saveState(order);
    assert.equal(seen[0]?.request.storeName, "orders-a-c");
  });

  test("sees a compressed message as it is; what it makes is sent plain", async (t) => {
    const { seen, handlers } = saving();
    const stays: FakeFunction = () => ({});
    const { channel, extension } = await startHooked(t, {
      hooks: [...hooks, { method: `${runtime}/SaveState`, function: "stays" }],
      functions: { shop: moves, stays },
      handlers,
    });
    await channel.unary(`/${runtime}/SaveState`, save.encode(order), { compress: true });
    assert.equal(save.decode(extension.phases[1]?.body ?? Buffer.alloc(0)).storeName, "archive");
    assert.equal(seen[0]?.request.storeName, "archive");
  });

  test("a message over maxMessageBytes is refused as without hooks", async (t) => {
    const { handlers } = saving();
    const { api, extension } = await startHooked(t, {
      hooks,
      functions: { shop: moves },
      handlers,
      section: { maxMessageBytes: 10_000 },
    });
    const large = { storeName: "x".repeat(20_000) };
    await assert.rejects(
      api.saveState(large),
      (error) => error instanceof GrpcError && error.code === Status.RESOURCE_EXHAUSTED,
    );
    assert.equal(extension.opened, 0);
  });

  test("a message larger than a window passes, changed", async (t) => {
    const { seen, handlers } = saving();
    const { api } = await startHooked(t, { hooks, functions: { shop: moves }, handlers });
    const value = Buffer.alloc(1_000_000, 7);
    await api.saveState({ storeName: "orders", states: [{ key: "a", value }] });
    assert.equal(seen[0]?.request.storeName, "archive");
    assert.equal(seen[0]?.request.states[0]?.value.length, value.length);
  });

  test("does not run for methods without hooks, nor for calls on the internal socket", async (t) => {
    const { seen, handlers } = saving();
    const { api, extension, runDir } = await startHooked(t, {
      hooks,
      functions: { shop: moves },
      handlers: { ...handlers, getState: () => ({}) },
    });
    await api.getState({});
    const inside = connect(t, join(runDir, "gateway.internal.sock"));
    await inside.unary(`/${runtime}/SaveState`, save.encode(order));
    assert.equal(extension.opened, 0);
    assert.equal(seen[0]?.request.storeName, "orders");
  });
});

describe("routes and hooks", () => {
  test("a selector looks at the changed message", async (t) => {
    const names = ["orders", "archive"];
    const started = await start(t, [...names, "wasm"], { hooks });
    const path = `/${runtime}/SaveState`;
    const seen: string[] = [];
    for (const name of names) {
      const selector = { fieldPath: [1], fieldName: "store_name", values: [name] };
      await sidecar(t, started.runDir, name, {
        methods: {
          [path]: (call) => {
            seen.push(name);
            call.reply(Buffer.alloc(0));
          },
        },
        description: { methods: [{ path, selector }] },
      });
    }
    const { service } = new FakeExtension({ shop: moves });
    await sidecar(t, started.runDir, "wasm", { methods: {}, services: [service] });
    await ready(started.gateway);
    await started.channel.unary(path, save.encode(order));
    assert.deepEqual(seen, ["archive"]);
  });

  test("the changed message is what the next generation gets under load", async (t) => {
    const { handlers } = saving();
    const stores = new Set<string>();
    const saveState: (typeof handlers)["saveState"] = ({ storeName }) => {
      stores.add(storeName);
      return {};
    };
    const { api, state, runDir } = await startHooked(t, {
      hooks: [{ ...hooks[0], timeout: "5s" }],
      functions: { shop: moves },
      handlers: { saveState },
    });
    let calls = 0;
    const stop = new AbortController();
    const load = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await api.saveState(order);
        calls += 1;
      }
    };
    const loads = Array.from({ length: 8 }, load);
    let current = state;
    for (let i = 0; i < 4; i += 1) {
      const before = calls;
      const services = [implement(Runtime, { saveState })];
      const next = await sidecar(t, runDir, "state", { methods: {}, services });
      await current.drain();
      current = next;
      await eventually("load on the next generation", () => calls >= before + 30);
    }
    stop.abort();
    await Promise.all(loads);
    assert.deepEqual([...stores], ["archive"]);
  });
});
