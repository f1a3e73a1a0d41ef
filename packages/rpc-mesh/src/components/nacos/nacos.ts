import { defineComponentType } from "@layotto/sidecar-kit";
import type { HostsListener, Instance, Registry, ServiceQuery } from "../../component.ts";
import { Outage } from "../../discovery/outage.ts";
import { NacosV1, NacosV3, type NacosApi } from "./api.ts";
import { DetectingApi } from "./detecting-api.ts";
import { hostsOf, instanceOf, serviceOf } from "./hosts.ts";
import { NacosHttp } from "./http.ts";
import type { NacosMetadata } from "./metadata.ts";
import { Polling } from "./polling.ts";

/** What the server wants when it says nothing. */
const DEFAULT_INTERVAL_MS = 5000;
/** However long the server would have its answers kept. */
const MAX_INTERVAL_MS = 10_000;

/** What the component is made of. */
export interface NacosOptions {
  readonly http: NacosHttp;
  readonly api: NacosApi;
  readonly metadata: NacosMetadata;
  readonly outage: Outage;
}

/**
 * Services of Nacos over its HTTP API. Services are looked at again and again (the API cannot push), instances are kept
 * alive by heart-beats.
 *
 * Parameters of queries and instances: `group`, `namespace`, `cluster`; others are metadata that must be equal.
 */
export class NacosRegistry implements Registry {
  readonly #options: NacosOptions;
  readonly #watches = new Set<Polling>();
  readonly #deregisters = new Set<() => Promise<void>>();

  constructor(options: NacosOptions) {
    this.#options = options;
  }

  watch(query: ServiceQuery, listener: HostsListener): () => void {
    const { api, metadata, outage } = this.#options;
    const service = serviceOf(query, metadata);
    let last: string | undefined;
    const polling = new Polling(async () => {
      const { instances, cacheMs = DEFAULT_INTERVAL_MS } = await api.list(service);
      const hosts = hostsOf(instances, query);
      const text = JSON.stringify(hosts);
      if (text !== last && this.#watches.has(polling)) listener(hosts);
      last = text;
      return metadata.pollInterval ?? Math.min(MAX_INTERVAL_MS, cacheMs);
    }, outage);
    this.#watches.add(polling);
    polling.start();
    return () => {
      this.#watches.delete(polling);
      void polling.stop();
    };
  }

  async register(instance: Instance): Promise<() => Promise<void>> {
    const { api, metadata, outage } = this.#options;
    const announced = instanceOf(instance, metadata);
    await api.register(announced);
    const beats = new Polling(async () => {
      const { isKnown, intervalMs = DEFAULT_INTERVAL_MS } = await api.beat(announced);
      if (!isKnown) await api.register(announced);
      return metadata.beatInterval ?? intervalMs;
    }, outage);
    beats.start(metadata.beatInterval ?? DEFAULT_INTERVAL_MS);
    const deregister = async (): Promise<void> => {
      if (!this.#deregisters.delete(deregister)) return;
      // A heart-beat on its way could bring the instance back.
      await beats.stop();
      await api.deregister(announced);
    };
    this.#deregisters.add(deregister);
    return deregister;
  }

  async ping(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { api, metadata } = this.#options;
    await api.list(serviceOf({ service: "layotto", parameters: {} }, metadata));
  }

  async close(): Promise<void> {
    for (const polling of this.#watches) void polling.stop();
    this.#watches.clear();
    await Promise.allSettled([...this.#deregisters].map((deregister) => deregister()));
    await this.#options.http.close();
  }
}

/** The `nacos` component type. */
export const nacos = defineComponentType<Registry, NacosMetadata>({
  metadata: () => import("./metadata.ts").then((m) => m.nacosMetadata),
  async open(metadata, { logger, signal }) {
    const http = await NacosHttp.create(metadata);
    const api = apiOf(metadata, http);
    const registry = new NacosRegistry({
      http,
      api,
      metadata,
      outage: new Outage(logger, "Nacos"),
    });
    try {
      await registry.ping(signal);
    } catch (error) {
      await registry.close();
      throw error;
    }
    return registry;
  },
});

function apiOf({ apiVersion }: NacosMetadata, http: NacosHttp): NacosApi {
  switch (apiVersion) {
    case "v1":
      return new NacosV1(http);
    case "v3":
      return new NacosV3(http);
    case "auto":
      return new DetectingApi(http);
  }
}
