import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import {
  GrpcError,
  GrpcServer,
  type Metadata,
  Status,
  type StreamCall,
  type UnaryCall,
} from "@layotto/grpc-transport";
import { deferred } from "@layotto/sidecar-kit";
import { settle } from "@layotto/sidecar-kit/testing";
import { defaultLimits } from "../model/definition.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { ask, type FakeCaller, fakeCaller } from "./testing/fake-caller.ts";
import { testServices } from "./testing/test-services.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));

interface Methods {
  unary?(call: UnaryCall, message: Uint8Array): void;
  stream?(call: StreamCall): Promise<void>;
}

/** A gRPC server as upstream "shop", with methods `/shop.Shop/Unary` and `/shop.Shop/Stream`. */
async function shop(test: TestContext, { unary, stream }: Methods) {
  const server = new GrpcServer();
  if (unary !== undefined) server.addUnary("/shop.Shop/Unary", unary);
  if (stream !== undefined) server.addStream("/shop.Shop/Stream", stream);
  const bound = await server.listen({ host: "127.0.0.1", port: 0 });
  test.after(() => server.close());
  const port = "port" in bound ? bound.port : assert.fail("no port");
  const all = await testServices(test, {}, { outbound: { shop: `127.0.0.1:${port}` } });
  const { services } = all;
  return {
    ...all,
    port,
    call: (caller: FakeCaller, message: string, metadata: string[] = [], timeoutMs = 5000) =>
      ask(
        services,
        caller,
        "grpc_call",
        "shop",
        "shop.Shop",
        "Unary",
        metadata,
        octets(message),
        timeoutMs,
      ),
    stream: (caller: FakeCaller, metadata: string[] = []) =>
      ask(services, caller, "grpc_stream", "shop", "shop.Shop", "Stream", metadata),
    send: (caller: FakeCaller, id: number, message: string, end = false) =>
      ask(services, caller, "grpc_send", id, octets(message), end),
    cancel: (caller: FakeCaller, id: number) => ask(services, caller, "grpc_cancel", id),
    close: (caller: FakeCaller, id: number) => ask(services, caller, "grpc_close", id),
  };
}

const guest = () => fakeCaller({ outbound: ["shop"] });

/** Events until the call is over, in words. */
async function story(caller: FakeCaller, last: string): Promise<string[]> {
  const words: string[] = [];
  for (;;) {
    const event = await caller.next();
    switch (event.kind) {
      case "grpc-initial":
        words.push(`initial ${event.metadata.join("=")}`);
        break;
      case "grpc-message":
        words.push(`message ${Buffer.from(event.message).toString()}`);
        break;
      case "grpc-trailing":
        words.push(`trailing ${event.metadata.join("=")}`);
        break;
      case "grpc-close":
        words.push(`close ${event.status} ${event.message}`.trim());
        break;
      default:
        assert.fail(event.kind);
    }
    if (event.kind === last) return words;
  }
}

function echo(call: UnaryCall, message: Uint8Array): void {
  call.setHeader("tint", call.metadata.get("tint") ?? "none");
  call.reply(message);
}

async function echoes(call: StreamCall): Promise<void> {
  call.setHeader("tint", call.metadata.get("tint") ?? "none");
  call.setTrailer("sum", "7");
  for await (const message of call) await call.send(message);
}

