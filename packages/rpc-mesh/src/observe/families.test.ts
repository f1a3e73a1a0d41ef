import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type MetricFamily, renderPrometheus, silentLogger } from "@layotto/sidecar-kit";
import { Reason } from "../call/failure.ts";
import {
  answer,
  breakOff,
  clusterOf,
  hang,
  ScriptedCall,
  testMesh,
} from "../call/testing/scripted-call.ts";
import { Listeners } from "../listener/listeners.ts";
import type { ListenerConfig } from "../model/listener.ts";
import type { Mesh } from "../mesh.ts";
import type { BreakerConfig } from "../model/cluster.ts";
import { defaultOutlier } from "../config/defaults.ts";
import { listenerOf } from "../testing/listener.ts";
import { forwardTo, requestOf, routeOf } from "../testing/routing.ts";
import { meshFamilies } from "./families.ts";
import type { Observed } from "./observed.ts";

const breaker: BreakerConfig = {
  strategy: "consecutive",
  threshold: 1,
  windowMs: 10_000,
  minRequests: 1,
  slowMs: 1000,
  openMs: 5000,
  probes: 1,
};

async function observed(
  mesh: Mesh,
  configs: readonly ListenerConfig[] = [],
  part: Partial<Observed> = {},
): Promise<Observed> {
  const inherited = () => undefined;
  const listeners = await Listeners.create({ mesh, configs, logger: silentLogger, inherited });
  return { mesh, listeners, registrations: [], xds: undefined, ...part };
}

function linesOf(families: readonly MetricFamily[]): string[] {
  return renderPrometheus([{ labels: {}, families: [...families] }]).split("\n");
}

async function lines(mesh: Mesh): Promise<string[]> {
  return linesOf(meshFamilies(await observed(mesh)));
}

/** Asserts that all of `expected` are among the lines. */
function includes(found: readonly string[], expected: readonly string[]): void {
  const missing = expected.filter((line) => !found.includes(line));
  assert.deepEqual(missing, [], `among\n${found.join("\n")}`);
}

