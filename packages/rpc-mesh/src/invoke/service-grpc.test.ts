// InvokeService over gRPC channels, as the gateway calls it, against servers in this process.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { GrpcError, GrpcServer, Status } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { failure, retry, setup } from "./testing/invoke.ts";

describe("InvokeService over gRPC", () => {
  const server = new GrpcServer();
  let host = "";
  let calls = 0;
  before(async () => {
    server.addUnary("/shop/Echo", (call, message) => {
      call.setHeader("x-got", call.metadata.getAll("x-mine").join(","));
      call.reply(Buffer.from(message));
    });
    server.addUnary("/shop/Database", (call) => {
      calls++;
      call.fail(new GrpcError(Status.UNAVAILABLE, 'Cannot connect to "the database"'));
    });
    server.addUnary("/shop/Refuse", (call) =>
      call.fail(new GrpcError(Status.NOT_FOUND, "no such")),
    );
    server.addUnary("/shop/Hang", () => {});
    host = (await server.listen({ host: "127.0.0.1", port: 0 })).address;
  });
  after(() => server.close());

  test("calls methods by path, or by service and name; headers of the route are added", async (t) => {
    const headers = { requestAdd: [["x-mine", "b"]], requestRemove: [], responseAdd: [], responseRemove: [] } as const; // prettier-ignore
    const { invoke, even } = await setup(t, {
      protocol: "grpc",
      hosts: [host],
      route: { headers },
    });
    for (const method of ["/shop/Echo", "Echo"]) {
      const { data } = await invoke({ method, data: Buffer.from("hi") }, { "x-mine": "a" });
      assert.equal(Buffer.from(data?.value ?? []).toString(), "hi");
    }
    await even();
  });

  test("passes statuses on, flat ones by a switch", async (t) => {
    const fine = await setup(t, { protocol: "grpc", hosts: [host] });
    await assert.rejects(fine.invoke({ method: "Refuse" }), failure(Status.NOT_FOUND, /no such/));
    const flat = await setup(t, { protocol: "grpc", hosts: [host], flatErrors: true });
    await assert.rejects(flat.invoke({ method: "Refuse" }), failure(Status.UNAVAILABLE, /no such/));
    await fine.even();
  });

  test("an answer that speaks of a connection is an answer: the call has run", async (t) => {
    calls = 0;
    const { invoke, mesh } = await setup(t, { protocol: "grpc", hosts: [host], action: { retry } });
    await assert.rejects(invoke({ method: "Database" }), failure(Status.UNAVAILABLE, /database/));
    assert.equal(calls, 1);
    const [state] = [...mesh.clusterStates()];
    assert.deepEqual([...(state?.counters.failures.keys() ?? [])], []);
  });

  test("a host that cannot be reached is passed over", async (t) => {
    const { invoke, even } = await setup(t, { protocol: "grpc", hosts: [host, "127.0.0.1:1"], action: { retry } }); // prettier-ignore
    for (let i = 0; i < 10; i++) await invoke({ method: "Echo" });
    const none = await setup(t, { protocol: "grpc", hosts: ["127.0.0.1:1"] });
    await assert.rejects(
      none.invoke({ method: "Echo" }),
      failure(Status.UNAVAILABLE, /ECONNREFUSED/),
    );
    await even();
  });

  test("refuses a path that HTTP does not allow", async (t) => {
    const { invoke } = await setup(t, { protocol: "grpc", hosts: [host] });
    for (const method of ["/a b", "/a\r\nb", "/支付"]) {
      await assert.rejects(invoke({ method }), failure(Status.INVALID_ARGUMENT, /path/));
    }
  });

  test("gives a call up whose time is over", async (t) => {
    const { invoke, even } = await setup(t, { protocol: "grpc", hosts: [host] });
    await assert.rejects(invoke({ method: "Hang" }, { rpc_request_timeout: "50" }), failure(Status.DEADLINE_EXCEEDED, /within 50 ms/)); // prettier-ignore
    await even();
    await eventually("the host hears of it", () => server.activeCalls === 0);
  });
});
