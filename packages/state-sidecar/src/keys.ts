const SEPARATOR = "||";

/** What a key is made of besides the caller's own part. */
export interface KeyScope {
  /** Put before everything: `""` for state, `"lock|||"`, `"sequencer|||"`. */
  readonly head: string;
  /** Strategy when the metadata has no `keyPrefix`. */
  readonly fallback: "none" | "appid";
}

/** State keys stand alone unless asked for otherwise. */
export const stateKeys: KeyScope = { head: "", fallback: "none" };
/** Lock keys belong to the app. */
export const lockKeys: KeyScope = { head: "lock|||", fallback: "appid" };
/** Sequencer keys belong to the app. */
export const sequencerKeys: KeyScope = { head: "sequencer|||", fallback: "appid" };

/** The part of a component's configuration that keys depend on. */
export interface KeyConfig {
  readonly metadata?: unknown;
}

/** Turns the keys of callers into those of the back end, for all stores of one section. */
export class Keyspace {
  readonly #prefixes = new Map<string, string>();

  /** @param configs store name → its entry in the config file */
  constructor(scope: KeyScope, configs: Readonly<Record<string, KeyConfig>>, appId: string) {
    for (const [store, { metadata }] of Object.entries(configs)) {
      this.#prefixes.set(store, keyPrefixOf(scope, keyPrefixIn(metadata), store, appId));
    }
  }

  /** The key in the back end of a configured store. */
  of(store: string, key: string): string {
    return (this.#prefixes.get(store) ?? "") + key;
  }
}

/**
 * What stands before the caller's key in the back end, by Layotto's strategies: `none`, `appid`, `name`, or anything
 * else as it is. The strategy is compared and used in lower case. That it has no `||` is checked with the metadata.
 *
 * @param keyPrefix metadata `keyPrefix` of the component
 * @param store name of the component
 */
export function keyPrefixOf(
  scope: KeyScope,
  keyPrefix: string | undefined,
  store: string,
  appId: string,
): string {
  const strategy = (keyPrefix ?? "").toLowerCase() || scope.fallback;
  const own: Record<string, string> = { none: "", appid: appId, name: store };
  const part = own[strategy] ?? strategy;
  return part === "" ? scope.head : `${scope.head}${part}${SEPARATOR}`;
}

/** Whether a key of a caller contains `||`, which is kept for prefixes. */
export function hasSeparator(key: string): boolean {
  return key.includes(SEPARATOR);
}

function keyPrefixIn(metadata: unknown): string | undefined {
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const value: unknown = Reflect.get(metadata, "keyPrefix");
  return typeof value === "string" ? value : undefined;
}
