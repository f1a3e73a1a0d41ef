import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { defaultLimits, type Http1Limits } from "@layotto/http1";
import { rawClient, type RawPeer } from "@layotto/http1/testing";
import { clusterOf } from "../../call/testing/scripted-call.ts";
import { meshClock, type MeshClock } from "../../clock.ts";
import type { FunctionTools } from "../../extension/listener-function.ts";
import { ListenerScope } from "../../listener/scope.ts";
import { Mesh } from "../../mesh.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import type { ListenerConfig } from "../../model/listener.ts";
import type { ForwardAction, RouteConfig } from "../../model/route.ts";
import { listenerOf } from "../../testing/listener.ts";
import { forwardTo, routeOf, routerOf } from "../../testing/routing.ts";
import { seededRandom } from "../../testing/seeded-random.ts";
import { Http1Server } from "../http1-server.ts";

/** What differs from a proxy that sends everything to one host. */
export interface ProxyOptions {
  routes?: readonly RouteConfig[];
  clusters?: readonly ClusterConfig[];
  cluster?: Partial<ClusterConfig>;
  action?: Partial<ForwardAction>;
  route?: Partial<RouteConfig>;
  listener?: Partial<ListenerConfig>;
  limits?: Partial<Http1Limits>;
  clock?: MeshClock;
  /** What functions of the listener are run with. */
  tools?: FunctionTools;
}

/** A proxy on a free port. */
export interface TestProxy {
  readonly port: number;
  readonly mesh: Mesh;
  readonly server: Http1Server;
  /** Octets that came from callers so far. */
  received(): number;
  /** Serves a socket that a listener of the test's own has accepted. */
  accept(socket: Socket): void;
  client(): Promise<RawPeer>;
}

/** Starts a proxy whose route `all` leads to these hosts. */
export async function startProxy(
  test: TestContext,
  hosts: readonly string[],
  options: ProxyOptions = {},
): Promise<TestProxy> {
  const { action, route, clock = meshClock } = options;
  const mesh = new Mesh({
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    feed: (cluster) => {
      const { source } = cluster.config;
      if (source.type === "static") cluster.setHosts(source.hosts);
      return () => {};
    },
  });
  const all = routeOf("all", { prefix: "/" }, { action: forwardTo("all", action), ...route });
  const clusters = options.clusters ?? [clusterOf("all", hosts, options.cluster)];
  await mesh.apply(clusters, [routerOf(options.routes ?? [all])]);
  const scope = new ListenerScope(mesh, listenerOf(options.listener), undefined, options.tools);
  const server = new Http1Server(scope, { ...defaultLimits, ...options.limits });
  const sockets: Socket[] = [];
  const accept = (socket: Socket): void => {
    sockets.push(socket);
    server.accept(socket);
  };
  const listener = createServer(accept);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  test.after(async () => {
    listener.close();
    await server.close();
    for (const cluster of mesh.clusters.all()) for (const host of cluster.hosts) host.close();
    mesh.clusters.close();
  });
  const { port } = listener.address() as AddressInfo; // a TCP server that listens has one
  const received = (): number => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  return { port, mesh, server, received, accept, client: () => rawClient(test, port) };
}
