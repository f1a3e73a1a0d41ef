/** What operators see of the mesh, on real processes: metrics, page, command and access log while a host is down. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { eventually, freePort, freeze } from "@layotto/sidecar-kit/testing";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { Scope } from "./harness/scope.ts";
import { untilReady } from "./harness/wait.ts";
import { clusterOf, listenerOn, routeTo, routerOf } from "./mesh/config.ts";
import { HttpClient } from "./mesh/http-client.ts";

const calls = 30;
const ejection = {
  consecutive_5xx: 2,
  consecutive_gateway_failure: 2,
  base_ejection_time: "60s",
  max_ejection_percent: 50,
};
const retry_policy = {
  retry_on: "connect-failure",
  num_retries: 2,
  back_off: { base: "1ms", max: "2ms" },
};

/** The parts of the page that this test looks at. */
interface Page {
  routes: { route: string; to: string; calls: { total: number } }[];
  clusters: {
    name: string;
    calls: { total: number; success: number; retries: number; p99Ms: number };
    hosts: { address: string; healthy: boolean; why: string; backInMs?: number }[];
  }[];
}

describe("the mesh for operators", () => {
  const scope = new Scope();
  let running: Layotto;
  let client: HttpClient;
  let down = "";

  /** A host that answers every call. */
  async function host(): Promise<number> {
    const server = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
    await once(server, "listening");
    scope.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    return (server.address() as AddressInfo).port; // it listens on TCP
  }

  before(async () => {
    const [one, two, nobody, front] = [await host(), await host(), await freePort(), await freePort()]; // prettier-ignore
    down = `127.0.0.1:${nobody}`;
    const mesh = {
      listeners: [listenerOn("front", front, "http1", { access_log: true })],
      routers: [routerOf("front", routeTo("web", { timeout: "3s", retry_policy }))],
      clusters: [clusterOf("web", [one, two, nobody], { outlier_detection: ejection })],
    };
    running = scope.use(await startLayotto({ config: { mesh } }));
    await untilReady(running);
    client = scope.use(new HttpClient(front));
    for (let i = 0; i < calls; i += 1) {
      const { status } = await client.send("GET", `/calls/${i}?secret=1`);
      assert.equal(status, 200);
    }
  });
  after(() => scope.close());

  const actuator = (name: string) => fetch(`${running.actuator}/actuator/${name}`);

  it("/actuator/metrics has calls, latency, health and ejections", async () => {
    const text = await (await actuator("metrics")).text();
    const value = (name: string, labels: string): number => {
      const row = text
        .split("\n")
        .find((line) => line.startsWith(`${name}{`) && line.includes(labels));
      assert.ok(row, `${name} with ${labels}`);
      return Number(row.slice(row.lastIndexOf(" ")));
    };
    const ofCluster = 'cluster="web"';
    assert.equal(value("layotto_mesh_cluster_calls_total", ofCluster), calls);
    assert.equal(
      value("layotto_mesh_cluster_answers_total", `${ofCluster},grade="success"`),
      calls,
    );
    assert.equal(value("layotto_mesh_cluster_latency_seconds_count", ofCluster), calls);
    assert.equal(value("layotto_mesh_route_calls_total", "route="), calls);
    assert.equal(value("layotto_mesh_cluster_retries_total", ofCluster), 2);
    assert.equal(value("layotto_mesh_cluster_hosts", ofCluster), 3);
    assert.equal(value("layotto_mesh_cluster_healthy_hosts", ofCluster), 2);
    assert.equal(value("layotto_mesh_host_healthy", `host="${down}"`), 0);
    assert.equal(value("layotto_mesh_host_ejections_total", `host="${down}"`), 1);
    assert.ok(value("layotto_mesh_cluster_retry_budget", ofCluster) > 0);
  });

  it("/actuator/mesh says which host is out, why, and when it comes back", async () => {
    const response = await actuator("mesh");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    const { routes, clusters } = (await response.json()) as Page;
    assert.deepEqual(routes.map(({ to, calls: { total } }) => [to, total]), [["web", calls]]); // prettier-ignore
    const [cluster] = clusters;
    assert.deepEqual([cluster?.name, cluster?.calls.success], ["web", calls]);
    assert.ok((cluster?.calls.p99Ms ?? 0) > 0);
    const out = cluster?.hosts.filter(({ healthy }) => !healthy);
    assert.deepEqual(out?.map(({ address }) => address), [down]); // prettier-ignore
    assert.equal(out?.[0]?.why, "ejected as an outlier: 2 failures in a row");
    const left = out?.[0]?.backInMs ?? 0;
    assert.ok(left > 0 && left <= 60_000, `back in ${left} ms`);
    assert.equal((await actuator("nothing")).status, 404);
  });

  it("layotto mesh shows it as tables", async () => {
    const { code, stdout, stderr } = await running.command("mesh");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^front +egress +127\.0\.0\.1:\d+ +http1 +front +1 +0 +0$/m);
    assert.match(stdout, /^web +static +least_request +2\/3 +\d+ +- +30 +0 +0 +2 +\S+ ms +\S+ ms +0$/m); // prettier-ignore
    const hostRows = stdout.split("\n").filter((line) => /^web +127/.test(line));
    assert.equal(hostRows.length, 1, "only the host that is out");
    assert.match(
      hostRows[0] ?? "",
      /out .*ejected as an outlier: 2 failures in a row, back in \d+s$/,
    );
    const { stdout: hosts } = await running.command("mesh", "hosts", "web");
    assert.equal(hosts.split("\n").filter((line) => line.startsWith("web")).length, 3);
    const { stdout: json } = await running.command("mesh", "hosts", down, "--json");
    const report = JSON.parse(json) as { hosts: { process: string; healthy: boolean }[] };
    assert.deepEqual(report.hosts.map(({ process, healthy }) => [process, healthy]), [["mesh", false]]); // prettier-ignore
  });

  it("layotto mesh names what is there when asked for something else", async () => {
    const { code, stdout, stderr } = await running.command("mesh", "clusters", "db");
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Cannot show clusters "db": there are web\n/);
  });

  it("the listener's access log has a line per call", async () => {
    const lines = () => running.output().match(/\{.*"logger":"access".*\}/g) ?? [];
    await eventually("all lines", () => lines().length === calls);
    const last = JSON.parse(lines().at(-1) ?? "") as Record<string, unknown>;
    const { listener, cluster, status, attempts, path } = last;
    assert.deepEqual(
      [listener, cluster, status, attempts, path],
      ["front", "web", 200, 1, `/calls/${calls - 1}`],
    );
  });

  it("/actuator/mesh is 503 with the reason while the process does not answer", async () => {
    const pid = await running.pidOf("mesh");
    await freeze(pid);
    try {
      const response = await actuator("mesh");
      assert.equal(response.status, 503);
      const { error } = (await response.json()) as { error: string };
      assert.match(
        error,
        /^Cannot show "mesh": the process mesh does not answer: .*layotto status/,
      );
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await eventually("it answers again", async () => (await actuator("mesh")).status === 200);
  });
});
