/** ZooKeeper in Dubbo's layout: what Dubbo announces is found by the mesh, what the mesh announces by Dubbo. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, freePort, type TestServer } from "@layotto/sidecar-kit/testing";
import { startLayotto } from "../harness/layotto.ts";
import { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import { clusterOf, listenerOn, type Part, routeTo, routerOf } from "./config.ts";
import { GREETER, skipWithoutPeer, startConsumer, startProvider } from "./java-peer.ts";
import { skipWithoutZookeeper, startZookeeper } from "./zookeeper.ts";

const skip = skipWithoutPeer("dubbo") || skipWithoutZookeeper();

describe("services of Dubbo in ZooKeeper", { skip }, () => {
  const scope = new Scope();
  let zookeeper: TestServer;
  before(async () => {
    zookeeper = await startZookeeper(scope);
  });
  after(() => scope.close());

  async function start(mesh: Part): Promise<void> {
    const { address } = zookeeper;
    const metadata = { zookeeperHosts: address, sessionTimeout: "2s" };
    const registries = { zk: { type: "zookeeper", metadata } };
    await untilReady(scope.use(await startLayotto({ config: { registries, mesh } })));
  }

  it("providers that announce themselves are called, those that die are left", async () => {
    const registry = `zookeeper://${zookeeper.address}`;
    const port = await freePort();
    const discovery = { type: "registry", registry: "zk", service: GREETER, parameters: { version: "1.0.0" } }; // prettier-ignore
    await start({
      listeners: [listenerOn("java", port, "dubbo")],
      routers: [routerOf("java", routeTo("greeter"))],
      clusters: [{ name: "greeter", discovery, lb_type: "LB_ROUNDROBIN" }],
    });
    const consumer = scope.use(await startConsumer("dubbo", `dubbo://127.0.0.1:${port}`));
    const isFrom = async (places: string): Promise<boolean> => {
      const found = new Set<string>();
      for (let i = 0; i < 4; i += 1) found.add(/ from (\w+)$/.exec(await consumer.call("greet Eva"))?.[1] ?? "none"); // prettier-ignore
      return [...found].sort().join(" ") === places;
    };
    assert.match(await consumer.call("greet Eva"), /^error org\.apache\.dubbo\.rpc\.RpcException /);
    const north = scope.use(await startProvider("dubbo", "north", registry));
    await eventually("the first provider", () => isFrom("north"), 15_000);
    scope.use(await startProvider("dubbo", "south", registry));
    await eventually("both providers", () => isFrom("north south"), 15_000);
    await north.kill();
    await eventually("the second provider alone", () => isFrom("south"), 15_000);
    const allWell = async (): Promise<boolean> => {
      const burst = await consumer.call("burst 200");
      assert.match(burst, / wrong 0 /);
      return burst === "ok right 200 wrong 0 failed 0";
    };
    // Until its session is over the dead one is listed.
    await eventually("the end of the dead provider", allWell, 15_000);
  });

  it("the service of the app that the mesh announces is found by a Dubbo consumer", async () => {
    const app = scope.use(await startProvider("dubbo", "app", "N/A", "2.0.0"));
    const port = await freePort();
    await start({
      listeners: [listenerOn("ingress", port, "dubbo", { type: "ingress" })],
      routers: [routerOf("ingress", routeTo("app"))],
      clusters: [clusterOf("app", [app.port])],
      registrations: [
        {
          registry: "zk",
          service: GREETER,
          address: `127.0.0.1:${port}`,
          parameters: { version: "2.0.0", protocol: "dubbo", serialization: "hessian2" },
        },
      ],
    });
    const registry = `zookeeper://${zookeeper.address}`;
    const consumer = scope.use(await startConsumer("dubbo", registry, "2.0.0"));
    const finds = async (): Promise<boolean> =>
      (await consumer.call("greet Eva")).startsWith("ok ");
    await eventually("the announced service", finds, 15_000);
    assert.equal(await consumer.call("greet Eva"), "ok Hello Eva from app");
  });
});
