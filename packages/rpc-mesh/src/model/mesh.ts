import type { ClusterConfig } from "./cluster.ts";
import type { ListenerConfig } from "./listener.ts";
import type { RouterConfig } from "./route.ts";

/** Settings of the xDS client. */
export interface XdsConfig {
  /** Management servers, tried in order: `host:port`. */
  readonly servers: readonly string[];
  readonly node: { readonly id: string; readonly cluster: string; readonly zone?: string | undefined; readonly metadata: Readonly<Record<string, unknown>> };
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined } | undefined;
} // prettier-ignore

/** A service of the app that is announced in a registry. */
export interface RegistrationConfig {
  readonly registry: string;
  readonly service: string;
  /** `host:port` at which others reach it. */
  readonly address: string;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the registry's own words: protocol, version, group, namespace … */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The section `mesh`, read and completed: routers and clusters may change at run time, the rest needs an upgrade. */
export interface MeshConfig {
  readonly listeners: readonly ListenerConfig[];
  readonly routers: readonly RouterConfig[];
  readonly clusters: readonly ClusterConfig[];
  readonly registrations: readonly RegistrationConfig[];
  readonly xds?: XdsConfig | undefined;
}
