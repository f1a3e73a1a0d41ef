import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import { GrpcError, Status } from "@layotto/grpc-transport";
import { ErrorInfoSchema } from "@layotto/proto/google/rpc/error_details";
import { StatusSchema } from "@layotto/proto/google/rpc/status";
import {
  GetFileRequestSchema,
  GetFileResponseSchema,
  PutFileRequestSchema,
  Runtime,
  SayHelloRequestSchema,
  SubscribeConfigurationRequestSchema,
  SubscribeConfigurationResponseSchema,
  TryLockRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { RpcError } from "../errors.ts";
import { testContext } from "../testing/context.ts";
import { fakeServer } from "../testing/fake-server.ts";
import { client } from "./client.ts";
import { hasBytes } from "./has-bytes.ts";
import { type Handlers, implement } from "./implement.ts";
import { serve } from "./serve.ts";

type Methods = typeof Runtime extends GenService<infer M> ? M : never;

const path = (method: string) => `/spec.proto.runtime.v1.Runtime/${method}`;

function served(handlers: Handlers<Methods>) {
  const context = testContext();
  const server = fakeServer();
  serve(server, [implement(Runtime, handlers)], context);
  return { server, context, runtime: client(Runtime, server.channel) };
}

async function* each<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

describe("serve: unary", () => {
  it("answers with what the handler returns, at once or later", async () => {
    for (const later of [false, true]) {
      const { runtime } = served({
        sayHello: ({ name }) => (later ? Promise.resolve({ hello: name }) : { hello: name }),
      });
      assert.equal((await runtime.sayHello({ name: "eva" })).hello, "eva");
    }
  });

  it("calls back synchronously when the handler is synchronous", () => {
    const { server, context } = served({ sayHello: () => ({ hello: "x" }) });
    void server.unary(path("SayHello"), new Uint8Array());
    assert.equal(context.metrics.method(path("SayHello")).count(0), 1);
  });

  it("sends an RpcError as status with google.rpc.ErrorInfo", async () => {
    const { runtime } = served({
      sayHello: () => {
        const metadata = { store: "s" };
        throw new RpcError({
          code: Status.ABORTED,
          reason: "ETAG_MISMATCH",
          domain: "state",
          message: "no",
          metadata,
        });
      },
    });
    const error = await runtime.sayHello({}).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof GrpcError);
    assert.equal(error.code, Status.ABORTED);
    assert.equal(error.message, "no");
    const status = fromBinary(StatusSchema, error.statusDetails ?? new Uint8Array());
    const info = fromBinary(ErrorInfoSchema, status.details[0]?.value ?? new Uint8Array());
    assert.equal(status.code, Status.ABORTED);
    assert.deepEqual(
      [info.reason, info.domain, info.metadata],
      ["ETAG_MISMATCH", "state", { store: "s" }],
    );
  });

  it("hides what it does not know behind INTERNAL, and logs it once", async () => {
    const { runtime, context } = served({
      sayHello: () => Promise.reject(new Error("a secret detail")),
    });
    await assert.rejects(runtime.sayHello({}), {
      code: Status.INTERNAL,
      message: "internal error",
    });
    context.logger.flush();
    assert.equal(context.lines.length, 1);
    assert.match(JSON.stringify(context.lines[0]), /a secret detail/);
  });

  it("answers INVALID_ARGUMENT to what is no protobuf message", async () => {
    const { server } = served({ sayHello: () => ({}) });
    const broken = server.unary(path("SayHello"), Buffer.from([0x0a, 0x7f]));
    await assert.rejects(broken, { code: Status.INVALID_ARGUMENT, message: /SayHelloRequest/ });
  });

  it("says CANCELLED or DEADLINE_EXCEEDED when the caller is gone and the handler gave up", async () => {
    const { server } = served({
      sayHello: (_request, call) =>
        new Promise((_resolve, reject) => {
          call.signal.addEventListener("abort", () =>
            reject(new DOMException("aborted", "AbortError")),
          );
        }),
    });
    const caller = new AbortController();
    const result = server.unary(path("SayHello"), new Uint8Array(), { signal: caller.signal });
    caller.abort(new GrpcError(Status.DEADLINE_EXCEEDED, "deadline exceeded"));
    await assert.rejects(result, { code: Status.DEADLINE_EXCEEDED });
  });

  it("counts calls by code, and bytes", async () => {
    const { runtime, context } = served({ sayHello: ({ name }) => ({ hello: name }) });
    await runtime.sayHello({ name: "eva" });
    const metrics = context.metrics.method(path("SayHello"));
    assert.deepEqual(
      [metrics.count(0), metrics.inFlight, metrics.bytesReceived, metrics.bytesSent],
      [1, 0, 5, 5],
    );
  });

  it("registers only the methods that are implemented", () => {
    assert.deepEqual(served({ sayHello: () => ({}) }).server.paths, [path("SayHello")]);
  });
});

describe("serve: streams", () => {
  it("serves a server stream", async () => {
    const { server } = served({
      async *getFile({ name }) {
        for (const part of ["a", "b"]) yield { data: Buffer.from(name + part) };
      },
    });
    const request = toBinary(GetFileRequestSchema, create(GetFileRequestSchema, { name: "x" }));
    const received: string[] = [];
    for await (const bytes of server.stream(path("GetFile"), each(request))) {
      received.push(Buffer.from(fromBinary(GetFileResponseSchema, bytes).data).toString());
    }
    assert.deepEqual(received, ["xa", "xb"]);
  });

  it("serves a client stream", async () => {
    let total = "";
    const { server } = served({
      async putFile(requests) {
        for await (const { data } of requests) total += Buffer.from(data).toString();
        return {};
      },
    });
    const part = (text: string) =>
      toBinary(PutFileRequestSchema, create(PutFileRequestSchema, { data: Buffer.from(text) }));
    let answers = 0;
    for await (const _ of server.stream(path("PutFile"), each(part("a"), part("b")))) answers += 1;
    assert.deepEqual([total, answers], ["ab", 1]);
  });

  it("serves both directions at once and counts the outcome", async () => {
    const { server, context } = served({
      async *subscribeConfiguration(requests) {
        for await (const { storeName } of requests) {
          if (storeName === "bad")
            throw new RpcError({ code: Status.NOT_FOUND, reason: "X", message: "bad store" });
          yield { storeName };
        }
      },
    });
    const ask = (storeName: string) =>
      toBinary(
        SubscribeConfigurationRequestSchema,
        create(SubscribeConfigurationRequestSchema, { storeName }),
      );
    const received: string[] = [];
    const run = async () => {
      for await (const bytes of server.stream(
        path("SubscribeConfiguration"),
        each(ask("a"), ask("bad")),
      )) {
        received.push(fromBinary(SubscribeConfigurationResponseSchema, bytes).storeName);
      }
    };
    await assert.rejects(run(), { code: Status.NOT_FOUND, message: "bad store" });
    assert.deepEqual(received, ["a"]);
    assert.equal(context.metrics.method(path("SubscribeConfiguration")).count(Status.NOT_FOUND), 1);
  });
});

describe("hasBytes", () => {
  it("finds bytes fields, nested ones too", () => {
    assert.equal(hasBytes(PutFileRequestSchema), true);
    assert.equal(hasBytes(SayHelloRequestSchema), true); // google.protobuf.Any
    assert.equal(hasBytes(TryLockRequestSchema), false);
  });
});
