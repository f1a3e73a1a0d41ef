import { isLocalAddress, parseAddress } from "../process/address.ts";
import type { ConfigFault } from "./fault.ts";
import type { Place } from "./place.ts";
import { isRecord } from "./record.ts";

type Path = readonly PropertyKey[];
type Node = Record<string, unknown>;

/** A listener of a MOSN file. */
export interface WasmListener {
  readonly node: Node;
  readonly path: Path;
  /** As this process writes addresses; undefined: it has none, which was reported. */
  readonly address: string | undefined;
  /** Its stream filters. */
  readonly filters: readonly Node[];
}

/** Whether WebAssembly runs behind a listener, or is managed through it. */
export function isWasmListener(filters: readonly Node[]): boolean {
  return filters.some(({ type }) => type === "Layotto" || type === "wasm_filter");
}

/**
 * Makes the section `wasm` of a MOSN file: a listener with the stream filter `Layotto` serves the functions that the
 * filter is configured with, one with `wasm_filter` takes orders. Keys of a function that hold a text are what the guest
 * is configured with, as in Layotto; so are `name` and all that MOSN does not know.
 */
export class WasmSection {
  readonly places: Place[] = [];
  readonly warnings: ConfigFault[] = [];
  readonly faults: ConfigFault[] = [];
  /** Of the first listener; undefined: there is none. */
  path: Path | undefined;
  readonly #listeners: Node[] = [];
  readonly #functions = new Map<string, unknown>();
  readonly #plugins = new Map<string, Node>();
  #admin: Node | undefined;

  add(listener: WasmListener): void {
    this.path ??= listener.path;
    listener.filters.forEach((filter, index) => {
      const path = [...listener.path, "stream_filters", index];
      const { type } = filter;
      if (type === "Layotto") this.#addFunctions(listener, filter, path);
      else if (type === "wasm_filter") this.#addAdmin(listener, filter, path);
      else this.#warn(path, `stream filter "${String(type)}" is not supported yet`);
    });
  }

  /** Takes `wasm_global_plugins` of the root. */
  addPlugins(plugins: readonly Node[], path: Path): void {
    if (this.path === undefined) {
      if (plugins.length > 0) this.#warn(path, "is not used: no listener runs WebAssembly");
      return;
    }
    plugins.forEach((plugin, index) => {
      const { plugin_name: name, ...rest } = plugin;
      if (typeof name !== "string" || name === "") {
        this.faults.push({ path: [...path, index, "plugin_name"], message: "is missing" });
        return;
      }
      this.#plugins.set(name, rest);
      this.places.push({ of: ["wasm", "plugins", name], at: [...path, index] });
    });
  }

  /**
   * Returns the section `rpcs` with the address of a listener of this section where a channel names it: in MOSN all
   * listeners are in one process, here calls reach this one over TCP.
   */
  withChannels(rpcs: unknown): unknown {
    const channels = at(rpcs, "mosn", "config", "channel");
    if (!Array.isArray(channels)) return rpcs;
    const found = channels.map((each: unknown) => {
      const address = isRecord(each) ? this.#tcpAddress(each["listener"]) : undefined;
      return address === undefined ? each : { ...Object(each), listener: address };
    });
    const { mosn, ...rest } = rpcs as { mosn: { config: Node } }; // it has channels
    return { ...rest, mosn: { ...mosn, config: { ...mosn.config, channel: found } } };
  }

  /** Undefined: there is no such listener. */
  #tcpAddress(name: unknown): string | undefined {
    const address = this.#listeners.find((each) => each["name"] === name)?.["address"];
    if (typeof name !== "string" || typeof address !== "string") return undefined;
    return address.startsWith("unix:")
      ? undefined
      : address.replace(/^(0\.0\.0\.0)?:(?=\d+$)/, "127.0.0.1:");
  }

  section(): Node {
    return {
      ...(this.#listeners.length > 0 ? { listeners: this.#listeners } : {}),
      ...(this.#admin === undefined ? {} : { admin: this.#admin }),
      ...mapPart("plugins", this.#plugins),
      ...mapPart("functions", this.#functions),
    };
  }

  #addFunctions({ node, path: at, address }: WasmListener, filter: Node, path: Path): void {
    const { name } = node;
    const named = typeof name === "string" && name !== "" ? { name } : {};
    this.places.push({ of: ["wasm", "listeners", this.#listeners.length], at });
    this.#listeners.push({ ...named, ...addressPart(address) });
    const config = filter["config"] ?? {};
    if (!isRecord(config)) {
      this.faults.push({ path: [...path, "config"], message: "must be a map of functions" });
      return;
    }
    for (const [key, entry] of Object.entries(config)) {
      this.#addFunction(key, entry, [...path, "config", key]);
    }
  }

  #addFunction(key: string, entry: unknown, path: Path): void {
    if (this.#functions.has(key)) {
      this.#warn(path, `is ignored: function "${key}" is configured before`);
      return;
    }
    this.places.push({ of: ["wasm", "functions", key], at: path });
    if (!isRecord(entry)) {
      this.#functions.set(key, entry);
      return;
    }
    this.places.push({ of: ["wasm", "functions", key, "config"], at: path });
    this.#functions.set(key, functionOf(entry));
    if (entry["capabilities"] === undefined) this.#warn(path, unrestricted);
  }

  #addAdmin({ path: at, address }: WasmListener, filter: Node, path: Path): void {
    if (this.#admin !== undefined) {
      this.#warn(path, 'is ignored: there is a filter "wasm_filter" before it');
      return;
    }
    const token = isRecord(filter["config"]) ? filter["config"]["token"] : undefined;
    this.#admin = { ...addressPart(address), ...(token === undefined ? {} : { token }) };
    this.places.push(
      { of: ["wasm", "admin"], at },
      { of: ["wasm", "admin", "token"], at: [...path, "config", "token"] },
    );
  }

  #warn(path: Path, message: string): void {
    this.warnings.push({ path, message });
  }
}

const unrestricted =
  "may read every state store and invoke every service; restrict it: capabilities: { read: [STORE], services: [ID] }";

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((each, key) => (isRecord(each) ? each[key] : undefined), value);
}

function mapPart(key: string, map: ReadonlyMap<string, unknown>): Node {
  return map.size === 0 ? {} : { [key]: Object.fromEntries(map) };
}

/** Files of this shape open what they say; that strangers can reach it is a warning when it opens. */
function addressPart(address: string | undefined): Node {
  if (address === undefined) return {};
  return isOpen(address) ? { address, insecure: true } : { address };
}

function isOpen(address: string): boolean {
  try {
    return !isLocalAddress(parseAddress(address));
  } catch {
    return false;
  }
}

function functionOf(entry: Node): Node {
  const isData = ([key, value]: [string, unknown]) =>
    typeof value === "string" && key !== "from_wasm_plugin";
  const entries = Object.entries(entry);
  return {
    config: Object.fromEntries(entries.filter(isData)),
    capabilities: { read: ["*"], services: ["*"] },
    ...Object.fromEntries(entries.filter((each) => !isData(each))),
  };
}
