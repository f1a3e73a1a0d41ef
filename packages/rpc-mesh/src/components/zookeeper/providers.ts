import type { Instance, ServiceQuery } from "../../component.ts";
import type { HostConfig } from "../../model/host.ts";
import { type DubboUrl, parseNode } from "./dubbo-url.ts";

const DEFAULT_PROTOCOL = "dubbo";
const DEFAULT_WEIGHT = 100;
/** The largest weight of a host. */
const MAX_WEIGHT = 10_000;
/** Wild card of consumers. */
const ANY = "*";
/** Version of Dubbo's protocol, in every URL since 2.0.2. */
const DUBBO_PROTOCOL_VERSION = "2.0.2";
/** Long, and of no use for choosing hosts. */
const LEFT_OUT: ReadonlySet<string> = new Set(["methods"]);

/**
 * Hosts that the nodes below `providers` mean to a consumer. As in Dubbo, version and group must be the same as asked
 * for (none: none; `*`: any; group: or one of a list with commas), and the protocol `dubbo` unless another is asked for.
 * Other parameters must be equal where they are given.
 */
export function providerHosts(nodes: readonly string[], query: ServiceQuery): HostConfig[] {
  const byAddress = new Map<string, DubboUrl>();
  for (const node of nodes) {
    const url = parseNode(node);
    if (url === undefined || !fits(url, query)) continue;
    // The session of a process that died stands for a while beside that of its successor.
    const other = byAddress.get(url.address);
    if (other === undefined || startOf(url) >= startOf(other)) byAddress.set(url.address, url);
  }
  return [...byAddress.values()].map(hostOf);
}

/** The URL under which an instance is announced. */
export function providerUrl(instance: Instance, application: string, nowMs: number): DubboUrl {
  const { service, address, weight, metadata, parameters } = instance;
  const { protocol = DEFAULT_PROTOCOL, path = service, ...named } = parameters;
  return {
    protocol,
    address,
    path,
    parameters: {
      anyhost: "true",
      application,
      deprecated: "false",
      dubbo: DUBBO_PROTOCOL_VERSION,
      dynamic: "true",
      generic: "false",
      interface: service,
      methods: ANY,
      pid: String(process.pid),
      side: "provider",
      timestamp: String(nowMs),
      weight: String(weight),
      ...metadata,
      ...named,
    },
  };
}

/** The URL under which a consumer is listed. */
export function consumerUrl(query: ServiceQuery, application: string, nowMs: number): DubboUrl {
  const { service, parameters } = query;
  return {
    protocol: "consumer",
    address: "127.0.0.1",
    path: service,
    parameters: {
      application,
      category: "consumers",
      check: "false",
      dubbo: DUBBO_PROTOCOL_VERSION,
      interface: service,
      pid: String(process.pid),
      side: "consumer",
      timestamp: String(nowMs),
      ...parameters,
    },
  };
}

function fits({ protocol, parameters: offered }: DubboUrl, { parameters }: ServiceQuery): boolean {
  if (offered["enabled"] === "false" || offered["disabled"] === "true") return false;
  const { protocol: wanted = DEFAULT_PROTOCOL, version, group, ...others } = parameters;
  if (wanted !== ANY && wanted !== protocol) return false;
  if (version !== ANY && versionOf(version) !== versionOf(offered["version"])) return false;
  const groups = (group ?? "").split(",").map((each) => each.trim());
  if (!groups.includes(ANY) && !groups.includes(offered["group"] ?? "")) return false;
  return Object.entries(others).every(([key, value]) => offered[key] === value);
}

/** 0.0.0 is Dubbo's way to say no version. */
function versionOf(version = ""): string {
  return version === "0.0.0" ? "" : version;
}

function startOf({ parameters }: DubboUrl): number {
  return Number(parameters["timestamp"]) || 0;
}

function hostOf({ address, protocol, parameters }: DubboUrl): HostConfig {
  const kept = Object.entries(parameters).filter(([key]) => !LEFT_OUT.has(key));
  const { zone } = parameters;
  return {
    address,
    weight: weightOf(parameters["weight"]),
    metadata: { ...Object.fromEntries(kept), protocol },
    ...(zone !== undefined && { zone }),
  };
}

function weightOf(text: string | undefined): number {
  const weight = text === undefined ? DEFAULT_WEIGHT : Number(text);
  return Number.isInteger(weight) ? Math.min(MAX_WEIGHT, Math.max(0, weight)) : DEFAULT_WEIGHT;
}
