import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Status } from "@layotto/grpc-transport";
import { fakeMetrics, settle } from "../testing/fakes.ts";
import type { MethodClaim } from "./route.ts";
import { Routes } from "./routes.ts";
import { selectUpstream } from "./select-upstream.ts";

const get = "/t.State/Get";
const lock = "/t.Lock/TryLock";
const a = { name: "a", capability: "state" };
const b = { name: "b", capability: "hello" };

function routesOf(upstreams = [a, b]): Routes<typeof a> {
  const unconfigured = [
    {
      path: lock,
      code: Status.FAILED_PRECONDITION,
      reason: "NO_LOCK",
      message: "lock store is not configured",
    },
  ];
  return new Routes({ upstreams, unconfigured, metrics: fakeMetrics() });
}

function byStore(path: string, values: readonly string[], fieldName = "store_name"): MethodClaim {
  return {
    path,
    selector: { fieldPath: fieldName === "store_name" ? [1] : [2], fieldName, values },
  };
}

const message = (store: string): Buffer => Buffer.from([0x0a, store.length, ...Buffer.from(store)]);

describe("Routes.lookup", () => {
  test("waits for an unknown method while an upstream was never described, then says unimplemented", () => {
    const routes = routesOf();
    assert.deepEqual(kindAndMissing(routes, get), ["waiting", ["state", "hello"]]);
    routes.describe(a, [{ path: get }]);
    assert.equal(routes.lookup(get).kind, "forward");
    assert.deepEqual(kindAndMissing(routes, "/t.X/Y"), ["waiting", ["hello"]]);
    routes.describe(b, []);
    assert.equal(routes.lookup("/t.X/Y").kind, "unimplemented");
  });

  test("answers a method of an unconfigured capability at once, until somebody serves it", () => {
    const routes = routesOf();
    const route = routes.lookup(lock);
    assert.ok(route.kind === "unconfigured");
    assert.equal(route.error.code, Status.FAILED_PRECONDITION);
    assert.equal(route.error.reason, "NO_LOCK");
    routes.describe(a, [{ path: lock }]);
    assert.equal(routes.lookup(lock).kind, "forward");
  });

  test("never routes the control contract and what the gateway answers itself", () => {
    const routes = routesOf([a]);
    const own = ["/sidecar.v1.Sidecar/Watch", "/grpc.health.v1.Health/Check"];
    for (const path of own) assert.equal(routes.lookup(path).kind, "unimplemented");
    routes.describe(
      a,
      own.map((path) => ({ path })),
    );
    for (const path of own) assert.equal(routes.lookup(path).kind, "unimplemented");
    assert.deepEqual(routes.paths, []);
  });

  test("routes the methods that are for sidecars alone in the internal view only", () => {
    const routes = routesOf([a]);
    const path = "/sidecar.v1.Extension/Process";
    assert.equal(routes.internal.lookup(path).kind, "waiting");
    assert.equal(routes.lookup(path).kind, "unimplemented");
    routes.describe(a, [{ path }, { path: get }]);
    assert.equal(routes.internal.lookup(path).kind, "forward");
    assert.equal(routes.internal.lookup(get).kind, "forward");
    assert.equal(routes.lookup(path).kind, "unimplemented");
    assert.deepEqual(routes.paths, [get]);
  });

  test("puts hooks around the methods that have some, in the public view, whatever is described", () => {
    const around = { before: [], after: [], readsRequest: false, readsReply: false };
    const hooks = {
      paths: [get],
      hooksOf: (path: string) => (path === get || path.startsWith("/all.S/") ? around : undefined),
    };
    const routes = new Routes({ upstreams: [a], metrics: fakeMetrics(), hooks });
    const kinds = (path: string): string[] => {
      const route = routes.lookup(path);
      return route.kind === "hooked" ? ["hooked", route.otherwise.kind] : [route.kind];
    };
    assert.deepEqual(kinds(get), ["hooked", "waiting"]);
    assert.deepEqual(kinds("/all.S/M"), ["hooked", "waiting"]);
    assert.deepEqual(kinds(lock), ["waiting"]);
    routes.describe(a, [{ path: get }, { path: lock }, { path: "/all.S/M" }]);
    assert.deepEqual(kinds(get), ["hooked", "forward"]);
    assert.deepEqual(kinds("/all.S/M"), ["hooked", "forward"]);
    assert.deepEqual(kinds("/all.S/N"), ["hooked", "unimplemented"]);
    assert.deepEqual(kinds(lock), ["forward"]);
    assert.equal(routes.internal.lookup(get).kind, "forward");
  });

  test("keeps the counters of a method over tables", () => {
    const routes = routesOf();
    routes.describe(a, [{ path: get }]);
    const before = routes.lookup(get).metrics;
    routes.describe(b, [{ path: get }]);
    assert.equal(routes.lookup(get).metrics, before);
  });
});

