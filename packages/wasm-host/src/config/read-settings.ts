import { BlockList } from "node:net";
import { resolve } from "node:path";
import { ConfigError, type ConfigFindings } from "@layotto/sidecar-kit";
import { isLocalAddress, parseAddress } from "@layotto/sidecar-kit/process";
import { ConfigMap, type Findings, isMap } from "./config-map.ts";
import { type FunctionContext, readFunction } from "./read-function.ts";
import { readNetwork } from "./read-network.ts";
import type {
  AdminSettings,
  FunctionSettings,
  ListenerSettings,
  WasmSettings,
} from "./settings.ts";

/** The object that holds the section, as it is in the file. */
export interface WasmConfig {
  readonly wasm?: unknown;
}

/** What the section is read with. */
export interface SettingsContext {
  /** Where relative paths begin. @default the working directory */
  readonly baseDir?: string;
  /** Number of processors: the default of `instance_num`. */
  readonly cpus: number;
}

/**
 * Reads the section `wasm`: defaults filled in, paths made absolute.
 *
 * @throws ConfigError with everything that is wrong; see {@link checkSettings}
 */
export function readSettings(config: WasmConfig, context: SettingsContext): WasmSettings {
  const { settings, faults } = readAll(config, context);
  if (settings === undefined) throw new ConfigError("the section wasm", faults);
  return settings;
}

/** Finds what is wrong in the section beyond what its schema says. */
export function checkSettings(config: WasmConfig): ConfigFindings {
  const { faults, warnings } = readAll(config, { cpus: 1 });
  return { faults, warnings };
}

const sourceKeys = ["path", "url", "image", "versions", "from_wasm_plugin"];
const noSource = "needs path, url, image or versions; or watch: [FOLDER] with its file";

interface ReadAll extends Findings {
  readonly settings: WasmSettings | undefined;
}

function readAll({ wasm = {} }: WasmConfig, context: SettingsContext): ReadAll {
  const found: Findings = { faults: [], warnings: [] };
  const node = new ConfigMap({ wasm }, [], found).child("wasm");
  const settings = node === undefined ? undefined : readSection(node, context);
  return { settings: found.faults.length > 0 ? undefined : settings, ...found };
}

function readSection(
  node: ConfigMap,
  { baseDir = process.cwd(), cpus }: SettingsContext,
): WasmSettings {
  const sources = node.child("sources");
  const folders = node.texts("watch").map((each) => resolve(baseDir, each));
  const plugins = new Map(node.entries("plugins"));
  const rawPlugins = node.raw("plugins");
  return {
    listeners: readListeners(node),
    admin: readAdmin(node.child("admin")),
    folders,
    upstreams: readUpstreams(node),
    allowedUrls: readUrls(sources),
    allowedRegistries: sources?.texts("registries") ?? [],
    privateNetworks: readNetworks(sources),
    workers: readWorkers(node.child("workers")),
    hostCalls: node.choice("host_calls", ["auto", "atomics", "jspi"]) ?? "auto",
    functions: readFunctions(node, { baseDir, cpus, plugins }, folders.length > 0),
    plugins: isMap(rawPlugins) ? rawPlugins : {},
  };
}

function readListeners(node: ConfigMap): ListenerSettings[] {
  const names = new Set<string>();
  return node.children("listeners").map((each, index) => {
    const name = each.text("name") ?? (index === 0 ? "functions" : `functions-${index + 1}`);
    if (names.has(name)) each.fault("name", `must be unique: "${name}" is there before`);
    names.add(name);
    const address = readAddress(each, "insecure: true");
    return { name, address };
  });
}

function readAdmin(node: ConfigMap | undefined): AdminSettings | undefined {
  if (node === undefined) return undefined;
  const token = node.text("token");
  const address = readAddress(node, "token, or insecure: true", token !== undefined);
  return { address, token };
}

/** Strangers on other machines get in only on purpose. */
function readAddress(node: ConfigMap, cure: string, isGuarded = false): string {
  const address = node.text("address");
  if (address === undefined) {
    if (typeof (node.raw("address") ?? "") === "string") node.fault("address", "is missing");
    return "";
  }
  const isLocal = isLocalListener(address);
  if (isLocal === undefined) node.fault("address", "must be host:port or unix:/path");
  if (isLocal !== false || isGuarded) return address;
  if (node.flag("insecure") === true) node.warn("address", "is open to other machines");
  else node.fault("address", `is open to other machines: set ${cure}`);
  return address;
}

/** Undefined: it is no address. */
function isLocalListener(text: string): boolean | undefined {
  try {
    return isLocalAddress(parseAddress(text));
  } catch {
    return undefined;
  }
}

function readUpstreams(node: ConfigMap): Record<string, string> {
  const upstreams = node.labels("upstreams") ?? {};
  for (const [name, address] of Object.entries(upstreams)) {
    if (!/^(\[[0-9a-fA-F:.%]+\]|[^:\s/[\]]+):\d{1,5}$/.test(address)) {
      node.child("upstreams")?.fault(name, "must be host:port");
    }
  }
  return upstreams;
}

function readUrls(node: ConfigMap | undefined): string[] {
  const urls = node?.texts("urls") ?? [];
  for (const each of urls) {
    if (!isUrlPrefix(each))
      node?.fault(
        "urls",
        `"${each}" must be the beginning of a URL, e.g. "https://modules.example/"`,
      );
  }
  return urls;
}

function isUrlPrefix(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return ["http:", "https:"].includes(protocol) && username + password + search + hash === "";
}

function readNetworks(node: ConfigMap | undefined): string[] {
  const networks = node?.texts("private_networks") ?? [];
  for (const each of networks) {
    if (!readNetwork(new BlockList(), each)) {
      node?.fault(
        "private_networks",
        `"${each}" must be an address or a network, e.g. "10.0.0.0/8"`,
      );
    }
  }
  return networks;
}

function readWorkers(node: ConfigMap | undefined): { min: number; max: number } {
  const bounds = { min: 1, max: 256 };
  const max = node?.integer("max", bounds) ?? Math.max(16, node?.integer("min", bounds) ?? 0);
  const min = node?.integer("min", bounds) ?? Math.min(2, max);
  if (min > max) node?.fault("min", `must not be more than max, ${max}`);
  return { min, max };
}

function readFunctions(
  node: ConfigMap,
  context: FunctionContext,
  isWatched: boolean,
): FunctionSettings[] {
  return node.entries("functions").map(([name, each]) => {
    const read = readFunction(name, each, context);
    // What is wrong with its source, if it names one, has been said.
    const isNamed = sourceKeys.some((key) => each.has(key));
    if (read.sources.length === 0 && !isWatched && !isNamed) each.fault(undefined, noSource);
    return read;
  });
}
