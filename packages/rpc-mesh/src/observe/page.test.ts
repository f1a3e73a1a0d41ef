import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { Reason } from "../call/failure.ts";
import {
  answer,
  breakOff,
  clusterOf,
  ScriptedCall,
  testMesh,
} from "../call/testing/scripted-call.ts";
import { Unfit } from "../cluster/host.ts";
import { Listeners } from "../listener/listeners.ts";
import type { ListenerConfig } from "../model/listener.ts";
import type { Mesh } from "../mesh.ts";
import { defaultOutlier } from "../config/defaults.ts";
import { listenerOf } from "../testing/listener.ts";
import { forwardTo, requestOf, routeOf } from "../testing/routing.ts";
import type { MeshPage } from "./page-model.ts";
import { meshPage } from "./page.ts";

async function pageOf(mesh: Mesh, configs: readonly ListenerConfig[] = []): Promise<MeshPage> {
  const inherited = () => undefined;
  const listeners = await Listeners.create({ mesh, configs, logger: silentLogger, inherited });
  return meshPage({ mesh, listeners, registrations: [], xds: undefined });
}

describe("meshPage", () => {
  test("shows calls of routes and clusters", async () => {
    const { mesh } = await testMesh([clusterOf("x", ["a:1"])], [routeOf("x")]);
    new ScriptedCall(mesh, [answer(200)]).run();
    new ScriptedCall(mesh, [answer(500)]).run();
    new ScriptedCall(mesh, [breakOff(Reason.RESET)]).run();
    const { routes, clusters } = await pageOf(mesh);
    const [route] = routes;
    assert.deepEqual([route?.router, route?.virtualHost, route?.route, route?.to], ["r", "*", "x", "x"]); // prettier-ignore
    const { p50Ms, p99Ms, ...calls } = route?.calls ?? {};
    const expected = { total: 3, active: 0, success: 1, errors: 1, failures: { UR: 1 }, cancelled: 0, retries: 0 }; // prettier-ignore
    assert.deepEqual(calls, expected);
    assert.ok(Number(p50Ms) >= 0 && Number(p99Ms) >= 0);
    const [cluster] = clusters;
    assert.deepEqual(
      [cluster?.name, cluster?.source, cluster?.balancer, cluster?.ready, cluster?.attempts],
      ["x", "static", "least_request", true, 3],
    );
    assert.deepEqual(cluster?.calls.failures, { UR: 1 });
    assert.ok(Number(cluster?.retryBudget) > 0);
    const [host] = cluster?.hosts ?? [];
    assert.deepEqual([host?.address, host?.attempts, host?.failures], ["a:1", 3, 2]);
    assert.deepEqual([host?.healthy, host?.why, host?.backInMs], [true, "", undefined]);
  });

  test("says why a host is out and when it comes back", async () => {
    const outlier = { ...defaultOutlier, consecutiveErrors: 1, baseEjectionMs: 30_000 };
    const cluster = clusterOf("x", ["a:1", "b:1"], { outlier });
    const { mesh, clock } = await testMesh([cluster], [routeOf("x")]);
    const address = new ScriptedCall(mesh, [answer(500)]).run().attempts[0]?.host.address;
    await clock.advance(1000);
    const hostOf = async () =>
      (await pageOf(mesh)).clusters[0]?.hosts.find((host) => host.address === address);
    const out = await hostOf();
    assert.deepEqual(
      [out?.healthy, out?.why, out?.ejections, out?.backInMs],
      [false, "ejected as an outlier: 1 failures in a row", 1, 29_000],
    );
    await clock.advance(29_000);
    const back = await hostOf();
    assert.deepEqual([back?.healthy, back?.why, back?.backInMs], [true, "", undefined]);
    const host = mesh.clusters.get("x")?.hosts.find((each) => each.address === address);
    if (host !== undefined) host.unfit = Unfit.CHECK | Unfit.DRAINING;
    assert.equal((await hostOf())?.why, "failed health checks, asked for no new calls");
  });

  test("shows breakers with the time until a probe", async () => {
    const breaker = {
      strategy: "consecutive",
      threshold: 1,
      windowMs: 10_000,
      minRequests: 1,
      slowMs: 1000,
      openMs: 5000,
      probes: 1,
    } as const;
    const { mesh, clock } = await testMesh(
      [clusterOf("x", ["a:1"], { breaker })],
      [routeOf("x", {}, { breaker })],
    );
    const before = await pageOf(mesh);
    assert.deepEqual(before.routes[0]?.breaker, {
      state: "closed",
      opened: 0,
      probeInMs: undefined,
    });
    new ScriptedCall(mesh, [answer(500)]).run();
    await clock.advance(1000);
    const { routes, clusters } = await pageOf(mesh);
    const open = { state: "open", opened: 1, probeInMs: 4000 };
    assert.deepEqual(routes[0]?.breaker, open);
    assert.deepEqual(clusters[0]?.hosts[0]?.breaker, open);
    assert.equal(clusters[0]?.hosts[0]?.why, "circuit breaker is open");
  });

  test("says in words where routes lead", async () => {
    const redirect = { type: "redirect", status: 301 } as const;
    const direct = { type: "direct", status: 200, body: "" } as const;
    const { cluster: _, ...open } = forwardTo("");
    const weighted = [
      { name: "a", weight: 90 },
      { name: "b", weight: 10 },
    ];
    const { mesh } = await testMesh(
      [],
      [
        routeOf("1", {}, { action: redirect }),
        routeOf("2", {}, { action: direct }),
        routeOf("3", {}, { action: { ...open, weighted } }),
        routeOf("4", {}, { action: { ...open, clusterHeader: "x-to" } }),
      ],
    );
    const { routes } = await pageOf(mesh);
    const words = ["redirect 301", "answer 200", "a 90, b 10", "cluster in header x-to"];
    assert.deepEqual(routes.map(({ to }) => to), words); // prettier-ignore
  });

  test("counts calls without a route by router", async () => {
    const { mesh } = await testMesh([], [routeOf("x", { path: "/x" })]);
    assert.deepEqual((await pageOf(mesh)).noRoutes, {});
    new ScriptedCall(mesh, [], { view: requestOf({ path: "/other" }) }).run();
    assert.deepEqual((await pageOf(mesh)).noRoutes, { r: 1 });
  });

  test("shows all listeners, those without an address too", async () => {
    const { mesh } = await testMesh([], []);
    const configs = [listenerOf({ address: "127.0.0.1:0" }), listenerOf({ name: "inner" })];
    const { listeners } = await pageOf(mesh, configs);
    const [first, second] = listeners;
    assert.deepEqual(first, {
      name: "in",
      type: "egress",
      address: "127.0.0.1:0",
      protocol: "auto",
      router: "r",
      tls: false,
      connections: 0,
      refused: 0,
      malformed: 0,
    });
    assert.deepEqual([second?.name, second?.address], ["inner", undefined]);
  });
});
