import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { create } from "@bufbuild/protobuf";
import { DescriptorsResponseSchema } from "@layotto/proto/sidecar/v1/sidecar";
import { Routes } from "../routing/routes.ts";
import { description, FakeConnection, fakeMetrics } from "../testing/fakes.ts";
import { Upstream } from "../upstream/upstream.ts";
import { gatherDescriptors } from "./descriptors.ts";
import { serviceHealth } from "./service-health.ts";

function openUpstream(
  t: TestContext,
  name: string,
): { upstream: Upstream; connection: FakeConnection } {
  const connection = new FakeConnection();
  const file = Buffer.from(name);
  const services = ["t.Shared", `t.${name}`, "sidecar.v1.Sidecar"];
  connection.files = create(DescriptorsResponseSchema, { files: [file], services });
  const upstream = new Upstream({
    name,
    addresses: [`unix:/${name}.sock`],
    connect: () => connection,
  });
  upstream.start();
  t.after(() => upstream.close());
  return { upstream, connection };
}

describe("gatherDescriptors", () => {
  const own = { files: [Buffer.from("own")], services: ["grpc.health.v1.Health"] };

  test("unites all upstreams and the gateway's own, without the control contract", async (t) => {
    const [a, b] = [openUpstream(t, "a"), openUpstream(t, "b")];
    await a.connection.describe(description());
    await b.connection.describe(description());
    const set = await gatherDescriptors([a.upstream, b.upstream], own);
    assert.deepEqual(set.files.map(String), ["own", "a", "b"]);
    assert.deepEqual(set.services, ["grpc.health.v1.Health", "t.Shared", "t.a", "t.b"]);
  });

  test("goes without an upstream that does not answer, asks it again, and remembers one that is lost", async (t) => {
    const { upstream, connection } = openUpstream(t, "a");
    await connection.describe(description());
    const good = connection.descriptors.bind(connection);
    connection.descriptors = () => Promise.reject(new Error("timeout"));
    assert.deepEqual((await gatherDescriptors([upstream], own)).services, own.services);
    connection.descriptors = good;
    assert.equal((await gatherDescriptors([upstream], own)).services.length, 3);
    await connection.fail("gone");
    assert.equal((await gatherDescriptors([upstream], own)).services.length, 3);
    assert.equal(connection.descriptorCalls, 1);
  });
});

describe("serviceHealth", () => {
  test("is UP while every upstream of the service can be reached", async (t) => {
    const [a, b] = [openUpstream(t, "a"), openUpstream(t, "b")];
    const routes = new Routes({ upstreams: [a.upstream, b.upstream], metrics: fakeMetrics() });
    await a.connection.describe(description());
    await b.connection.describe(description());
    routes.describe(a.upstream, [{ path: "/t.S/A" }]);
    routes.describe(b.upstream, [{ path: "/t.S/B" }, { path: "/t.Other/C" }]);
    assert.equal(serviceHealth(routes, "t.S"), "UP");
    await b.connection.fail("gone");
    assert.equal(serviceHealth(routes, "t.S"), "DOWN");
    assert.equal(serviceHealth(routes, "t.Other"), "DOWN");
    assert.equal(serviceHealth(routes, "t"), undefined);
  });
});
