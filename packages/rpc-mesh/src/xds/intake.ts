import type { DiscoveryResponse } from "@layotto/proto/envoy/service/discovery/v3/discovery";
import type { MeshClock } from "../clock.ts";
import type { HostsListener } from "../component.ts";
import { Channel, type ChannelTools } from "./channel.ts";
import { EndpointWatches } from "./endpoint-watches.ts";
import { clusterKind, endpointKind, listenerKind, routeKind } from "./kinds.ts";
import type { ReadOutcome } from "./resource-set.ts";
import type { Rollout } from "./rollout.ts";
import { Slices } from "./slices.ts";

/** Options of {@link Intake}. */
export interface IntakeOptions extends ChannelTools {
  readonly clock: MeshClock;
  readonly rollout: Rollout;
  /** Route configurations to ask for whatever listeners the server has. */
  readonly routes: readonly string[];
  /** What is asked for has changed. */
  readonly wantsOther: () => void;
}

/** Knows what resources depend on which: takes responses in, hands them on, and asks for what they name. */
export class Intake {
  readonly clusters: Channel<Awaited<ReturnType<typeof clusterKind.read>>>;
  readonly endpoints: Channel<Awaited<ReturnType<typeof endpointKind.read>>>;
  readonly listeners: Channel<Awaited<ReturnType<typeof listenerKind.read>>>;
  readonly routes: Channel<Awaited<ReturnType<typeof routeKind.read>>>;
  private readonly options: IntakeOptions;
  private readonly watches = new EndpointWatches(() => this.wantEndpoints());

  constructor(options: IntakeOptions) {
    this.options = options;
    this.clusters = new Channel(clusterKind, options);
    this.endpoints = new Channel(endpointKind, options);
    this.listeners = new Channel(listenerKind, options);
    this.routes = new Channel(routeKind, options);
    this.routes.want(new Set(options.routes), options.clock.now());
  }

  /** In the order in which they are asked for. */
  get channels(): readonly Channel<unknown>[] {
    return [this.clusters, this.endpoints, this.listeners, this.routes] as Channel<unknown>[]; // only read from
  }

  /** Follows the hosts of a service. @returns how to stop */
  watchEndpoints(service: string, listener: HostsListener): () => void {
    const hosts = this.endpoints.set.get(service);
    const stop = this.watches.add(service, listener);
    if (hosts !== undefined) listener(hosts);
    return stop;
  }

  /** Takes over what is good in a response and puts it into effect. */
  async accept(response: DiscoveryResponse): Promise<ReadOutcome> {
    const outcome = await this.read(response);
    await this.options.rollout.settle();
    return outcome;
  }

  private async read(response: DiscoveryResponse): Promise<ReadOutcome> {
    const { rollout } = this.options;
    switch (response.typeUrl) {
      case clusterKind.typeUrl: {
        const outcome = await this.clusters.read(response);
        rollout.setClusters(this.clusters.set.entries());
        this.wantEndpoints();
        return outcome;
      }
      case endpointKind.typeUrl:
        return this.readEndpoints(response);
      case listenerKind.typeUrl: {
        const outcome = await this.listeners.read(response);
        rollout.setListeners(this.listeners.set.entries());
        this.wantRoutes();
        return outcome;
      }
      default: {
        const outcome = await this.routes.read(response);
        rollout.setRouters(this.routes.set.entries());
        return outcome;
      }
    }
  }

  private readEndpoints(response: DiscoveryResponse): Promise<ReadOutcome> {
    const slices = new Slices();
    return this.endpoints.read(response, slices, async (service, hosts) => {
      if (!this.watches.has(service)) return;
      // Whoever takes the hosts has a slice of their own.
      await slices.pause();
      this.watches.tell(service, hosts);
    });
  }

  /** Services of the server's clusters, and of others that somebody follows. */
  private wantEndpoints(): void {
    const names = new Set(this.watches.services);
    for (const [, { source }] of this.clusters.set.entries()) {
      if (source.type === "eds") names.add(source.service);
    }
    this.endpoints.want(names, this.options.clock.now());
    this.options.wantsOther();
  }

  private wantRoutes(): void {
    const names = new Set(this.options.routes);
    for (const [, listener] of this.listeners.set.entries()) {
      if (listener !== undefined && listener.inline === undefined)
        names.add(listener.config.router);
    }
    this.routes.want(names, this.options.clock.now());
    this.options.rollout.setRouters(this.routes.set.entries());
    this.options.wantsOther();
  }
}
