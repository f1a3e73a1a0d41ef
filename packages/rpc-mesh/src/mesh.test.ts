import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { clusterOf, testMesh } from "./call/testing/scripted-call.ts";
import { routeOf, routerOf } from "./testing/routing.ts";

const hosts = ["a:1"];
const many = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    clusterOf(
      `${prefix}${i}`,
      Array.from({ length: 200 }, (_x, host) => `10.0.${i % 250}.${host + 1}:80`),
    ),
  );

describe("Mesh.apply", () => {
  test("ends with what was applied last, clusters and routes alike", async () => {
    const { mesh } = await testMesh([clusterOf("old", hosts)], [routeOf("old")]);
    const first = mesh.apply([...many("a", 200), clusterOf("first", hosts)], [routerOf([routeOf("first")])]); // prettier-ignore
    const second = mesh.apply([...many("b", 200), clusterOf("second", hosts)], [routerOf([routeOf("second")])]); // prettier-ignore
    await first;
    await second;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const names = [...mesh.clusters.all()].map(({ name }) => name);
    assert.equal(names.length, 201);
    assert.ok(names.every((name) => name === "second" || name.startsWith("b")));
    assert.deepEqual(
      mesh.routers.get("r")?.routes.map(({ name }) => name),
      ["second"],
    );
    mesh.close();
  });

  test("never routes to a cluster that is not there", async () => {
    const { mesh } = await testMesh([clusterOf("c0", hosts)], [routeOf("c0")]);
    let applied = Promise.resolve();
    for (let round = 1; round <= 20; round++) {
      const name = `c${round}`;
      applied = mesh.apply([...many(`x${round}-`, 20), clusterOf(name, hosts)], [routerOf([routeOf(name)])]); // prettier-ignore
      for (let look = 0; look < 3; look++) {
        const route = mesh.routers.get("r")?.routes[0];
        assert.ok(route?.action.type === "forward");
        assert.ok(mesh.clusters.get(route.action.cluster ?? ""), `${route.action.cluster}`);
        if (round % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await applied;
    assert.deepEqual(
      mesh.routers.get("r")?.routes.map(({ name }) => name),
      ["c20"],
    );
    mesh.close();
  });

  test("begins health checks before the first call", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const healthCheck = { type: "tcp", intervalMs: 10, timeoutMs: 500, healthyThreshold: 1, unhealthyThreshold: 1, path: "/", method: "GET", codes: [[200, 200]], service: "" } as const; // prettier-ignore
    const checked = once(server, "connection", { signal: AbortSignal.timeout(20_000) });
    const { mesh, clock } = await testMesh([clusterOf("x", [`127.0.0.1:${port}`], { healthCheck })], []); // prettier-ignore
    await clock.advance(20);
    await checked;
    mesh.close();
    server.close();
  });
});
