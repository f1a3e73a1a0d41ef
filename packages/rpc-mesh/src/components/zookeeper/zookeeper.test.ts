import { registryConformance, type RegistryHarness } from "../../conformance.ts";
import { loggedContext } from "../testing/logged-context.ts";
import { zookeeperMetadata } from "./metadata.ts";
import { withoutZookeeper, zookeeperServer } from "./testing/server.ts";
import { zookeeper } from "./zookeeper.ts";

async function start(): Promise<RegistryHarness> {
  const server = await zookeeperServer();
  const { context, logged } = loggedContext();
  const metadata = zookeeperMetadata.parse({
    zookeeperHosts: server.address,
    sessionTimeout: "4s",
    callTimeout: "20s",
  });
  return {
    open: () => zookeeper.open(metadata, context),
    kill: () => server.kill(),
    restart: () => server.restart(),
    logged,
    close: () => server.end(),
  };
}

registryConformance("zookeeper", start, {
  skip: withoutZookeeper,
  metadata: true,
  parameter: ["version", "1.0.0", "2.0.0"],
});
