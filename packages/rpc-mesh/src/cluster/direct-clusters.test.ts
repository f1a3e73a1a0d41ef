import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ScriptedCall, hang, testMesh } from "../call/testing/scripted-call.ts";

describe("DirectClusters", () => {
  test("gives the cluster of an address again, by protocol", async () => {
    const { mesh } = await testMesh([], []);
    const first = mesh.direct("a:1", "http1");
    assert.equal(mesh.direct("a:1", "http1"), first);
    assert.notEqual(mesh.direct("a:1", "http2"), first);
    mesh.close();
  });

  test("gives up the address not used for longest; its calls end as any", async () => {
    const { mesh } = await testMesh([], []);
    const call = (address: string): ScriptedCall => {
      const cluster = mesh.direct(address, "http1");
      return new ScriptedCall(mesh, [hang], { router: undefined, cluster }).run();
    };
    const calls = Array.from({ length: 400 }, (_, i) => {
      mesh.direct("kept:1", "http1");
      return call(`h${i}:1`);
    });
    const kept = mesh.direct("kept:1", "http1");
    assert.equal(kept.hosts[0]?.removed, false, "what is used stays");
    assert.equal([...mesh.clusterStates()].length, 256);
    assert.equal(calls[0]?.attempts[0]?.host.removed, true);
    for (const each of calls) {
      const [attempt] = each.attempts;
      assert.ok(attempt !== undefined);
      each.answer(attempt, 200);
      assert.equal(each.over, true);
      assert.equal(attempt.host.active, 0);
    }
    assert.equal([...mesh.clusterStates()].length, 256, "nothing that was given up comes back");
    assert.equal(
      call("h0:1").attempts.length,
      1,
      "an address that was given up can be called again",
    );
    mesh.close();
  });
});