describe("grpc_call", () => {
  it("brings initial metadata and the message, which ends it", async (test) => {
    const { call, cancel } = await shop(test, { unary: echo });
    const caller = guest();
    const { status, extra } = await call(caller, "hi", ["tint", "red"]);
    assert.equal(status, WasmStatus.OK);
    assert.deepEqual(await story(caller, "grpc-message"), ["initial tint=red", "message hi"]);
    assert.equal((await cancel(caller, extra)).status, WasmStatus.NOT_FOUND);
  });

  it("brings the status of a call that failed, nothing else", async (test) => {
    const { call } = await shop(test, {
      unary: (each) => each.fail(new GrpcError(Status.ABORTED, "no")),
    });
    const caller = guest();
    await call(caller, "hi");
    assert.deepEqual(await story(caller, "grpc-close"), ["close 10 no"]);
  });

  it("ends when its time is over", async (test) => {
    const { call } = await shop(test, { unary: () => {} });
    const caller = guest();
    await call(caller, "hi", [], 20);
    assert.deepEqual(await story(caller, "grpc-close"), ["close 4 Deadline exceeded"]);
  });

  it("says that nobody is there", async (test) => {
    const { services } = await testServices(test, {}, { outbound: { shop: "127.0.0.1:1" } });
    const caller = guest();
    await ask(services, caller, "grpc_call", "shop", "s", "m", [], octets(""), 5000);
    const [end] = await story(caller, "grpc-close");
    assert.match(end ?? "", /^close 14 /);
  });

  it("is PARSE_FAILURE for what is unknown or not granted, BAD_ARGUMENT for what cannot be sent", async (test) => {
    const { services, call } = await shop(test, { unary: () => assert.fail("must not be called") });
    assert.equal((await call(fakeCaller(), "hi")).status, WasmStatus.PARSE_FAILURE);
    const caller = fakeCaller({ outbound: ["*"] });
    const method = async (
      upstream: string,
      service: string,
      name: string,
      metadata: string[] = [],
    ) =>
      (await ask(services, caller, "grpc_call", upstream, service, name, metadata, octets(""), 0))
        .status;
    for (const upstream of ["no such", "127.0.0.1:80", "[::1]:80"])
      assert.equal(await method(upstream, "s", "m"), WasmStatus.PARSE_FAILURE);
    assert.equal(await method("shop", "a/b", "m"), WasmStatus.BAD_ARGUMENT);
    assert.equal(await method("shop", "s", ""), WasmStatus.BAD_ARGUMENT);
    assert.equal(await method("shop", "s", "m", ["x", "a\r\nb"]), WasmStatus.BAD_ARGUMENT);
    assert.deepEqual(caller.events, []);
  });

  it("does not reach a private address by a public name", async (test) => {
    const { port } = await shop(test, { unary: () => assert.fail("must not be called") });
    const { services } = await testServices(
      test,
      {},
      {
        resolve: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
      },
    );
    const caller = fakeCaller({ outbound: ["*"] });
    await ask(
      services,
      caller,
      "grpc_call",
      `rebound.example:${port}`,
      "shop.Shop",
      "Unary",
      [],
      octets(""),
      5000,
    );
    const [end] = await story(caller, "grpc-close");
    assert.match(end ?? "", /close 14 .*has only private addresses/);
  });

  it("brings nothing more when it is cancelled, and the server is told", async (test) => {
    const cancelled = deferred<void>();
    const arrived = deferred<void>();
    const { call, cancel } = await shop(test, {
      unary: (each) => {
        each.onCancel(() => cancelled.resolve());
        arrived.resolve();
      },
    });
    const caller = guest();
    const { extra } = await call(caller, "hi");
    await arrived.promise;
    assert.equal((await cancel(caller, extra)).status, WasmStatus.OK);
    await cancelled.promise;
    assert.deepEqual(caller.events, []);
    assert.equal((await cancel(caller, extra)).status, WasmStatus.NOT_FOUND);
  });

  it("passes binary metadata on", async (test) => {
    let seen: Metadata | undefined;
    const { call } = await shop(test, {
      unary: (each, message) => {
        seen = each.metadata;
        each.reply(message);
      },
    });
    const caller = guest();
    await call(caller, "hi", ["key-bin", "AQI", "grpc-timeout", "1n", ":path", "/x"]);
    await story(caller, "grpc-message");
    assert.deepEqual([...(seen?.getBinary("key-bin") ?? [])], [1, 2]);
  });
});

