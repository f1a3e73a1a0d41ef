import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOf, testMesh } from "./call/testing/scripted-call.ts";
import { MeshSources } from "./sources.ts";
import { routeOf, routerOf } from "./testing/routing.ts";

test("MeshSources keeps what file and management server say apart, also when both speak at once", async () => {
  const { mesh } = await testMesh([], []);
  const sources = new MeshSources(mesh);
  const many = Array.from({ length: 100 }, (_, i) => {
    return clusterOf(
      `f${i}`,
      Array.from({ length: 200 }, (_x, host) => `10.0.${i}.${host}:80`),
    );
  });
  const router = (name: string, cluster: string) => routerOf([routeOf(cluster)], { name });
  const all = [
    sources.setFile([...many, clusterOf("both", ["file:1"])], [router("file", "f0"), router("r", "both")]), // prettier-ignore
    sources.setRemoteClusters([clusterOf("remote", ["r:1"]), clusterOf("both", ["remote:1"])]),
    sources.setRemoteRouters([router("xds", "remote"), router("r", "remote")]),
  ];
  await Promise.all(all);
  assert.equal([...mesh.clusters.all()].length, 102);
  const { source } = mesh.clusters.get("both")?.config ?? {};
  assert.deepEqual(source, { type: "static", hosts: [{ address: "file:1" }] });
  assert.deepEqual([...mesh.routers.all()].map(({ name }) => name).toSorted(), [
    "file",
    "r",
    "xds",
  ]);
  assert.equal(mesh.routers.get("r")?.routes[0]?.name, "both");
  await Promise.all([sources.setRemoteRouters([]), sources.setRemoteClusters([])]);
  assert.equal(mesh.clusters.get("remote"), undefined);
  assert.equal(mesh.routers.get("xds"), undefined);
  assert.equal([...mesh.clusters.all()].length, 101);
  mesh.close();
});
