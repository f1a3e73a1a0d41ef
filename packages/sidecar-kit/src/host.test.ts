import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GrpcClient, GrpcError, Status } from "@layotto/grpc-transport";
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from "@layotto/proto/grpc/health/v1/health";
import { type Description, HealthStatus, Sidecar } from "@layotto/proto/sidecar/v1/sidecar";
import { Lifecycle } from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { join } from "node:path";
import { z } from "zod";
import type { Component, ComponentTypes } from "./component.ts";
import { openComponents } from "./components.ts";
import { RpcError } from "./errors.ts";
import { SidecarHost } from "./host.ts";
import { client } from "./service/client.ts";
import { implement } from "./service/implement.ts";
import { joinPages } from "./service/pages.ts";
import { type Sidecar as SidecarValue, defineSidecar } from "./sidecar.ts";
import { testContext } from "./testing/context.ts";
import { tempDir } from "./testing/place.ts";

const notFound = () =>
  new RpcError({ code: Status.INVALID_ARGUMENT, reason: "X", message: "not found" });

/** A sidecar with one component that opens when the test says so, served on a unix socket by the real transport. */
async function start(
  test: Parameters<typeof tempDir>[0],
  limit: { maxMessageBytes?: number } = {},
) {
  const context = testContext();
  let open = (): void => {};
  const opening = new Promise<Component>(
    (resolve) => (open = () => resolve({ close: async () => {} })),
  );
  const types: ComponentTypes<Component> = {
    slow: async () => ({ metadata: z.object({}), open: () => opening }),
  };
  const sidecar = defineSidecar({
    name: "test-sidecar",
    capability: "test",
    version: "1.2.3",
    sections: ["hellos"],
    config: z.object({}),
    methods: [],
    create: () => {
      const configs = { a: { type: "slow" } };
      const set = openComponents({
        section: "hellos",
        types,
        configs,
        context,
        errors: { notFound },
      });
      const selector = { field: "service_name", values: () => set.names() };
      const services = [
        implement(Runtime, { sayHello: ({ name }) => ({ hello: `hello ${name}` }) }, { selector }),
      ];
      const pages = { figures: () => ({ calls: 3 }) };
      return { components: [set], services, pages, info: () => ({ fact: "yes" }), ...limit };
    },
  });
  const parts = [await sidecar.create({ ...context, config: {} })];
  const host = new SidecarHost({
    context,
    logger: context.logger,
    sidecars: [sidecar as SidecarValue],
    parts,
  });
  await host.prepare("test");
  const path = join(tempDir(test), "t.sock");
  await host.server.listen({ path });
  host.openComponents();
  const connection = new GrpcClient({ path }, { maxReceiveMessageBytes: 8_000_000 });
  test.after(async () => {
    await connection.close();
    await host.server.close();
  });
  return { host, connection, open };
}

