import { isIP } from "node:net";
import type { HostSource } from "../model/cluster.ts";
import type { HostConfig } from "../model/host.ts";
import { isHostPort } from "./address.ts";
import type { ConfigNode } from "./config-node.ts";
import { readMetadata } from "./read-metadata.ts";

const types = {
  SIMPLE: "static", STATIC: "static", DYNAMIC: "static", EDS: "eds", ORIGINAL_DST: "original_dst",
  STRICT_DNS: "dns", LOGICAL_DNS: "dns", static: "static", eds: "eds", dns: "dns",
} as const; // prettier-ignore

/** What is said of a name of DNS, where `type` says that it is one. */
const dnsKeys = ["dns_refresh_rate", "respect_dns_ttl", "dns_lookup_family", "dns_resolvers", "dns_resolver_file", "dns_resolver_port"]; // prettier-ignore

const records = { A: "A", AAAA: "AAAA", SRV: "SRV", V4_ONLY: "A", V6_ONLY: "AAAA" } as const;

/** Reads where the hosts of a cluster come from: its `discovery`, or its `type` and `hosts` as MOSN has them. */
export function readSource(
  node: ConfigNode,
  registries: readonly string[] | undefined,
): HostSource {
  const discovery = node.child("discovery");
  if (discovery !== undefined) {
    if (node.has("hosts")) node.fault("hosts", "must not be given beside discovery");
    node.unserved(dnsKeys, "has no effect beside discovery: set name, record, refresh and servers there"); // prettier-ignore
    return readDiscovery(discovery, registries);
  }
  const type = node.meaning<string>("type", types) ?? "static";
  if (type !== "dns") node.unserved(dnsKeys, "has no effect: only STRICT_DNS and LOGICAL_DNS use it"); // prettier-ignore
  switch (type) {
    case "eds":
      return {
        type,
        service: node.child("eds_cluster_config")?.text("service_name") ?? node.need("name"),
      };
    case "original_dst":
      node.fault("type", "ORIGINAL_DST is not supported, as traffic is not intercepted: name hosts or discovery"); // prettier-ignore
      return { type: "static", hosts: [] };
    case "dns":
      return dnsOfHosts(node);
    default:
      return { type: "static", hosts: readHosts(node) };
  }
}

/** STRICT_DNS as MOSN writes it: the name is the address of the one host. */
function dnsOfHosts(node: ConfigNode): HostSource {
  node.unserved(
    ["dns_resolver_file", "dns_resolver_port"],
    "is not supported: name the servers in dns_resolvers",
  );
  const [first, second] = readHosts(node);
  if (second !== undefined) node.fault("hosts", "must be one name: make a cluster of each");
  const address = first?.address ?? ":0";
  const colon = address.lastIndexOf(":");
  if (first === undefined) node.fault("hosts", "must hold the name that is looked up");
  const isTtlUsed = node.flag("respect_dns_ttl") ?? !node.has("dns_refresh_rate");
  return {
    type: "dns",
    name: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    record: node.meaning("dns_lookup_family", records) ?? "A",
    refreshMs: isTtlUsed ? undefined : node.duration("dns_refresh_rate"),
    ...readResolvers(node.child("dns_resolvers")),
  };
}

/** Reads `dns_resolvers`. */
function readResolvers(node: ConfigNode | undefined): { servers?: readonly string[] } {
  if (node === undefined) return {};
  node.unserved(["search", "ndots", "timeout", "attempts"]);
  const port = typeof node.raw("port") === "number" ? node.integer("port") : node.text("port");
  return readServers(node, port);
}

/** @param port of those that name none; undefined: DNS's */
function readServers(
  node: ConfigNode,
  port: number | string | undefined,
): { servers?: readonly string[] } {
  const given = node.texts("servers");
  if (given.length === 0) return {};
  const servers = given.map((each) => {
    if (isIP(each) === 0 || port === undefined) return each;
    return isIP(each) === 6 ? `[${each}]:${port}` : `${each}:${port}`;
  });
  for (const server of servers) {
    if (!isDnsServer(server)) node.fault("servers", `"${server}" must be an address, or address:port`); // prettier-ignore
  }
  return { servers };
}

function isDnsServer(text: string): boolean {
  const host = /^(.*):\d+$/.exec(text)?.[1]?.replace(/^\[(.*)\]$/, "$1");
  return isIP(text) !== 0 || (isHostPort(text) && isIP(host ?? "") !== 0);
}

function readDiscovery(node: ConfigNode, registries: readonly string[] | undefined): HostSource {
  const kinds = { dns: "dns", file: "file", registry: "registry", eds: "eds" } as const;
  if (!node.has("type")) node.fault("type", `is missing: one of ${Object.keys(kinds).join(", ")}`);
  switch (node.meaning<string>("type", kinds)) {
    case "dns": {
      const record = node.meaning<"A" | "AAAA" | "SRV">("record", records) ?? "A";
      const port = node.integer("port", { min: 1, max: 65_535 });
      if (port === undefined && record !== "SRV" && !node.has("port")) {
        node.fault("port", `is missing: records of type ${record} name no port`);
      }
      return {
        type: "dns",
        name: node.need("name"),
        port,
        record,
        refreshMs: node.duration("refresh"),
        ...readServers(node, undefined),
      };
    }
    case "file":
      return { type: "file", path: node.need("path") };
    case "eds":
      return { type: "eds", service: node.need("service") };
    case "registry": {
      const parameters = node.labels("parameters") ?? {};
      return { type: "registry", registry: readRegistry(node, registries), service: node.need("service"), parameters }; // prettier-ignore
    }
    default:
      return { type: "static", hosts: [] };
  }
}

/** Reads the name of a registry, which must be configured. */
export function readRegistry(node: ConfigNode, registries: readonly string[] | undefined): string {
  const name = node.need("registry");
  if (name !== "" && registries !== undefined && !registries.includes(name)) {
    const known = registries.length === 0 ? "none is" : `there are ${registries.join(", ")}`;
    node.fault("registry", `"${name}" is not configured in the section registries: ${known}`);
  }
  return name;
}

/** Reads `hosts`: a list of addresses, or of maps. */
function readHosts(node: ConfigNode): HostConfig[] {
  const value = node.raw("hosts");
  const isPlain = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string"); // prettier-ignore
  const hosts = isPlain
    ? node.texts("hosts").map((address) => ({ address }))
    : node.children("hosts").map(readHost);
  const kept = new Map<string, HostConfig>();
  for (const [index, host] of hosts.entries()) {
    const { address } = host;
    if (isPlain && !isHostPort(address)) node.faultAt(["hosts", index], badAddress);
    if (kept.has(address)) node.warnAt(["hosts", index], `"${address}" is there twice`);
    else kept.set(address, host);
  }
  return [...kept.values()];
}

const badAddress = 'must be host:port, e.g. "10.0.0.1:8080"';

function readHost(node: ConfigNode): HostConfig {
  const address = node.need("address");
  if (address !== "" && !isHostPort(address)) node.fault("address", badAddress);
  node.unserved(["tls_disable"], "is not supported: TLS holds for all hosts of a cluster");
  return {
    address,
    hostname: node.text("hostname"),
    weight: node.integer("weight", { max: 10_000 }),
    zone: node.text("zone"),
    priority: node.integer("priority", { max: 128 }),
    metadata: readMetadata(node, "metadata"),
  };
}
