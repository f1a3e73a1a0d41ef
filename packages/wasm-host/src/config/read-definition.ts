import {
  type FunctionDefinition,
  type Limits,
  type Recycling,
  defaultLimits,
} from "../model/definition.ts";
import type { Capabilities } from "../model/capabilities.ts";
import type { ConfigMap } from "./config-map.ts";
import { encodeMap } from "./encode-map.ts";

const pageBytes = 65_536;
const maxMemoryBytes = 4 * 1024 ** 3;

/** A function that nothing is said about. */
export function defaultDefinition(name: string, cpus: number): FunctionDefinition {
  return {
    name,
    adapter: "proxy-wasm",
    instances: cpus,
    isolation: "pooled",
    recycling: { calls: 0, memoryBytes: 0 },
    limits: defaultLimits,
    capabilities: readCapabilities(undefined),
    rootContextId: 1,
    vmConfig: new Uint8Array(),
    pluginConfig: new Uint8Array(),
    environment: {},
  };
}

/**
 * Reads what a function is made with.
 *
 * @param parts the entry, then what it refers to: what the entry says goes before
 * @param vm Layotto's `vm_config`
 */
export function readDefinition(
  name: string,
  parts: readonly [ConfigMap, ...ConfigMap[]],
  vm: ConfigMap | undefined,
  cpus: number,
): FunctionDefinition {
  const [node] = parts;
  const instances = parts.map((each) => each.integer("instance_num", { max: 4096 }));
  return {
    ...defaultDefinition(name, cpus),
    adapter: node.choice("adapter", ["proxy-wasm", "wasi-command"]) ?? "proxy-wasm",
    // Layotto takes 0 for "not given".
    instances: instances.find((each) => each !== undefined && each > 0) ?? cpus,
    isolation: node.choice("isolation", ["pooled", "fresh"]) ?? "pooled",
    recycling: readRecycling(node.child("recycle")),
    limits: readLimits(node, vm),
    capabilities: readCapabilities(node.child("capabilities")),
    rootContextId: node.integer("root_context_id", { min: 1, max: 0x7fff_ffff }) ?? 1,
    vmConfig: readData(node, "vm"),
    pluginConfig: readData(node, "config"),
    environment: node.labels("environment") ?? {},
  };
}

function readRecycling(node: ConfigMap | undefined): Recycling {
  return { calls: node?.integer("calls") ?? 0, memoryBytes: node?.size("memory") ?? 0 };
}

function readLimits(node: ConfigMap, vm: ConfigMap | undefined): Limits {
  const cpuMs = node.duration("cpu") ?? vm?.duration("cpu");
  return {
    memoryBytes: readMemory(node, vm) ?? defaultLimits.memoryBytes,
    tableElements: node.integer("table_elements") ?? defaultLimits.tableElements,
    moduleBytes: node.size("max_module_bytes") ?? defaultLimits.moduleBytes,
    timeoutMs: positive(
      node.duration("timeout") ?? vm?.duration("timeout"),
      defaultLimits.timeoutMs,
    ),
    cpuMs: positive(cpuMs, defaultLimits.cpuMs),
    fuel: node.integer("fuel") ?? defaultLimits.fuel,
    queue: node.integer("queue") ?? defaultLimits.queue,
    streams: node.integer("streams", { min: 1 }) ?? defaultLimits.streams,
    bodyBytes: node.size("max_body_bytes") ?? defaultLimits.bodyBytes,
  };
}

/** Layotto takes 0 for "not given". */
function positive(value: number | undefined, fallback: number): number {
  return value === undefined || value === 0 ? fallback : value;
}

function readMemory(node: ConfigMap, vm: ConfigMap | undefined): number | undefined {
  const [of, key] = node.has("memory") ? [node, "memory"] : [vm, "mem"];
  const bytes = of?.size(key, 1024 ** 2);
  if (bytes === undefined || bytes === 0) return undefined;
  if (bytes >= pageBytes && bytes <= maxMemoryBytes) return bytes - (bytes % pageBytes);
  of?.fault(key, "must be from 64KiB to 4GiB");
  return undefined;
}

/** A text as it is, or a map as guests decode it. */
function readData(node: ConfigMap, key: string): Uint8Array {
  const value = node.raw(key);
  if (value === undefined) return new Uint8Array();
  if (typeof value === "string") return new Uint8Array(Buffer.from(value));
  const labels = node.labels(key);
  return labels === undefined ? new Uint8Array() : encodeMap(labels);
}

function readCapabilities(node: ConfigMap | undefined): Capabilities {
  const list = (key: string) => node?.texts(key) ?? [];
  return {
    hostFunctions: node?.has("host_functions") === true ? list("host_functions") : undefined,
    readStores: list("read"),
    writeStores: list("write"),
    topics: list("topics"),
    lockStores: list("locks"),
    sequencerStores: list("sequencers"),
    secretStores: list("secrets"),
    configurationStores: list("configuration"),
    services: list("services"),
    outbound: list("outbound"),
  };
}
