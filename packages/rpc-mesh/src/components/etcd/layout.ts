import type { Instance, ServiceQuery } from "../../component.ts";
import { isRecord, parseHost } from "../../discovery/parse-hosts.ts";
import type { HostConfig } from "../../model/host.ts";

/**
 * Where instances are: `<prefix>/<service>/<host:port>`, the service as in a URL. The value is JSON:
 * `{"address":"10.0.0.1:8080","weight":100,"metadata":{"version":"1"},"healthy":true}`, of which only `address` is
 * needed; `zone`, `priority` and `hostname` are understood as well. The parameters of a service (version, group …) are
 * kept as metadata of its instances.
 */
export class EtcdLayout {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix.endsWith("/") ? prefix : `${prefix}/`;
  }

  /** What the keys of all instances of a service begin with. */
  folderOf(service: string): string {
    return `${this.#prefix}${encodeURIComponent(service)}/`;
  }

  keyOf({ service, address }: Instance): string {
    return this.folderOf(service) + address;
  }

  /** What an instance is written as. */
  valueOf({ address, weight, metadata, parameters }: Instance): string {
    const { zone } = metadata;
    return JSON.stringify({
      address,
      weight,
      metadata: { ...parameters, ...metadata },
      healthy: true,
      ...(zone !== undefined && { zone }),
    });
  }

  /**
   * What a value means to a query; undefined when it does not fit.
   *
   * @throws Error when it is no instance
   */
  hostOf(value: string, { parameters }: ServiceQuery): HostConfig | undefined {
    const content: unknown = JSON.parse(value);
    const host = parseHost(isRecord(content) ? known(content) : content);
    const fits = Object.entries(parameters).every(([key, each]) => host.metadata?.[key] === each);
    return fits ? host : undefined;
  }
}

const KEYS = ["address", "hostname", "weight", "zone", "priority", "metadata", "healthy"];

/** Others may write more than is understood here. */
function known(content: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(content).filter(([key]) => KEYS.includes(key)));
}
