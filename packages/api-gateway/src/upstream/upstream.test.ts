import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { HealthStatus } from "@layotto/proto/sidecar/v1/sidecar";
import { RpcError } from "@layotto/sidecar-kit";
import type { MethodClaim } from "../routing/route.ts";
import { description, FakeConnection, settle } from "../testing/fakes.ts";
import { Upstream } from "./upstream.ts";

const path = "/t.S/A";

interface Fixture {
  upstream: Upstream;
  connections: FakeConnection[];
  methods: (readonly MethodClaim[])[];
  states: string[];
}

function open(t: TestContext, addresses = ["unix:/a.sock"], maxWaitingCalls = 10): Fixture {
  const connections: FakeConnection[] = [];
  const methods: (readonly MethodClaim[])[] = [];
  const states: string[] = [];
  const connect = (): FakeConnection => {
    const connection = new FakeConnection();
    connections.push(connection);
    return connection;
  };
  const upstream = new Upstream(
    { name: "state", addresses, connect, maxWaitingCalls },
    {
      onMethods: (_, claims) => methods.push(claims),
      onState: (changed) => states.push(changed.state),
    },
  );
  upstream.start();
  t.after(() => upstream.close());
  return { upstream, connections, methods, states };
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  assert.ok(item !== undefined);
  return item;
}

const unavailable = (pattern: RegExp) => (error: unknown) =>
  error instanceof RpcError &&
  error.reason === "SIDECAR_UNAVAILABLE" &&
  pattern.test(error.message);

describe("Upstream.state", () => {
  test("goes from connecting over described to ready, then lost and back", async (t) => {
    const { upstream, connections, states } = open(t);
    const connection = at(connections, 0);
    assert.equal(upstream.state, "connecting");
    const init = { status: HealthStatus.INIT, reason: "redis is not reachable" };
    await connection.describe(
      description({ health: { ...description().health, ...init } as never }),
    );
    assert.equal(upstream.state, "described");
    assert.equal(upstream.reason, "redis is not reachable");
    await connection.describe(description());
    assert.equal(upstream.reason, "");
    await connection.fail("connection refused");
    assert.equal(upstream.reason, "connection refused");
    await connection.describe(description());
    assert.deepEqual(
      states.filter((state, i) => state !== states[i - 1]),
      ["connecting", "described", "ready", "lost", "ready"],
    );
  });

  test("refuses another major version of the contract, by name", async (t) => {
    const { upstream, connections, methods } = open(t);
    await at(connections, 0).describe(description({ contractMajor: 2, name: "new-state" }));
    assert.equal(upstream.state, "refused");
    assert.match(upstream.reason, /sidecar "new-state" 1\.0\.0.*sidecar\.v2.*upgrade the gateway/);
    assert.equal(upstream.pick(path), undefined);
    assert.deepEqual(methods, []);
    await at(connections, 0).describe(description());
    assert.equal(upstream.state, "ready");
  });
});

describe("Upstream events", () => {
  test("reports methods only when they differ, and keeps them when the sidecar is lost", async (t) => {
    const { connections, methods } = open(t);
    const connection = at(connections, 0);
    await connection.describe(description({ methods: [path] }));
    await connection.describe(description({ methods: [path], generation: "2-2" }));
    await connection.fail("gone");
    assert.deepEqual(methods, [[{ path }]]);
    await connection.describe(description({ methods: [] }));
    assert.deepEqual(methods, [[{ path }], []]);
  });

  test("unites the methods of replicas of two versions and picks one that has the method", async (t) => {
    const { upstream, connections, methods } = open(t, ["unix:/a.sock", "unix:/b.sock"]);
    await at(connections, 0).describe(description({ methods: ["/t.S/A", "/t.S/Old"] }));
    await at(connections, 1).describe(description({ methods: ["/t.S/A", "/t.S/New"] }));
    assert.deepEqual(
      at(methods, 1)
        .map((claim) => claim.path)
        .sort(),
      ["/t.S/A", "/t.S/New", "/t.S/Old"],
    );
    for (let i = 0; i < 20; i += 1) {
      assert.equal(upstream.pick("/t.S/Old")?.address, "unix:/a.sock");
      assert.equal(upstream.pick("/t.S/New")?.address, "unix:/b.sock");
    }
    await at(connections, 0).fail("gone");
    assert.deepEqual(
      at(methods, 2).map((claim) => claim.path),
      ["/t.S/A", "/t.S/New"],
    );
  });
});

