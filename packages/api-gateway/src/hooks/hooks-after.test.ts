import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GrpcError, Status } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import { Phase } from "@layotto/proto/sidecar/v1/extension";
import {
  GetStateResponseSchema,
  SaveStateRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { deferred, RpcError } from "@layotto/sidecar-kit";
import { valuesOf, type FakeFunction } from "../testing/fake-extension.ts";
import { failsWith, runtime, startHooked } from "../testing/hooked.ts";

const reply = codecFor(GetStateResponseSchema);
const hooks = [{ method: `${runtime}/GetState`, function: "shop", when: "after" }];
const getState = () => ({ data: Buffer.from("secret"), etag: "1" });

/** Blanks the data out. */
const blanks: FakeFunction = ({ headers, body }) => ({
  headersChanged: true,
  headers: [...headers, "blanked", "yes", "grpc-status", "9"],
  body: reply.encode({ ...reply.decode(body ?? Buffer.alloc(0)), data: Buffer.from("***") }),
});

/** Adds a text to the data. */
const adds =
  (text: string): FakeFunction =>
  ({ body }) => {
    const { data, ...rest } = reply.decode(body ?? Buffer.alloc(0));
    return { body: reply.encode({ ...rest, data: Buffer.concat([data, Buffer.from(text)]) }) };
  };

describe("a hook after a call", () => {
  test("sees the reply as a whole and changes message and metadata", async (t) => {
    const { channel, extension } = await startHooked(t, {
      hooks,
      functions: { shop: blanks },
      handlers: { getState },
    });
    const { message, headers, trailers } = await channel.unary(
      `/${runtime}/GetState`,
      Buffer.alloc(0),
    );
    assert.equal(Buffer.from(reply.decode(message).data).toString(), "***");
    assert.equal(reply.decode(message).etag, "1");
    assert.equal(headers.get("blanked"), "yes");
    assert.equal(trailers.size, 0);
    const [phase] = extension.phases;
    assert.equal(phase?.phase, Phase.RESPONSE);
    assert.deepEqual(valuesOf(phase.headers, ":status"), ["200"]);
    assert.deepEqual(phase.trailers, ["grpc-status", "0"]);
  });

  test("adds trailing metadata, and cannot touch the status", async (t) => {
    const shop: FakeFunction = ({ trailers }) => ({
      trailersChanged: true,
      trailers: [...trailers.slice(2), "cost", "3", "grpc-status", "5"],
    });
    const { channel } = await startHooked(t, {
      hooks,
      functions: { shop },
      handlers: { getState },
    });
    const { message, trailers } = await channel.unary(`/${runtime}/GetState`, Buffer.alloc(0));
    assert.equal(reply.decode(message).etag, "1");
    assert.equal(trailers.get("cost"), "3");
  });

  test("turns the call into an error, or replaces its reply", async (t) => {
    const body = reply.encode({ etag: "mine" });
    const answers = [
      { status: 403, grpcStatus: -1, details: "not for you" },
      { status: 200, grpcStatus: 0, body },
    ];
    let n = 0;
    const shop: FakeFunction = () => ({ answer: answers[n++] ?? {} });
    const { api } = await startHooked(t, { hooks, functions: { shop }, handlers: { getState } });
    await assert.rejects(
      api.getState({}),
      failsWith(Status.PERMISSION_DENIED, "EXTENSION_DENIED", /^not for you$/),
    );
    assert.equal((await api.getState({})).etag, "mine");
  });

  test("several run in the reverse order", async (t) => {
    const method = `${runtime}/GetState`;
    const { api } = await startHooked(t, {
      hooks: ["a", "b"].map((name) => ({ method, when: "after", function: name })),
      functions: { a: adds("a"), b: adds("b") },
      handlers: { getState },
    });
    assert.equal(Buffer.from((await api.getState({})).data).toString(), "secretba");
  });

  test("sees an error of the sidecar, which the caller gets all the same", async (t) => {
    const { api, extension } = await startHooked(t, {
      hooks,
      functions: { shop: () => ({ body: Buffer.from("xx") }) },
      handlers: {
        getState: () => {
          const text = { code: Status.NOT_FOUND, reason: "GONE", message: "no such key" };
          throw new RpcError(text);
        },
      },
    });
    await assert.rejects(api.getState({}), failsWith(Status.NOT_FOUND, "GONE", /^no such key$/));
    assert.deepEqual(valuesOf(extension.phases[0]?.headers ?? [], "grpc-status"), ["5"]);
    assert.equal(extension.phases[0]?.bodyFollows, false);
  });

  test("sees a compressed reply as it is", async (t) => {
    const { api } = await startHooked(t, {
      hooks: [...hooks, ...hooks],
      functions: { shop: adds("!") },
      handlers: {
        getState: (_request, call) => {
          call.compress = true;
          return getState();
        },
      },
    });
    assert.equal(Buffer.from((await api.getState({})).data).toString(), "secret!!");
  });

  test("a reply larger than a window passes, changed; one over maxMessageBytes does not", async (t) => {
    const size = { bytes: 1_000_000 };
    const { api } = await startHooked(t, {
      hooks,
      functions: { shop: adds("!") },
      handlers: { getState: () => ({ data: Buffer.alloc(size.bytes, 7) }) },
      section: { maxMessageBytes: 2_000_000 },
    });
    assert.equal((await api.getState({})).data.length, 1_000_001);
    size.bytes = 3_000_000;
    await assert.rejects(
      api.getState({}),
      (error) => error instanceof GrpcError && error.code === Status.RESOURCE_EXHAUSTED,
    );
  });

  test("a reply over maxMessageBytes passes when the hook may fail", async (t) => {
    const { api } = await startHooked(t, {
      hooks: [{ ...hooks[0], on_failure: "open" }],
      functions: { shop: adds("!") },
      handlers: { getState: () => ({ data: Buffer.alloc(300_000, 7) }) },
      section: { maxMessageBytes: 100_000 },
    });
    for (let i = 0; i < 3; i += 1) assert.equal((await api.getState({})).data.length, 300_000);
  });
});

describe("a hook on both sides of a call", () => {
  test("is one stream with two phases", async (t) => {
    let marks = 0;
    const shop: FakeFunction = ({ phase, headers }) =>
      phase === Phase.REQUEST
        ? { headersChanged: true, headers: [...headers, "mark", String(++marks)] }
        : {};
    const { api, extension } = await startHooked(t, {
      hooks: [{ ...hooks[0], when: "both" }],
      functions: { shop },
      handlers: { getState: (_request, call) => ({ etag: call.header("mark") ?? "" }) },
    });
    assert.equal((await api.getState({})).etag, "1");
    assert.equal((await api.getState({})).etag, "2");
    assert.equal(extension.opened, 2);
    assert.equal(extension.cancelled, 0);
    assert.deepEqual(
      extension.phases.map(({ phase, function: name }) => [phase, name]),
      [
        [Phase.REQUEST, "shop"],
        [Phase.RESPONSE, ""],
        [Phase.REQUEST, "shop"],
        [Phase.RESPONSE, ""],
      ],
    );
  });
});

describe("hooks of streaming methods", () => {
  const method = `${runtime}/GetFile`;

  test("after: headers only, and what is streamed is passed on as it comes", async (t) => {
    const more = deferred<void>();
    const { api, extension } = await startHooked(t, {
      hooks: [{ method, function: "shop", when: "after" }],
      functions: {
        shop: ({ headers }) => ({
          headersChanged: true,
          headers: [...headers, "seen", "yes"],
          body: Buffer.from("of no use"),
        }),
      },
      handlers: {
        async *getFile() {
          yield { data: Buffer.from("a") };
          await more.promise;
          yield { data: Buffer.from("b") };
        },
      },
    });
    const parts: string[] = [];
    for await (const { data } of api.getFile({}, { timeoutMs: 5_000 })) {
      parts.push(Buffer.from(data).toString());
      // Were the reply held to its end, this would never be said.
      more.resolve();
    }
    assert.deepEqual(parts, ["a", "b"]);
    assert.equal(extension.phases.length, 1);
    assert.equal(extension.phases[0]?.body, undefined);
    assert.equal(extension.phases[0]?.bodyFollows, true);
  });

  test("after: what turns out to be a stream is passed on, whoever does not say what it is", async (t) => {
    const more = deferred<void>();
    const { api, extension } = await startHooked(t, {
      hooks: [{ method, function: "shop", when: "after" }],
      functions: { shop: () => ({ body: Buffer.from("of no use") }) },
      handlers: {
        async *getFile() {
          yield { data: Buffer.from("a") };
          yield { data: Buffer.from("b") };
          await more.promise;
          yield { data: Buffer.from("c") };
        },
      },
      files: [],
    });
    const parts: string[] = [];
    for await (const { data } of api.getFile({}, { timeoutMs: 5_000 })) {
      if (parts.push(Buffer.from(data).toString()) === 2) more.resolve();
    }
    assert.deepEqual(parts, ["a", "b", "c"]);
    assert.equal(extension.phases[0]?.bodyFollows, true);
  });

  test("before: the first request message is seen and changed, the others are not", async (t) => {
    const codec = codecFor(SaveStateRequestSchema);
    const stored: string[] = [];
    const shop: FakeFunction = ({ body }) => {
      assert.ok(body !== undefined);
      return { body: codec.encode({ storeName: "changed" }) };
    };
    const { api, extension } = await startHooked(t, {
      hooks: [{ method: `${runtime}/PutFile`, function: "shop" }],
      functions: { shop },
      handlers: {
        async putFile(requests) {
          for await (const { storeName } of requests) stored.push(storeName);
          return {};
        },
      },
    });
    await api.putFile(
      (async function* () {
        yield { storeName: "first" };
        yield { storeName: "second" };
        yield { storeName: "third" };
      })(),
      { timeoutMs: 5_000 },
    );
    assert.deepEqual(stored, ["changed", "second", "third"]);
    assert.equal(extension.phases.length, 1);
  });
});
