import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { testContext } from "@layotto/sidecar-kit/testing";
import type { ClusterState } from "../../call/cluster-state.ts";
import type { MeshClock } from "../../clock.ts";
import type { FunctionTools } from "../../extension/listener-function.ts";
import type { ProtocolServer } from "../../listener/mesh-listener.ts";
import { ListenerScope } from "../../listener/scope.ts";
import { Mesh } from "../../mesh.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import { defaultCluster } from "../../config/defaults.ts";
import type { ListenerConfig } from "../../model/listener.ts";
import type { RouterConfig } from "../../model/route.ts";
import { listenerOf } from "../../testing/listener.ts";
import { fakeMeshClock } from "../../testing/mesh-clock.ts";
import { routeOf, routerOf } from "../../testing/routing.ts";

/** A static cluster of these addresses. */
export function clusterOf(
  name: string,
  addresses: readonly string[],
  part: Partial<ClusterConfig> = {},
): ClusterConfig {
  const hosts = addresses.map((address) => ({ address }));
  return { ...defaultCluster, name, source: { type: "static", hosts }, ...part };
}

/** A router whose only route leads to the cluster `c`. */
export const everythingToC: RouterConfig = routerOf([routeOf("c")]);

/** A mesh with static clusters, and a listener of one protocol in front of it. */
export class TestMesh {
  readonly mesh: Mesh;
  readonly scope: ListenerScope;
  readonly clock: ReturnType<typeof fakeMeshClock>;
  readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private served: ProtocolServer | undefined;

  private constructor(
    mesh: Mesh,
    clock: ReturnType<typeof fakeMeshClock>,
    listener: ListenerConfig,
    tools: FunctionTools | undefined,
  ) {
    this.mesh = mesh;
    this.clock = clock;
    this.scope = new ListenerScope(mesh, listener, undefined, tools);
    this.server = createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      this.served?.accept(socket, undefined);
    });
  }

  static async create(
    clusters: readonly ClusterConfig[],
    router: RouterConfig = everythingToC,
    listener: Partial<ListenerConfig> = {},
    real?: MeshClock,
    tools?: FunctionTools,
  ): Promise<TestMesh> {
    const clock = fakeMeshClock();
    const { logger } = testContext();
    const mesh = new Mesh({
      clock: real ?? clock,
      random: () => 0.5,
      logger,
      feed: (cluster) => {
        const { source } = cluster.config;
        if (source.type === "static") cluster.setHosts(source.hosts);
        return () => {};
      },
    });
    await mesh.apply(clusters, [router]);
    return new TestMesh(mesh, clock, listenerOf(listener), tools);
  }

  /** Listens for callers of `server` from now on; returns the port. */
  async serve(server: ProtocolServer): Promise<number> {
    this.served = server;
    if (!this.server.listening) {
      this.server.listen(0, "127.0.0.1");
      await once(this.server, "listening");
    }
    return (this.server.address() as AddressInfo).port; // a TCP server
  }

  /** Calls that came so far. */
  get calls(): number {
    return this.sum(({ counters }) => counters.calls);
  }

  /** Attempts of calls that were begun so far. */
  get attempts(): number {
    return this.sum(({ counters }) => counters.attempts);
  }

  /** Further attempts that were decided on so far: each has its timer then. */
  get retries(): number {
    return this.sum(({ counters }) => counters.retries);
  }

  async close(): Promise<void> {
    this.server.close();
    await this.served?.close();
    for (const socket of this.sockets) socket.destroy();
    this.mesh.close();
  }

  private sum(countOf: (state: ClusterState) => number): number {
    return [...this.mesh.clusterStates()].reduce((sum, state) => sum + countOf(state), 0);
  }
}
