import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { GrpcServer } from "@layotto/grpc-transport";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { connectRuntime } from "./runtime.ts";
import { implement } from "./service/implement.ts";
import { serve } from "./service/serve.ts";
import { testContext } from "./testing/context.ts";
import { tempDir } from "./testing/place.ts";

describe("connectRuntime", () => {
  it("calls the Runtime API on the gateway's internal socket", async (test) => {
    const runDir = tempDir(test);
    const server = new GrpcServer();
    serve(
      server,
      [implement(Runtime, { sayHello: ({ name }) => ({ hello: name }) })],
      testContext(),
    );
    await server.listen({ path: join(runDir, "gateway.internal.sock") });
    const runtime = connectRuntime({ runDir });
    test.after(() => Promise.all([runtime.close(), server.close()]));
    assert.equal((await runtime.api.sayHello({ name: "eva" })).hello, "eva");
  });
});