describe("meshFamilies", () => {
  test("counts calls, answers, failures and latency per route and per cluster", async () => {
    const { mesh } = await testMesh([clusterOf("x", ["a:1"])], [routeOf("x")]);
    for (const script of [answer(200), answer(200), answer(404), answer(503)]) {
      new ScriptedCall(mesh, [script]).run();
    }
    new ScriptedCall(mesh, [breakOff(Reason.RESET)]).run();
    new ScriptedCall(mesh, [hang]).run().cancelled();
    new ScriptedCall(mesh, [hang]).run();
    const found = await lines(mesh);
    for (const [prefix, label] of [
      ["layotto_mesh_cluster", 'cluster="x"'],
      ["layotto_mesh_route", 'route="r/*/x"'],
    ]) {
      includes(found, [
        `${prefix}_calls_total{${label}} 7`,
        `${prefix}_active{${label}} 1`,
        `${prefix}_answers_total{${label},grade="success"} 2`,
        `${prefix}_answers_total{${label},grade="client_error"} 1`,
        `${prefix}_answers_total{${label},grade="server_error"} 0`,
        `${prefix}_answers_total{${label},grade="gateway_error"} 1`,
        `${prefix}_failures_total{${label},flag="UR"} 1`,
        `${prefix}_cancelled_total{${label}} 1`,
        `${prefix}_retries_total{${label}} 0`,
        `${prefix}_latency_seconds_bucket{${label},le="+Inf"} 4`,
        `${prefix}_latency_seconds_count{${label}} 4`,
      ]);
    }
    includes(found, [
      'layotto_mesh_cluster_attempts_total{cluster="x"} 7',
      'layotto_mesh_cluster_retries_denied_total{cluster="x"} 0',
      'layotto_mesh_cluster_retrying{cluster="x"} 0',
    ]);
    assert.ok(found.some((line) => line.startsWith('layotto_mesh_cluster_retry_budget{cluster="x"}'))); // prettier-ignore
  });

  test("tells of hosts that are out, ejections and breakers, and of none that was never called", async () => {
    const hosts = ["a:1", "b:1", "c:1"];
    const outlier = { ...defaultOutlier, consecutiveErrors: 1 };
    const cluster = clusterOf("x", hosts, { breaker, outlier });
    const route = routeOf("x", {}, { breaker });
    const { mesh } = await testMesh([cluster], [route]);
    const call = new ScriptedCall(mesh, [answer(500)]).run();
    const host = call.attempts[0]?.host.address;
    const found = await lines(mesh);
    includes(found, [
      'layotto_mesh_cluster_hosts{cluster="x"} 3',
      'layotto_mesh_cluster_healthy_hosts{cluster="x"} 2',
      'layotto_mesh_cluster_unfit_hosts{cluster="x",cause="ejected"} 1',
      'layotto_mesh_cluster_unfit_hosts{cluster="x",cause="breaker"} 1',
      'layotto_mesh_cluster_unfit_hosts{cluster="x",cause="health_check"} 0',
      `layotto_mesh_host_healthy{cluster="x",host="${host}"} 0`,
      `layotto_mesh_host_attempts_total{cluster="x",host="${host}",result="server_error"} 1`,
      `layotto_mesh_host_ejections_total{cluster="x",host="${host}"} 1`,
      `layotto_mesh_host_breaker_state{cluster="x",host="${host}"} 2`,
      `layotto_mesh_host_breaker_opened_total{cluster="x",host="${host}"} 1`,
      'layotto_mesh_route_breaker_state{route="r/*/x"} 2',
      'layotto_mesh_route_breaker_opened_total{route="r/*/x"} 1',
    ]);
    const known = found.filter((line) => line.startsWith("layotto_mesh_host_healthy{"));
    assert.equal(known.length, 1);
  });

  test("counts what never reaches a cluster: no route, answers by configuration", async () => {
    const direct = { type: "direct", status: 204, body: "" } as const;
    const { mesh } = await testMesh(
      [clusterOf("x", ["a:1"])],
      [routeOf("d", { path: "/d" }, { action: direct }), routeOf("x", { path: "/x" })],
    );
    new ScriptedCall(mesh, [], { view: requestOf({ path: "/other" }) }).run();
    new ScriptedCall(mesh, [], { view: requestOf({ path: "/d" }) }).run();
    includes(await lines(mesh), [
      'layotto_mesh_no_route_total{router="r"} 1',
      'layotto_mesh_route_direct_total{route="r/*/d"} 1',
    ]);
  });

  test("counts retries, denied ones, and copies for mirrors", async () => {
    const mirrors = [{ cluster: "copy", percent: 100, amplification: 2 }];
    const { mesh } = await testMesh(
      [clusterOf("x", ["a:1"]), clusterOf("copy", ["m:1"])],
      [routeOf("x", {}, { action: forwardTo("x", { mirrors }) })],
    );
    new ScriptedCall(mesh, [answer(200)]).run();
    const found = await lines(mesh);
    includes(found, ['layotto_mesh_cluster_mirrored_total{cluster="copy"} 2']);
    assert.ok(!found.some((line) => line.includes('calls_total{cluster="copy"')));
  });

  test("tells of listeners, registrations and the management server", async () => {
    const { mesh } = await testMesh([], []);
    const config = {
      registry: "zk",
      service: "shop",
      address: "10.0.0.1:80",
      weight: 100,
      metadata: {},
      parameters: {},
    };
    const types = [
      {
        type: "cluster",
        version: "1",
        resources: 3,
        accepted: 2,
        nacks: 1,
        error: "x",
        missing: [],
      },
    ];
    const all = await observed(
      mesh,
      [listenerOf({ address: "127.0.0.1:0" }), listenerOf({ name: "inner" })],
      {
        // prettier-ignore
        registrations: [{ config, state: "failed", reason: "refused" }],
        xds: { connected: true, server: "s", problem: undefined, types, waiting: [] },
      },
    );
    const found = linesOf(meshFamilies(all));
    includes(found, [
      'layotto_mesh_listener_connections{listener="in"} 0',
      'layotto_mesh_listener_refused_total{listener="in"} 0',
      'layotto_mesh_listener_malformed_total{listener="in"} 0',
      'layotto_mesh_registered{service="shop",registry="zk"} 0',
      "layotto_mesh_xds_connected 1",
      'layotto_mesh_xds_resources{type="cluster"} 3',
      'layotto_mesh_xds_accepted_total{type="cluster"} 2',
      'layotto_mesh_xds_nacks_total{type="cluster"} 1',
    ]);
  });
});
