import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import { type GrpcError, GrpcServer, Metadata, Status } from "@layotto/grpc-transport";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { RpcError } from "./errors.ts";
import { connectRuntime } from "./runtime.ts";
import { type Handlers, implement } from "./service/implement.ts";
import { serve } from "./service/serve.ts";
import { testContext } from "./testing/context.ts";
import { tempDir } from "./testing/place.ts";

type RuntimeHandlers = typeof Runtime extends GenService<infer Shape> ? Handlers<Shape> : never;

async function connected(test: TestContext, handlers: RuntimeHandlers) {
  const runDir = tempDir(test);
  const server = new GrpcServer();
  serve(server, [implement(Runtime, handlers)], testContext());
  await server.listen({ path: join(runDir, "gateway.internal.sock") });
  const runtime = connectRuntime({ runDir });
  test.after(() => Promise.all([runtime.close(), server.close()]));
  return runtime;
}

type Outcome = [error: GrpcError | undefined, reply: { hello: string } | undefined];

describe("connectRuntime", () => {
  it("calls the Runtime API on the gateway's internal socket", async (test) => {
    const runtime = await connected(test, { sayHello: ({ name }) => ({ hello: name }) });
    assert.equal((await runtime.api.sayHello({ name: "eva" })).hello, "eva");
  });

  it("calls a unary method in callback form, with metadata", async (test) => {
    const runtime = await connected(test, {
      sayHello: ({ name }, call) => ({ hello: `${name} ${call.metadata.get("tint")}` }),
    });
    const sayHello = runtime.unary(Runtime.method.sayHello);
    const metadata = Metadata.from([["tint", "red"]]);
    const [error, reply] = await new Promise<Outcome>((resolve) =>
      sayHello({ name: "eva" }, { metadata, timeoutMs: 5000 }, (...outcome) => resolve(outcome)),
    );
    assert.equal(error, undefined);
    assert.equal(reply?.hello, "eva red");
  });

  it("gives the status of a failed call to the callback", async (test) => {
    const runtime = await connected(test, {
      sayHello: () => {
        throw new RpcError({
          code: Status.ABORTED,
          reason: "NO",
          domain: "test",
          message: "not today",
        });
      },
    });
    const sayHello = runtime.unary(Runtime.method.sayHello);
    const [error, reply] = await new Promise<Outcome>((resolve) =>
      sayHello({}, {}, (...outcome) => resolve(outcome)),
    );
    assert.equal(error?.code, Status.ABORTED);
    assert.equal(reply, undefined);
  });

  it("gives a request that cannot be encoded back as an error", async (test) => {
    const runtime = await connected(test, {});
    const tryLock = runtime.unary(Runtime.method.tryLock);
    const error = await new Promise<GrpcError | undefined>((resolve) =>
      tryLock({ expire: 2 ** 40 }, {}, (fault) => resolve(fault)),
    );
    assert.equal(error?.code, Status.INTERNAL);
  });
});
