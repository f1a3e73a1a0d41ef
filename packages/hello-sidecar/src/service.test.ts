import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Lifecycle } from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Status, client, serve } from "@layotto/sidecar-kit";
import { fakeServer, testContext } from "@layotto/sidecar-kit/testing";
import { config } from "./config.ts";
import { helloSidecar } from "./sidecar.ts";

const helloworld = { type: "helloworld", hello: "greeting" };

async function start(
  hellos: Record<string, object> | undefined = { quick_start_demo: helloworld },
) {
  const context = testContext();
  const parts = await helloSidecar.create({ ...context, config: config.parse({ hellos }) });
  for (const group of parts.components) {
    assert.deepEqual(await group.prepare(), []);
    group.open();
    await group.opened();
  }
  const server = fakeServer();
  serve(server, parts.services, context);
  return { runtime: client(Runtime, server.channel), lifecycle: client(Lifecycle, server.channel) };
}

describe("SayHello", () => {
  it("greets by name, and without one says the greeting alone", async () => {
    const { runtime } = await start();
    const say = async (name: string) =>
      (await runtime.sayHello({ serviceName: "quick_start_demo", name })).hello;
    assert.equal(await say("eva"), "greeting, eva");
    assert.equal(await say(""), "greeting");
  });

  it("echoes data", async () => {
    const { runtime } = await start();
    const data = create(AnySchema, { typeUrl: "t/x", value: Buffer.from("abc") });
    const reply = await runtime.sayHello({ serviceName: "quick_start_demo", data });
    assert.equal(reply.data?.typeUrl, "t/x");
    assert.equal(Buffer.from(reply.data.value).toString(), "abc");
  });

  it("says INVALID_ARGUMENT for an unknown instance, FAILED_PRECONDITION when none is configured", async () => {
    const message = "no instance found";
    const { runtime } = await start();
    await assert.rejects(runtime.sayHello({ serviceName: "x" }), {
      code: Status.INVALID_ARGUMENT,
      message,
    });
    const { runtime: bare } = await start({});
    await assert.rejects(bare.sayHello({ serviceName: "x" }), {
      code: Status.FAILED_PRECONDITION,
      message,
    });
  });
});

describe("ApplyConfiguration", () => {
  const change = (part: object) => ({
    componentConfig: {
      kind: "hellos",
      name: "quick_start_demo",
      metadata: { hello: "goodbye" },
      ...part,
    },
  });

  it("changes the greeting", async () => {
    const { runtime, lifecycle } = await start();
    await lifecycle.applyConfiguration(change({}));
    const { hello } = await runtime.sayHello({ serviceName: "quick_start_demo", name: "eva" });
    assert.equal(hello, "goodbye, eva");
  });

  for (const [what, part, message] of [
    ["no kind", { kind: "" }, "field kind is not configured"],
    ["no name", { name: "" }, "field name is not configured"],
    ["no metadata", { metadata: {} }, "field metadata is not configured"],
    [
      "an unknown kind",
      { kind: "state" },
      "component not found. kind: state , name: quick_start_demo",
    ],
    ["an unknown name", { name: "x" }, "component not found. kind: hellos , name: x"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { lifecycle } = await start();
      const code = Status.INVALID_ARGUMENT;
      await assert.rejects(lifecycle.applyConfiguration(change(part)), { code, message });
    });
  }

  it("refuses a request without configuration", async () => {
    const { lifecycle } = await start();
    await assert.rejects(lifecycle.applyConfiguration({}), {
      message: "field kind is not configured",
    });
  });
});
