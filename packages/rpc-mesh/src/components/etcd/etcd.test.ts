import { registryConformance, type RegistryHarness } from "../../conformance.ts";
import { loggedContext } from "../testing/logged-context.ts";
import { etcd } from "./etcd.ts";
import { etcdMetadata } from "./metadata.ts";
import { etcdServer, withoutEtcd } from "./testing/server.ts";

async function start(): Promise<RegistryHarness> {
  const server = await etcdServer();
  const { context, logged } = loggedContext();
  const metadata = etcdMetadata.parse({ endpoints: server.address, leaseSeconds: 3 });
  return {
    open: () => etcd.open(metadata, context),
    kill: () => server.kill(),
    restart: () => server.restart(),
    logged,
    close: () => server.end(),
  };
}

registryConformance("etcd", start, {
  skip: withoutEtcd,
  metadata: true,
  parameter: ["version", "1.0", "2.0"],
});
