/**
 * What a module may reach through its host. Lists hold exact names; an entry `"*"` allows all. Everything that is not
 * listed is denied.
 */
export interface Capabilities {
  /** Imports that it may call, e.g. `proxy_log`; undefined: all that need no grant of their own below. */
  readonly hostFunctions: readonly string[] | undefined;
  /** State stores that it may read. */
  readonly readStores: readonly string[];
  /** State stores that it may write and delete in. */
  readonly writeStores: readonly string[];
  /** Publish/subscribe components, as `component` or `component/topic`. */
  readonly topics: readonly string[];
  readonly lockStores: readonly string[];
  readonly sequencerStores: readonly string[];
  readonly secretStores: readonly string[];
  readonly configurationStores: readonly string[];
  /** Ids of functions and services that it may invoke. */
  readonly services: readonly string[];
  /** Hosts for call-outs, as `host` (any port), `host:port` or the name of an upstream of the configuration. */
  readonly outbound: readonly string[];
}

/** Nothing but computing on its input, logs, metrics and shared data of its own. */
export const noCapabilities: Capabilities = {
  hostFunctions: undefined,
  readStores: [],
  writeStores: [],
  topics: [],
  lockStores: [],
  sequencerStores: [],
  secretStores: [],
  configurationStores: [],
  services: [],
  outbound: [],
};

/** Whether a list of a capability allows a name. */
export function allows(list: readonly string[], name: string): boolean {
  return list.includes(name) || list.includes("*");
}
