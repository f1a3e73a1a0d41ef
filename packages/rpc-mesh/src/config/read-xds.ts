import type { RegistrationConfig, XdsConfig } from "../model/mesh.ts";
import { isHostPort } from "./address.ts";
import type { ConfigNode } from "./config-node.ts";
import { readRegistry } from "./read-source.ts";

/** Reads `xds`. */
export function readXds(
  node: ConfigNode | undefined,
  appId: string,
  zone: string | undefined,
): XdsConfig | undefined {
  if (node === undefined) return undefined;
  const servers = node.texts("servers");
  if (servers.length === 0 && !node.has("servers")) node.fault("servers", "is missing");
  for (const server of servers) {
    if (!server.startsWith("unix:") && !isHostPort(server)) {
      node.fault("servers", `"${server}" must be host:port or unix:/path`);
    }
  }
  const own = node.child("node");
  const tls = node.child("tls");
  return {
    servers,
    node: {
      id: own?.text("id") ?? (appId || "layotto"),
      cluster: own?.text("cluster") ?? (appId || "layotto"),
      zone: own?.text("zone") ?? zone,
      metadata: metadataOf(own),
    },
    tls: tls && { ca: tls.text("ca"), cert: tls.text("cert"), key: tls.text("key") },
  };
}

function metadataOf(node: ConfigNode | undefined): Record<string, unknown> {
  const metadata = node?.child("metadata");
  return Object.fromEntries((metadata?.keys() ?? []).map((key) => [key, metadata?.raw(key)]));
}

/** Reads one of `registrations`. */
export function readRegistration(
  node: ConfigNode,
  registries: readonly string[] | undefined,
): RegistrationConfig {
  const address = node.need("address");
  if (address !== "" && !isHostPort(address)) {
    node.fault("address", "must be the host:port at which others reach the service");
  }
  return {
    registry: readRegistry(node, registries),
    service: node.need("service"),
    address,
    weight: node.integer("weight", { max: 10_000 }) ?? 100,
    metadata: node.labels("metadata") ?? {},
    parameters: node.labels("parameters") ?? {},
  };
}
