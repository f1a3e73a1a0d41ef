import type { SubsetConfig } from "../model/cluster.ts";
import type { Host } from "./host.ts";
import type { HostSet } from "./host-set.ts";

type Labels = Readonly<Record<string, string>>;

/**
 * Subsets of the hosts by metadata. A request that names exactly the keys of a selector gets the hosts with its values;
 * every other request, also one that names nothing, and one whose values no host has, gets what `fallback` says (as in
 * Envoy and MOSN).
 */
export class Subsets {
  readonly #config: SubsetConfig;
  /** Sorted keys of each selector. */
  readonly #selectors: readonly (readonly string[])[];
  readonly #fallback: HostSet | undefined;
  readonly #create: () => HostSet;
  #sets = new Map<string, HostSet>();

  /** @param whole all hosts of the cluster, kept up to date by the caller */
  constructor(config: SubsetConfig, whole: HostSet, create: () => HostSet) {
    this.#config = config;
    this.#selectors = config.selectors.map((keys) => keys.toSorted());
    this.#create = create;
    if (config.fallback === "any") this.#fallback = whole;
    else if (config.fallback === "default") this.#fallback = create();
  }

  setHosts(hosts: readonly Host[]): void {
    const { fallback, default: labels } = this.#config;
    if (fallback === "default") this.#fallback?.setHosts(hosts.filter((host) => has(host, labels)));
    const old = this.#sets;
    this.#sets = new Map();
    for (const [id, members] of this.#members(hosts)) {
      const set = old.get(id) ?? this.#create();
      old.delete(id);
      set.setHosts(members);
      this.#sets.set(id, set);
    }
    for (const set of old.values()) set.close();
  }

  /** The hosts for a request; undefined: none. */
  select(match: Labels | undefined): HostSet | undefined {
    if (match === undefined) return this.#fallback;
    const keys = this.#selectorOf(Object.keys(match));
    const id = keys === undefined ? undefined : subsetId(keys, match);
    return (id === undefined ? undefined : this.#sets.get(id)) ?? this.#fallback;
  }

  close(): void {
    for (const set of this.#sets.values()) set.close();
    if (this.#config.fallback === "default") this.#fallback?.close();
  }

  #members(hosts: readonly Host[]): Map<string, Host[]> {
    const members = new Map<string, Host[]>();
    for (const host of hosts) {
      for (const keys of this.#selectors) {
        const id = subsetId(keys, host.config.metadata);
        const found = id === undefined ? undefined : members.get(id);
        if (found !== undefined) found.push(host);
        else if (id !== undefined) members.set(id, [host]);
      }
    }
    return members;
  }

  #selectorOf(names: readonly string[]): readonly string[] | undefined {
    return this.#selectors.find(
      (keys) => keys.length === names.length && names.every((name) => keys.includes(name)),
    );
  }
}

/** Identifies keys with their values; undefined: a key is missing. Lengths keep texts with any content apart. */
function subsetId(keys: readonly string[], labels: Labels | undefined): string | undefined {
  if (labels === undefined) return undefined;
  let id = "";
  for (const key of keys) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (value === undefined) return undefined;
    id += `${key.length}:${key}${value.length}:${value}`;
  }
  return id;
}

function has(host: Host, labels: Labels): boolean {
  return Object.entries(labels).every(([key, value]) => host.config.metadata?.[key] === value);
}