describe("SidecarHost over the real transport", () => {
  it("serves the sidecar's methods", async (test) => {
    const { connection } = await start(test);
    assert.equal((await client(Runtime, connection).sayHello({ name: "eva" })).hello, "hello eva");
  });

  it("takes messages of 4 MiB, or as large as it wants", async (test) => {
    const name = "n".repeat(4_194_304);
    const refused = await start(test);
    const options = { timeoutMs: 20_000 };
    await assert.rejects(
      client(Runtime, refused.connection).sayHello({ name }, options),
      (error) => error instanceof GrpcError && error.code === Status.RESOURCE_EXHAUSTED,
    );
    const { connection } = await start(test, { maxMessageBytes: 5_000_000 });
    assert.equal(
      (await client(Runtime, connection).sayHello({ name }, options)).hello.length,
      4_194_310,
    );
  });

  it("describes itself at once, again when health changes, and ends the watch when it drains", async (test) => {
    const { host, connection, open } = await start(test);
    const seen: Description[] = [];
    for await (const description of client(Sidecar, connection).watch({ watcher: "test" })) {
      seen.push(description);
      if (seen.length === 1) open();
      else void host.drain(1000);
    }
    const [first, second] = seen;
    assert.equal(first?.contractMajor, 1);
    assert.deepEqual(
      [first?.name, first?.version, first?.capability],
      ["test-sidecar", "1.2.3", "test"],
    );
    assert.equal(first?.health?.status, HealthStatus.INIT);
    assert.deepEqual(first?.info, { fact: "yes" });
    assert.deepEqual([first?.contractMinor, first?.pages], [1, ["figures"]]);
    const [method] = first?.methods ?? [];
    assert.equal(method?.path, "/spec.proto.runtime.v1.Runtime/SayHello");
    assert.deepEqual(method?.selector?.fieldPath, [1]);
    assert.deepEqual(method?.selector?.values, ["a"]);
    assert.equal(second?.components[0]?.health?.status, HealthStatus.UP);
    assert.equal(seen.length, 2);
  });

  it("answers gRPC health for the process and for services", async (test) => {
    const { connection, open, host } = await start(test);
    const health = client(Health, connection);
    assert.equal((await health.check({})).status, Serving.NOT_SERVING);
    const changed = new Promise<void>((resolve) => host.onChange(resolve));
    open();
    await changed;
    assert.equal((await health.check({ service: Runtime.typeName })).status, Serving.SERVING);
    await assert.rejects(health.check({ service: "no.Such" }), { code: Status.NOT_FOUND });
  });

  it("reports metrics, descriptors and sets log levels", async (test) => {
    const { connection } = await start(test);
    await client(Runtime, connection).sayHello({});
    const sidecar = client(Sidecar, connection);
    const { families } = await sidecar.metrics({});
    assert.ok(families.some((family) => family.name === "layotto_requests_total"));
    const { services, files } = await sidecar.descriptors({});
    assert.deepEqual(services, [Runtime.typeName]);
    assert.ok(files.length > 1);
    assert.equal((await sidecar.setLogLevel({ logger: "hellos/slow", level: "DEBUG" })).changed, 1);
    await assert.rejects(sidecar.setLogLevel({ level: "loud" }), (error: unknown) => {
      return error instanceof GrpcError && error.code === Status.INVALID_ARGUMENT;
    });
  });

  it("shows its pages as JSON", async (test) => {
    const { connection } = await start(test);
    const sidecar = client(Sidecar, connection);
    assert.equal((await sidecar.page({ name: "figures" })).json, '{"calls":3}');
    await assert.rejects(sidecar.page({ name: "other" }), {
      code: Status.NOT_FOUND,
      message: 'Cannot show page "other": there are figures',
    });
  });
});

describe("SidecarHost with several sidecars", () => {
  const service = (hello: string) => implement(Runtime, { sayHello: () => ({ hello }) });
  const value = (name: string): SidecarValue => ({
    name: `${name}-sidecar`,
    capability: name,
    version: "1.0.0",
    sections: [],
    config: z.unknown(),
    methods: [],
    create: () => ({ components: [], services: [] }),
  });
  const host = (...services: ReturnType<typeof implement>[]) => {
    const context = testContext();
    const parts = services.map((each) => ({ components: [], services: [each] }));
    return new SidecarHost({
      context,
      logger: context.logger,
      sidecars: [value("a"), value("b")],
      parts,
    });
  };

  it("serves them all and describes them as one", async (test) => {
    const both = host(service("a"), implement(Lifecycle, { applyConfiguration: () => ({}) }));
    const path = join(tempDir(test), "t.sock");
    await both.server.listen({ path });
    const connection = new GrpcClient({ path }, { maxReceiveMessageBytes: 8_000_000 });
    test.after(() => Promise.all([connection.close(), both.server.close()]));
    for await (const description of client(Sidecar, connection).watch({})) {
      assert.equal(description.capability, "a+b");
      assert.equal(description.methods.length, 2);
      assert.equal(description.health?.status, HealthStatus.UP);
      break;
    }
  });

  it("refuses two that serve the same method", () => {
    assert.throws(
      () => host(service("a"), service("b")),
      /Cannot serve "\/spec.*SayHello" twice in one process/,
    );
  });

  it("refuses two with a page of the same name, and names that are no part of a path", () => {
    const page = () => ({});
    assert.throws(() => joinPages([{ mesh: page }, { mesh: page }]), /page "mesh" twice/);
    assert.throws(() => joinPages([{ "a/b": page }]), /"a\/b": a name has only a-z, 0-9 and -/);
  });
});
