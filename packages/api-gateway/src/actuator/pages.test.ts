import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { description, FakeConnection } from "../testing/fakes.ts";
import { Upstream } from "../upstream/upstream.ts";
import { hasPage, pageAnswer } from "./pages.ts";

/** An upstream whose replicas announce the page `mesh` and show their address there. */
async function publisher(t: TestContext, name: string, addresses = ["unix:/a.sock"]) {
  const connections = addresses.map(() => new FakeConnection());
  const left = [...connections];
  const connect = () => left.shift() ?? new FakeConnection();
  const upstream = new Upstream({ name, addresses, connect });
  upstream.start();
  t.after(() => upstream.close());
  for (const [i, connection] of connections.entries()) {
    connection.pages = { mesh: `{"at":"${addresses[i]}"}` };
    await connection.describe(description({ pages: ["mesh"] }));
  }
  return { upstream, connections };
}

const lost = (process: string) => ({
  error: `Cannot show "mesh": the process ${process} does not answer: gone; run "layotto status" to see it`,
});

describe("pageAnswer", () => {
  test("hands on what the only sidecar says", async (t) => {
    const { upstream } = await publisher(t, "mesh");
    assert.equal(hasPage("mesh", [upstream]), true);
    assert.equal(hasPage("other", [upstream]), false);
    const answer = await pageAnswer("mesh", [upstream]);
    assert.deepEqual(answer, { status: 200, text: '{"at":"unix:/a.sock"}' });
    assert.deepEqual(await pageAnswer("other", [upstream]), { status: 404 });
  });

  test("puts several processes into an object by name", async (t) => {
    const one = await publisher(t, "east");
    const two = await publisher(t, "west", ["unix:/b.sock", "unix:/c.sock"]);
    const { status, text = "" } = await pageAnswer("mesh", [one.upstream, two.upstream]);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), {
      east: { at: "unix:/a.sock" },
      "west/0": { at: "unix:/b.sock" },
      "west/1": { at: "unix:/c.sock" },
    });
  });

  test("is 503 with the reason when the sidecar is lost or fails", async (t) => {
    const { upstream, connections } = await publisher(t, "mesh");
    await connections[0]?.fail("gone");
    assert.equal(hasPage("mesh", [upstream]), true);
    const { status, text = "" } = await pageAnswer("mesh", [upstream]);
    assert.deepEqual([status, JSON.parse(text)], [503, lost("mesh")]);
  });

  test("still shows what the others say when one is lost", async (t) => {
    const two = await publisher(t, "mesh", ["unix:/b.sock", "unix:/c.sock"]);
    await two.connections[1]?.fail("gone");
    const { status, text = "" } = await pageAnswer("mesh", [two.upstream]);
    const expected = { "mesh/0": { at: "unix:/b.sock" }, "mesh/1": lost("mesh/1") };
    assert.deepEqual([status, JSON.parse(text)], [503, expected]);
  });

  test("names the answer of a sidecar that fails", async (t) => {
    const { upstream, connections } = await publisher(t, "mesh");
    const [connection] = connections;
    if (connection) connection.page = () => Promise.reject(new Error("out of order"));
    const { text = "" } = await pageAnswer("mesh", [upstream]);
    assert.match(text, /the process mesh does not answer: out of order; run/);
  });
});