describe("Routes.describe", () => {
  test("replaces the table as a whole, raises the epoch and tells the listeners", () => {
    const routes = routesOf();
    let changes = 0;
    const stop = routes.onChange(() => (changes += 1));
    routes.describe(a, [{ path: get }]);
    routes.describe(a, [{ path: "/t.State/Put" }]);
    assert.equal(routes.epoch, 2);
    assert.equal(changes, 2);
    assert.equal(routes.lookup(get).kind, "waiting");
    stop();
    routes.describe(a, []);
    assert.equal(changes, 2);
  });

  test("shares a method by disjoint values of the same field", () => {
    const routes = routesOf();
    routes.describe(a, [byStore(get, ["orders"])]);
    assert.equal(routes.lookup(get).kind, "forward");
    routes.describe(b, [byStore(get, ["users"])]);
    const route = routes.lookup(get);
    assert.ok(route.kind === "shared");
    assert.deepEqual(route.fieldPath, [1]);
    assert.equal(selectUpstream(route, message("orders")), a);
    assert.equal(selectUpstream(route, message("users")), b);
    assert.equal(selectUpstream(route, message("nobody")), a);
    assert.equal(selectUpstream(route, Buffer.from([0x0a, 9])), undefined);
    assert.deepEqual(routes.clashes, []);
  });

  test("refuses a method served twice without a selector and names both; the first keeps it", () => {
    const routes = routesOf();
    routes.describe(b, [{ path: get }]);
    routes.describe(a, [byStore(get, ["orders"])]);
    const route = routes.lookup(get);
    assert.equal(route.kind === "forward" ? route.upstream : undefined, b);
    assert.equal(routes.clashes.length, 1);
    assert.match(
      routes.clashes[0]?.message ?? "",
      /both upstreams "b" and "a".*without a selector/,
    );
    routes.describe(b, []);
    assert.equal(routes.lookup(get).kind, "forward");
    assert.deepEqual(routes.clashes, []);
  });

  test("refuses selectors on different fields", () => {
    const routes = routesOf();
    routes.describe(a, [byStore(get, ["orders"])]);
    routes.describe(b, [byStore(get, ["users"], "kind")]);
    assert.equal(routes.lookup(get).kind, "forward");
    assert.match(routes.clashes[0]?.message ?? "", /different fields, "store_name" and "kind"/);
  });

  test("refuses only the values that overlap", () => {
    const routes = routesOf();
    routes.describe(a, [byStore(get, ["orders", "both"])]);
    routes.describe(b, [byStore(get, ["users", "both"])]);
    const route = routes.lookup(get);
    assert.ok(route.kind === "shared");
    assert.equal(route.byValue.get("both"), a);
    assert.equal(route.byValue.get("users"), b);
    assert.match(routes.clashes[0]?.message ?? "", /for store_name "both"/);
  });
});

describe("Routes.resolve", () => {
  test("waits for the description that brings the method", async () => {
    const routes = routesOf();
    const found = routes.resolve(get, { timeoutMs: 10_000 });
    await settle();
    routes.describe(b, []);
    await settle();
    routes.describe(a, [{ path: get }]);
    assert.equal((await found).kind, "forward");
  });

  test("is still waiting when the time is over", async () => {
    assert.equal((await routesOf().resolve(get, { timeoutMs: 1 })).kind, "waiting");
  });

  test("ends with the reason of the signal", async () => {
    const stop = new AbortController();
    const found = routesOf().resolve(get, { timeoutMs: 10_000, signal: stop.signal });
    stop.abort(new Error("cancelled"));
    await assert.rejects(found, /cancelled/);
  });
});

describe("Routes.complete", () => {
  test("waits for the last upstream", async () => {
    const routes = routesOf();
    const complete = routes.complete({ timeoutMs: 10_000 });
    routes.describe(b, []);
    await settle();
    routes.describe(a, []);
    assert.equal(await complete, true);
    assert.equal(await routes.complete({ timeoutMs: 0 }), true);
  });

  test("gives up when the time is over", async () => {
    assert.equal(await routesOf().complete({ timeoutMs: 1 }), false);
  });
});

function kindAndMissing(routes: Routes<typeof a>, path: string): unknown[] {
  const route = routes.lookup(path);
  return [route.kind, route.kind === "waiting" ? route.missing : []];
}
