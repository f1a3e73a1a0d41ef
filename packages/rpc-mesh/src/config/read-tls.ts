import type { ClientTlsConfig } from "../model/cluster.ts";
import type { ServerTlsConfig } from "../model/listener.ts";
import type { ConfigNode } from "./config-node.ts";

const unserved = ["cipher_suites", "ecdh_curves", "min_version", "max_version", "alpn", "ticket", "fall_back", "extend_verify", "sds_source"] as const; // prettier-ignore

/** Reads `tls_context` of a cluster; undefined when TLS is off there. */
export function readClientTls(node: ConfigNode | undefined): ClientTlsConfig | undefined {
  if (node === undefined || isOff(node)) return undefined;
  node.unserved(unserved);
  const cert = file(node, "cert_chain");
  const key = file(node, "private_key");
  if ((cert === undefined) !== (key === undefined)) {
    node.fault(cert === undefined ? "cert_chain" : "private_key", "is missing: both or neither");
  }
  const identities = readIdentities(node);
  return {
    ca: file(node, "ca_cert"),
    cert,
    key,
    serverName: node.text("server_name"),
    identities: identities.length === 0 ? undefined : identities,
    insecureSkipVerify: node.flag("insecure_skip") === true ? true : undefined,
  };
}

/**
 * Reads the TLS of a listener: all contexts of its filter chain, the first for clients that name no server.
 *
 * @param acceptPlaintext MOSN's `inspector`
 */
export function readServerTls(
  nodes: readonly ConfigNode[],
  acceptPlaintext: boolean,
): ServerTlsConfig | undefined {
  const contexts = nodes.filter((node) => !isOff(node));
  const [first] = contexts;
  if (first === undefined) return undefined;
  for (const node of contexts) node.unserved(unserved);
  const certificates = contexts.map((node) => ({
    cert: need(node, "cert_chain"),
    key: need(node, "private_key"),
  }));
  const requireClientCert =
    first.flag("require_client_cert") ?? first.flag("verify_client") ?? false;
  const ca = file(first, "ca_cert");
  const identities = readIdentities(first);
  if (ca === undefined && (requireClientCert || identities.length > 0)) {
    first.fault("ca_cert", "is missing: client certificates cannot be checked without it");
  }
  return {
    certificates,
    ca,
    requireClientCert: requireClientCert || identities.length > 0,
    identities: identities.length === 0 ? undefined : identities,
    acceptPlaintext,
  };
}

/** A `*` that is no pattern would be an identity that no certificate bears. */
function readIdentities(node: ConfigNode): string[] {
  const identities = node.texts("identities");
  for (const identity of identities) {
    if (!identity.includes("*", 1)) continue;
    node.fault("identities", `"${identity}" must have no * but one at its beginning, e.g. *.example.org`); // prettier-ignore
  }
  return identities;
}

/** `status: false`, or an empty context, as MOSN's samples carry it. */
function isOff(node: ConfigNode): boolean {
  return node.flag("status") === false || node.keys().every((key) => key === "type");
}

function need(node: ConfigNode, key: string): string {
  const path = file(node, key);
  if (path === undefined && !node.has(key)) node.fault(key, "is missing");
  return path ?? "";
}

/** Certificates in the configuration itself, which MOSN takes as well, could not be renewed without a restart. */
function file(node: ConfigNode, key: string): string | undefined {
  const text = node.text(key);
  if (text?.includes("-----BEGIN") !== true) return text;
  node.fault(key, "must be the path of a PEM file, not its content");
  return undefined;
}
