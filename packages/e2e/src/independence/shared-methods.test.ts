import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError, Status } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "../harness/calls.ts";
import { hellos } from "../harness/configs.ts";
import { startLayotto } from "../harness/layotto.ts";
import { killHard } from "../harness/processes.ts";
import { scopeOf } from "../harness/scope.ts";

const config = {
  hellos,
  state: { orders: { type: "embedded" }, users: { type: "embedded" } },
  processes: { "orders-state": { sidecar: "state", sections: { state: ["orders"] } } },
};

// Mutation that fails this test, tried once: buildTable does not mark a method as shared, so the first upstream gets all.
test("two state sidecars share the methods by store_name", { timeout: 60_000 }, async (t) => {
  const layotto = scopeOf(t).use(await startLayotto({ config }));
  const status = await layotto.status();
  assert.deepEqual(status.map((p) => p.name).sort(), ["gateway", "hello", "orders-state", "state"]);
  const api = runtime(layotto.client());
  for (const storeName of ["orders", "users"])
    await api.saveState({ storeName, states: [{ key: "k", value: bytes(`of ${storeName}`) }] });
  const read = async (storeName: string): Promise<string> =>
    text((await api.getState({ storeName, key: "k" })).data);
  assert.equal(await read("orders"), "of orders");
  assert.equal(await read("users"), "of users");

  await assert.rejects(api.getState({ storeName: "nobody's", key: "k" }), (error) => {
    assert.ok(error instanceof GrpcError);
    assert.equal(error.code, Status.INVALID_ARGUMENT);
    assert.equal(error.message, "state store nobody's is not found");
    return true;
  });

  // Each lives and dies alone.
  const pid = await layotto.pidOf("orders-state");
  killHard(pid);
  assert.equal(await read("users"), "of users");
  await eventually("orders again", () =>
    read("orders").then(
      (value) => value === "of orders",
      () => false,
    ),
  );
  assert.equal((await layotto.process("state")).restarts, 0);
  assert.equal((await layotto.process("orders-state")).restarts, 1);
});
