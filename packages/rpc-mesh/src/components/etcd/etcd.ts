import { defineComponentType, type Logger } from "@layotto/sidecar-kit";
import type { Etcd3 } from "etcd3";
import type { HostsListener, Instance, Registry, ServiceQuery } from "../../component.ts";
import { Outage } from "../../discovery/outage.ts";
import { Announcement } from "./announcement.ts";
import { createClient } from "./connect.ts";
import { EtcdLayout } from "./layout.ts";
import type { EtcdMetadata } from "./metadata.ts";
import { ServiceWatch } from "./service-watch.ts";

/** What the parts of the component share. */
export interface EtcdScene {
  readonly layout: EtcdLayout;
  readonly outage: Outage;
  readonly logger: Logger;
  readonly leaseSeconds: number;
}

/** Services as keys of etcd; see {@link EtcdLayout}. */
export class EtcdRegistry implements Registry {
  readonly #client: Etcd3;
  readonly #scene: EtcdScene;
  readonly #watches = new Set<ServiceWatch>();
  readonly #announcements = new Set<Announcement>();

  constructor(client: Etcd3, scene: EtcdScene) {
    this.#client = client;
    this.#scene = scene;
  }

  watch(query: ServiceQuery, listener: HostsListener): () => void {
    const watch = new ServiceWatch(this.#client, this.#scene, query, listener);
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
      watch.stop();
    };
  }

  async register(instance: Instance): Promise<() => Promise<void>> {
    const announcement = new Announcement(this.#client, this.#scene, instance);
    await announcement.begin();
    this.#announcements.add(announcement);
    return async () => {
      if (this.#announcements.delete(announcement)) await announcement.end();
    };
  }

  async ping(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#client.get(this.#scene.layout.folderOf("")).exec();
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.stop();
    this.#watches.clear();
    const ends = [...this.#announcements].map((each) => each.end());
    this.#announcements.clear();
    await Promise.allSettled(ends);
    this.#client.close();
  }
}

/** The `etcd` component type. */
export const etcd = defineComponentType<Registry, EtcdMetadata>({
  metadata: () => import("./metadata.ts").then((m) => m.etcdMetadata),
  async open(metadata, { logger, signal }) {
    const { keyPrefixPath, leaseSeconds } = metadata;
    const layout = new EtcdLayout(keyPrefixPath);
    const scene = { layout, outage: new Outage(logger, "etcd"), logger, leaseSeconds };
    const registry = new EtcdRegistry(await createClient(metadata), scene);
    try {
      await registry.ping(signal);
    } catch (error) {
      await registry.close();
      throw error;
    }
    return registry;
  },
});
