import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { meshClock } from "../clock.ts";
import { createFeed } from "../discovery/feed.ts";
import { Listeners } from "../listener/listeners.ts";
import { Mesh } from "../mesh.ts";
import { MeshSources } from "../sources.ts";
import { listenerOf } from "../testing/listener.ts";
import { XdsClient } from "./client.ts";
import { clusterKind, endpointKind, routeKind } from "./kinds.ts";
import { ManagementServer } from "./testing/management-server.ts";
import { assignment, cluster, endpoint, routesTo } from "./testing/resources.ts";

const [cds, eds, rds] = [clusterKind.typeUrl, endpointKind.typeUrl, routeKind.typeUrl];

/** An HTTP server that says its name. */
async function upstream(test: TestContext, name: string): Promise<number> {
  const server = createServer((_, response) => response.end(name));
  await once(server.listen(0, "127.0.0.1"), "listening");
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port; // it listens on TCP
}

/** A whole mesh with one listener, whose routes and clusters all come from the server. */
async function startMesh(test: TestContext, server: ManagementServer): Promise<number> {
  const registries = { find: () => undefined, has: () => false, onChange: () => () => {} };
  const eds: XdsClient["watchEndpoints"] = (name, take) => client.watchEndpoints(name, take);
  const feed = createFeed({ registries, eds, clock: meshClock, logger: silentLogger });
  const mesh = new Mesh({ clock: meshClock, random: Math.random, logger: silentLogger, feed });
  const sources = new MeshSources(mesh);
  const client = new XdsClient({
    config: { servers: [server.address], node: { id: "m", cluster: "c", metadata: {} } },
    logger: silentLogger,
    clock: meshClock,
    routes: ["main"],
    apply: {
      clusters: (all) => sources.setRemoteClusters(all),
      routers: (all) => sources.setRemoteRouters(all),
      isReady: (name) => mesh.clusters.get(name)?.ready ?? true,
    },
  });
  const config = listenerOf({ address: "127.0.0.1:0", protocol: "http1", router: "main" });
  const inherited = () => undefined;
  const listeners = await Listeners.create({ mesh, configs: [config], logger: silentLogger, inherited }); // prettier-ignore
  await listeners.open();
  client.start();
  test.after(async () => {
    client.close();
    await listeners.close();
    mesh.clusters.close();
  });
  return listeners.port(config.name) ?? assert.fail();
}

test("calls go on without a fault while a server moves them to another cluster in the wrong order", async (t) => {
  const server = await new ManagementServer().start();
  t.after(() => server.stop());
  const [blue, green] = [await upstream(t, "blue"), await upstream(t, "green")];
  const port = await startMesh(t, server);
  await server.next(cds);
  await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("blue")] });
  const hostsOf = (name: string, at: number) => [assignment(name, [endpoint("127.0.0.1", at)])];
  await server.exchange({ typeUrl: eds, version: "1", resources: hostsOf("blue", blue) });
  await server.exchange({ typeUrl: rds, version: "1", resources: [routesTo("main", "blue")] });

  const answers: string[] = [];
  let running = true;
  const caller = async (): Promise<void> => {
    while (running) {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      const text = await response.text();
      answers.push(response.ok ? text : `${response.status} ${text}`);
    }
  };
  const callers = [caller(), caller(), caller()];
  const more = (count: number) => {
    const start = answers.length;
    return eventually("calls", () => answers.length > start + count);
  };
  await more(50);

  // The old cluster is gone, routes lead to the new one, and nobody knows yet where that is.
  await server.exchange({ typeUrl: cds, version: "2", resources: [cluster("green")] });
  await server.exchange({ typeUrl: rds, version: "2", resources: [routesTo("main", "green")] });
  await more(50);
  assert.equal(answers.at(-1), "blue");
  await server.exchange({ typeUrl: eds, version: "2", resources: hostsOf("green", green) });
  await eventually("the switch", () => answers.at(-1) === "green");
  // A server that goes away changes nothing.
  server.stop();
  await more(50);
  running = false;
  await Promise.all(callers);
  const wrong = answers.filter((answer) => answer !== "blue" && answer !== "green");
  assert.deepEqual(wrong, []);
  assert.equal(answers.lastIndexOf("blue") < answers.length - 50, true);
});
