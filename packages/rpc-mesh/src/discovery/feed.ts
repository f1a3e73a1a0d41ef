import type { ComponentSet, Logger } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { HostsListener, Registry } from "../component.ts";
import type { ClusterConfig, HostSource } from "../model/cluster.ts";
import type { HostConfig } from "../model/host.ts";
import { dnsSource } from "./dns.ts";
import { fileSource } from "./file.ts";
import { registrySource } from "./registry.ts";
import type { SourceContext, StopSource } from "./source.ts";

/** A cluster as discovery sees it. */
export interface FedCluster {
  readonly name: string;
  readonly config: ClusterConfig;
  setHosts(hosts: readonly HostConfig[]): void;
}

/** What discovery needs of the section `registries`. */
export type Registries = Pick<ComponentSet<Registry>, "find" | "has" | "onChange">;

/** Options of {@link createFeed}. */
export interface FeedOptions {
  readonly registries: Registries;
  /** Follows a service of the xDS server. Returns how to stop. */
  readonly eds?: ((service: string, listener: HostsListener) => () => void) | undefined;
  readonly clock: MeshClock;
  readonly logger: Logger;
}

/**
 * Keeps clusters supplied with hosts, each from the source in its configuration. Whatever happens to a source, a cluster
 * keeps the hosts that it has; an answer without hosts counts only when `keepOnEmpty` is off, or when it is the first.
 *
 * @returns starts the supply of one cluster and returns how to stop it
 */
export function createFeed(options: FeedOptions): (cluster: FedCluster) => () => void {
  return (cluster) => {
    const { source } = cluster.config;
    if (source.type === "static") {
      cluster.setHosts(unique(source.hosts));
      return () => {};
    }
    const logger = options.logger.child("discovery", { cluster: cluster.name });
    const delivery = new Delivery(cluster, logger);
    const listener: HostsListener = (hosts) => delivery.deliver(hosts);
    const stop = startSource(source, options, { clock: options.clock, logger, listener });
    return () => {
      delivery.end();
      stop();
    };
  };
}

function startSource(
  source: Exclude<HostSource, { type: "static" }>,
  { registries, eds }: FeedOptions,
  context: SourceContext,
): StopSource {
  switch (source.type) {
    case "file":
      return fileSource(source.path, context);
    case "dns":
      return dnsSource(source, context);
    case "registry":
      return registrySource(source, registries, context);
    case "eds":
      if (eds !== undefined) return eds(source.service, context.listener);
      context.logger.error({ service: source.service }, "no xDS server is configured: no hosts");
      return () => {};
  }
}

/** The way into one cluster: drops repetitions and protects against empty answers. */
class Delivery {
  readonly #cluster: FedCluster;
  readonly #logger: Logger;
  #last: string | undefined;
  #hadHosts = false;
  #keeping = false;
  #ended = false;

  constructor(cluster: FedCluster, logger: Logger) {
    this.#cluster = cluster;
    this.#logger = logger;
  }

  deliver(reported: readonly HostConfig[]): void {
    if (this.#ended || this.#isKept(reported)) return;
    const hosts = unique(reported).sort((a, b) => compare(a.address, b.address));
    const text = JSON.stringify(hosts);
    // Registries repeat themselves, and DNS in another order each time: no reason to build tables anew.
    if (text === this.#last) return;
    this.#hadHosts = hosts.length > 0;
    this.#logger.debug({ hosts: hosts.length }, "hosts changed");
    try {
      this.#cluster.setHosts(hosts);
      this.#last = text;
    } catch (err) {
      // Client libraries must not be told: some end the process.
      this.#logger.error({ err }, "cannot take over hosts");
    }
  }

  end(): void {
    this.#ended = true;
  }

  #isKept(reported: readonly HostConfig[]): boolean {
    const isEmpty = reported.length === 0;
    const keeps = isEmpty && this.#hadHosts && this.#cluster.config.keepOnEmpty;
    if (keeps && !this.#keeping) {
      this.#logger.warn("all hosts are gone from the source, keeping the last ones");
    }
    if (!isEmpty && this.#keeping) this.#logger.info("the source has hosts again");
    this.#keeping = keeps;
    return keeps;
  }
}

/** The first of each address. */
function unique(hosts: readonly HostConfig[]): HostConfig[] {
  const byAddress = new Map<string, HostConfig>();
  for (const host of hosts) if (!byAddress.has(host.address)) byAddress.set(host.address, host);
  return [...byAddress.values()];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