describe("grpc_stream", () => {
  it("brings everything in order, the status last", async (test) => {
    const { stream, send, close } = await shop(test, { stream: echoes });
    const caller = guest();
    const { extra } = await stream(caller, ["tint", "red"]);
    for (const message of ["a", "b"])
      assert.equal((await send(caller, extra, message)).status, WasmStatus.OK);
    assert.equal((await send(caller, extra, "c", true)).status, WasmStatus.OK);
    const expected = [
      "initial tint=red",
      "message a",
      "message b",
      "message c",
      "trailing sum=7",
      "close 0",
    ];
    assert.deepEqual(await story(caller, "grpc-close"), expected);
    assert.equal((await send(caller, extra, "d")).status, WasmStatus.NOT_FOUND);
    assert.equal((await close(caller, extra)).status, WasmStatus.NOT_FOUND);
  });

  it("is only half closed by grpc_close", async (test) => {
    const { stream, close } = await shop(test, {
      stream: async (call) => {
        for await (const _message of call) assert.fail("nothing was sent");
        await call.send(octets("late"));
      },
    });
    const caller = guest();
    const { extra } = await stream(caller);
    assert.equal((await close(caller, extra)).status, WasmStatus.OK);
    assert.deepEqual(await story(caller, "grpc-close"), ["initial ", "message late", "close 0"]);
  });

  it("ends with the server's status", async (test) => {
    const { stream } = await shop(test, {
      stream: async () => {
        throw new GrpcError(Status.PERMISSION_DENIED, "go away");
      },
    });
    const caller = guest();
    await stream(caller);
    assert.deepEqual(await story(caller, "grpc-close"), ["close 7 go away"]);
  });

  it("holds unsent messages up to the size of a body", async (test) => {
    const { services, stream } = await shop(test, { stream: () => new Promise(() => {}) });
    const caller = fakeCaller(
      { outbound: ["shop"] },
      { limits: { ...defaultLimits, bodyBytes: 300_000 } },
    );
    const { extra } = await stream(caller);
    const message = new Uint8Array(100_000);
    const statuses: number[] = [];
    for (let index = 0; index < 10; index += 1)
      statuses.push((await ask(services, caller, "grpc_send", extra, message, false)).status);
    assert.equal(statuses[0], WasmStatus.OK);
    assert.equal(statuses.at(-1), WasmStatus.INTERNAL_FAILURE);
  });

  it("cannot be used by another instance, nor a unary call as a stream", async (test) => {
    const { stream, send, cancel, call } = await shop(test, {
      stream: echoes,
      unary: () => {},
    });
    const caller = guest();
    const { extra } = await stream(caller);
    assert.equal((await send(guest(), extra, "x")).status, WasmStatus.NOT_FOUND);
    assert.equal((await cancel(guest(), extra)).status, WasmStatus.NOT_FOUND);
    const unary = await call(caller, "hi");
    assert.equal((await send(caller, unary.extra, "x")).status, WasmStatus.BAD_ARGUMENT);
  });

  it("is not read from while the guest is busy", async (test) => {
    const { stream, clock } = await shop(test, {
      stream: async (call) => {
        for (const message of ["a", "b"]) await call.send(octets(message));
      },
    });
    const caller = guest();
    await stream(caller);
    caller.pending = 64;
    assert.equal((await caller.next()).kind, "grpc-initial");
    assert.equal((await caller.next()).kind, "grpc-message");
    await settle();
    assert.equal(caller.events.length, 2);
    caller.pending = 63;
    await clock.advance(10);
    assert.deepEqual(await story(caller, "grpc-close"), ["message b", "close 0"]);
  });

  it("ends with its instance, and frees its place", async (test) => {
    const cancelled = deferred<void>();
    const arrived = deferred<void>();
    const { services, stream } = await shop(test, {
      stream: (call) => {
        call.onCancel(() => cancelled.resolve());
        arrived.resolve();
        return new Promise(() => {});
      },
    });
    const caller = guest();
    await stream(caller);
    await arrived.promise;
    services.release(caller);
    await cancelled.promise;
    for (let index = 0; index < 64; index += 1)
      assert.equal((await stream(caller)).status, WasmStatus.OK);
    assert.equal((await stream(caller)).status, WasmStatus.INTERNAL_FAILURE);
    assert.ok(caller.events.every(({ kind }) => kind !== "grpc-close"));
  });
});
