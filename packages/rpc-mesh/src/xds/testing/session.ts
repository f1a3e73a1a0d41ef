import type { TestContext } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { type FakeClock, eventually, fakeClock } from "@layotto/sidecar-kit/testing";
import { performance } from "node:perf_hooks";
import type { MeshClock } from "../../clock.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import type { HostConfig } from "../../model/host.ts";
import type { ListenerConfig } from "../../model/listener.ts";
import type { XdsConfig } from "../../model/mesh.ts";
import type { RouterConfig } from "../../model/route.ts";
import { XdsClient, type XdsClientOptions } from "../client.ts";
import { ManagementServer } from "./management-server.ts";

/** What was applied, newest last. */
export interface Applied {
  readonly log: string[];
  clusters: readonly ClusterConfig[];
  routers: readonly RouterConfig[];
  listeners: readonly ListenerConfig[];
  /** By service. */
  readonly hosts: Map<string, readonly HostConfig[]>;
}

/** A client that talks to a server of the test's own, and follows the hosts of its EDS clusters as the mesh does. */
export interface Session {
  readonly server: ManagementServer;
  readonly client: XdsClient;
  readonly applied: Applied;
  readonly clock: FakeClock;
}

/** What a test may want otherwise. */
export interface SessionOptions {
  /** Default: the one that is started here. */
  readonly servers?: readonly string[];
  readonly tls?: XdsConfig["tls"];
  readonly routes?: readonly string[];
  /** Putting clusters into effect takes until this is resolved. */
  readonly clustersApplied?: () => Promise<void>;
}

/** Starts both. */
export async function startSession(
  test: Pick<TestContext, "after">,
  options: SessionOptions = {},
): Promise<Session> {
  const server = await new ManagementServer().start();
  const clock = fakeClock();
  const meshClock: MeshClock = { ...clock, monotonic: () => performance.now() };
  const applied: Applied = { log: [], clusters: [], routers: [], listeners: [], hosts: new Map() };
  const servers = options.servers ?? [server.address];
  const node = { id: "mesh-1", cluster: "shop", zone: "z1", metadata: { VERSION: "1" } };
  const client: XdsClient = new XdsClient({
    config: { servers, node, tls: options.tls },
    logger: silentLogger,
    clock: meshClock,
    routes: options.routes ?? [],
    apply: target(
      applied,
      (service, take) => client.watchEndpoints(service, take),
      options.clustersApplied,
    ),
  });
  test.after(() => {
    client.close();
    server.stop();
  });
  client.start();
  if (options.servers === undefined) await eventually("the stream", () => server.streams > 0);
  return { server, client, applied, clock };
}

type Watch = (service: string, take: (hosts: readonly HostConfig[]) => void) => () => void;

function target(
  applied: Applied,
  watch: Watch,
  clustersApplied: SessionOptions["clustersApplied"],
): XdsClientOptions["apply"] {
  const stops = new Map<string, () => void>();
  const names = (all: readonly { name: string }[]) => all.map(({ name }) => name).join();
  return {
    async clusters(configs) {
      applied.clusters = configs;
      applied.log.push(`clusters ${names(configs)}`);
      const services = configs.flatMap(({ source }) => (source.type === "eds" ? [source.service] : [])); // prettier-ignore
      for (const service of services) {
        if (stops.has(service)) continue;
        stops.set(
          service,
          watch(service, (hosts) => applied.hosts.set(service, hosts)),
        );
      }
      for (const [service, stop] of stops) {
        if (services.includes(service)) continue;
        stop();
        stops.delete(service);
        applied.hosts.delete(service);
      }
      await clustersApplied?.();
    },
    routers(configs) {
      applied.routers = configs;
      applied.log.push(`routers ${names(configs)}`);
    },
    listeners(configs) {
      applied.listeners = configs;
      applied.log.push(`listeners ${names(configs)}`);
    },
  };
}