describe("Upstream.pick", () => {
  test("gives nothing before the first description", async (t) => {
    const { upstream, connections } = open(t);
    at(connections, 0).setReady(true);
    assert.equal(upstream.pick(path), undefined);
    await at(connections, 0).describe(description());
    assert.equal(upstream.pick(path)?.address, "unix:/a.sock");
  });

  test("prefers of two random replicas the one with fewer calls, and healthy ones before others", async (t) => {
    const { upstream, connections } = open(t, ["unix:/a.sock", "unix:/b.sock"]);
    for (const connection of connections) await connection.describe(description());
    at(upstream.replicas, 0).outstanding = 5;
    for (let i = 0; i < 20; i += 1) assert.equal(upstream.pick(path)?.address, "unix:/b.sock");
    const down = { status: HealthStatus.DOWN, reason: "lost redis" } as never;
    await at(connections, 1).describe(description({ health: down }));
    assert.equal(upstream.pick(path)?.address, "unix:/a.sock");
  });
});

describe("Upstream.waitUntilReady", () => {
  test("gives the replica as soon as it can be reached again", async (t) => {
    const { upstream, connections } = open(t);
    const connection = at(connections, 0);
    await connection.describe(description());
    connection.setReady(false);
    const waits = [1, 2, 3].map(() => upstream.waitUntilReady(path, { timeoutMs: 10_000 }));
    await settle();
    assert.equal(upstream.waiting, 3);
    connection.setReady(true);
    for (const replica of await Promise.all(waits)) assert.equal(replica.address, "unix:/a.sock");
    assert.equal(upstream.waiting, 0);
    assert.deepEqual([upstream.waits, upstream.failedWaits], [3, 0]);
  });

  test("ends with SIDECAR_UNAVAILABLE that names the capability when the time is over", async (t) => {
    const { upstream, connections } = open(t);
    await at(connections, 0).describe(description({ capability: "storage" }));
    await at(connections, 0).fail("connection refused");
    await assert.rejects(
      upstream.waitUntilReady(path, { timeoutMs: 5 }),
      unavailable(/storage sidecar: connection refused/),
    );
    await assert.rejects(upstream.waitUntilReady(path, { timeoutMs: 0 }), unavailable(/storage/));
    assert.deepEqual([upstream.waits, upstream.failedWaits], [2, 2]);
  });

  test("lets no more calls wait than maxWaitingCalls", async (t) => {
    const { upstream } = open(t, ["unix:/a.sock"], 2);
    const stop = new AbortController();
    const options = { timeoutMs: 10_000, signal: stop.signal };
    const waits = [1, 2].map(() => upstream.waitUntilReady(path, options));
    await settle();
    await assert.rejects(upstream.waitUntilReady(path, options), /2 calls wait already/);
    stop.abort(new Error("cancelled"));
    for (const wait of waits) await assert.rejects(wait, /cancelled/);
    assert.equal(upstream.waiting, 0);
  });
});

describe("Replica", () => {
  test("asks for descriptors once per generation", async (t) => {
    const { upstream, connections } = open(t);
    const connection = at(connections, 0);
    await connection.describe(description());
    const replica = at(upstream.replicas, 0);
    await replica.descriptors();
    await replica.descriptors();
    assert.equal(connection.descriptorCalls, 1);
    await connection.describe(description({ generation: "2-2" }));
    await replica.descriptors();
    assert.equal(connection.descriptorCalls, 2);
  });

  test("closes its connection and watches no more", async (t) => {
    const { upstream, connections } = open(t);
    const connection = at(connections, 0);
    await connection.describe(description());
    await upstream.close();
    await settle();
    assert.equal(connection.isClosed, true);
    assert.equal(connection.watches, 1);
  });
});
