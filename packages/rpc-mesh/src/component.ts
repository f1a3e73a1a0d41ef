import type { Component } from "@layotto/sidecar-kit";
import type { HostConfig } from "./model/host.ts";

/** What is looked for: names in the registry's own words. */
export interface ServiceQuery {
  readonly service: string;
  /** E.g. `version`, `group`, `namespace`, `protocol`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A service instance that is announced. */
export interface Instance extends ServiceQuery {
  /** `host:port` at which others reach it. */
  readonly address: string;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Gets hosts: the complete set each time, first as soon as it is known. */
export type HostsListener = (hosts: readonly HostConfig[]) => void;

/** A registry of services: what a component of the section `registries` does. */
export interface Registry extends Component {
  /**
   * Follows a service. The listener gets full replacements; trouble with the registry is the component's own affair: it
   * reconnects, says nothing meanwhile, and delivers the present state afterwards.
   *
   * @returns how to stop
   */
  watch(query: ServiceQuery, listener: HostsListener): () => void;
  /**
   * Announces an instance until the returned function is called, also across lost sessions of the registry.
   *
   * @throws RpcError UNIMPLEMENTED when the registry is only read
   */
  register(instance: Instance): Promise<() => Promise<void>>;
}
