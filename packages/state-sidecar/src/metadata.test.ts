import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testContext } from "@layotto/sidecar-kit/testing";
import { stateSidecar } from "./sidecar.ts";

describe("metadata of components", () => {
  it("keyPrefix with || is a fault in every section", async () => {
    for (const section of ["state", "lock", "sequencer"]) {
      const path = [section, "s", "metadata", "keyPrefix"];
      const message = "keyPrefix can't contain '||'";
      assert.deepEqual(await faults(section, "embedded", { keyPrefix: "a||b" }), [
        { path, message },
      ]);
      assert.deepEqual(await faults(section, "embedded", { keyPrefix: "|a|b|" }), []);
      assert.deepEqual(await faults(section, "embedded", { keyPrefix: 1 }), [
        { path, message: "must be a string, not a number" },
      ]);
    }
  });

  it("failover without sentinelMasterName is a fault in every section", async () => {
    for (const section of ["state", "lock", "sequencer"]) {
      const redis = { redisHost: "localhost:1", failover: "yes" };
      const path = [section, "s", "metadata", "sentinelMasterName"];
      const message = "must be given with failover";
      assert.deepEqual(await faults(section, "redis", redis), [{ path, message }]);
      assert.deepEqual(await faults(section, "redis", { ...redis, sentinelMasterName: "m" }), []);
      assert.deepEqual(await faults(section, "redis", { ...redis, failover: "no" }), []);
    }
  });

  it("keys of redis that have no effect may hold anything simple", async () => {
    const metadata = { redisHost: "localhost:1", poolSize: 10, maxRetries: "3", idleTimeout: true };
    assert.deepEqual(await faults("state", "redis", metadata), []);
  });
});

/** What the check of a component finds before anything opens. */
async function faults(section: string, type: string, metadata: object): Promise<unknown[]> {
  const context = testContext({ schema: stateSidecar.schema });
  const config = { [section]: { s: { type, metadata } } };
  const { components } = await stateSidecar.create({ ...context, config });
  const found = await Promise.all(components.map((group) => group.prepare()));
  for (const group of components) await group.close();
  return found.flat();
}
