import { deferred, defineComponentType, systemClock } from "@layotto/sidecar-kit";
import type { HostsListener, Instance, Registry, ServiceQuery } from "../../component.ts";
import { Outage } from "../../discovery/outage.ts";
import { ChildrenWatch } from "./children-watch.ts";
import { formatNode } from "./dubbo-url.ts";
import { EphemeralNode } from "./ephemeral.ts";
import type { ZookeeperMetadata } from "./metadata.ts";
import { consumerUrl, providerHosts, providerUrl } from "./providers.ts";
import { ZkSession } from "./session.ts";

/** What the component is made of. */
export interface ZookeeperOptions {
  readonly session: ZkSession;
  readonly outage: Outage;
  /** Node below which services are. */
  readonly root: string;
  readonly application: string;
  readonly registerConsumers: boolean;
}

/**
 * Services in Apache Dubbo's registry layout: ephemeral nodes `<root>/<interface>/providers/<URL>`, the URL encoded.
 *
 * Query and instance parameters: `version`, `group`, `protocol`, and any other parameter of the URL.
 */
export class ZookeeperRegistry implements Registry {
  readonly #options: ZookeeperOptions;
  readonly #watches = new Map<string, ChildrenWatch>();
  readonly #nodes = new Set<EphemeralNode>();

  constructor(options: ZookeeperOptions) {
    this.#options = options;
  }

  watch(query: ServiceQuery, listener: HostsListener): () => void {
    const stop = this.#watchOf(query.service).add((names) => listener(providerHosts(names, query)));
    const consumer = this.#options.registerConsumers ? this.#consume(query) : undefined;
    return () => {
      stop();
      void consumer?.then((node) => this.#end(node)).catch(() => {});
    };
  }

  async register(instance: Instance): Promise<() => Promise<void>> {
    const url = providerUrl(instance, this.#options.application, Date.now());
    const node = this.#nodeOf(instance.service, "providers", formatNode(url));
    try {
      await node.begin();
    } catch (error) {
      // It may be there all the same, and the next attempt makes another one.
      void node.end().catch(() => {});
      throw error;
    }
    this.#nodes.add(node);
    return () => this.#end(node);
  }

  async ping(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#options.session.stat("/");
  }

  async close(): Promise<void> {
    for (const watch of this.#watches.values()) watch.stop();
    for (const node of this.#nodes) node.forget();
    await this.#options.session.close();
  }

  #watchOf(service: string): ChildrenWatch {
    const { session, outage } = this.#options;
    const path = this.#pathOf(service, "providers");
    const found = this.#watches.get(path) ?? new ChildrenWatch(session, path, outage);
    this.#watches.set(path, found);
    return found;
  }

  #pathOf(service: string, category: string): string {
    return `${this.#options.root}/${encodeURIComponent(service)}/${category}`;
  }

  #nodeOf(service: string, category: string, name: string): EphemeralNode {
    const { session, outage } = this.#options;
    return new EphemeralNode(session, `${this.#pathOf(service, category)}/${name}`, outage);
  }

  /** For people to see: whoever watches does not depend on it. */
  async #consume(query: ServiceQuery): Promise<EphemeralNode> {
    const url = consumerUrl(query, this.#options.application, Date.now());
    const node = this.#nodeOf(query.service, "consumers", formatNode(url));
    this.#nodes.add(node);
    await node.begin().catch(() => {});
    return node;
  }

  async #end(node: EphemeralNode): Promise<void> {
    if (this.#nodes.delete(node)) await node.end();
  }
}

/** The `zookeeper` component type. */
export const zookeeper = defineComponentType<Registry, ZookeeperMetadata>({
  metadata: () => import("./metadata.ts").then((m) => m.zookeeperMetadata),
  async open(metadata, { appId, logger, signal }) {
    const { zookeeperHosts, username, zookeeperPassword = "", root, registerConsumers } = metadata;
    const outage = new Outage(logger, "ZooKeeper");
    const session = new ZkSession({
      servers: zookeeperHosts.replaceAll(";", ","),
      sessionTimeoutMs: metadata.sessionTimeout,
      callTimeoutMs: metadata.callTimeout,
      auth: username === undefined ? undefined : `${username}:${zookeeperPassword}`,
      outage,
    });
    try {
      const limitMs = Math.max(metadata.callTimeout, metadata.sessionTimeout);
      await firstConnection(session, signal, limitMs);
    } catch (error) {
      await session.close();
      throw error;
    }
    const application = appId === "" ? "layotto" : appId;
    return new ZookeeperRegistry({ session, outage, root, application, registerConsumers });
  },
});

/** Not with AbortSignal.any and timeout: Node 20 may collect them before their time. */
async function firstConnection(
  session: ZkSession,
  signal: AbortSignal,
  limitMs: number,
): Promise<void> {
  const { promise, resolve, reject } = deferred<void>();
  const giveUp = (): void => reject(new Error("Cannot reach ZooKeeper: no server answers"));
  const timer = systemClock.after(limitMs, giveUp);
  signal.addEventListener("abort", giveUp, { once: true });
  const stop = session.onConnected(resolve);
  try {
    await promise;
  } finally {
    stop();
    timer.cancel();
    signal.removeEventListener("abort", giveUp);
  }
}
