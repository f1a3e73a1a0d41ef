import { isIP } from "node:net";
import {
  type Cluster,
  Cluster_DiscoveryType as Discovery,
  Cluster_DnsLookupFamily as Family,
} from "@layotto/proto/envoy/config/cluster/v3/cluster";
import type { HostSource } from "../../model/cluster.ts";
import type { HostConfig } from "../../model/host.ts";
import { type ReadContext, ResourceFault } from "../resource.ts";
import { readAssignment } from "./endpoints.ts";
import { millis } from "./values.ts";

/**
 * Where the hosts of a cluster come from.
 *
 * @param assignments payloads of `load_assignment`
 * @throws ResourceFault
 */
export async function readSource(
  cluster: Cluster,
  assignments: readonly Uint8Array[],
  context: ReadContext,
): Promise<HostSource> {
  const { case: kind, value } = cluster.clusterDiscoveryType;
  if (kind === "clusterType") {
    throw new ResourceFault(`cluster_type "${value.name}" is not supported: use EDS or DNS`);
  }
  const type = value ?? Discovery.STATIC;
  if (type === Discovery.EDS) return readEds(cluster);
  if (type === Discovery.ORIGINAL_DST) {
    // Istio sends such a cluster to everybody: refusing it would be an alarm for ever.
    context.warn("type ORIGINAL_DST is not supported: the cluster has no hosts");
    return { type: "static", hosts: [] };
  }
  const last = assignments.at(-1);
  const hosts = last === undefined ? [] : await readAssignment(last, context);
  if (type === Discovery.STATIC) return { type: "static", hosts };
  if (type === Discovery.LOGICAL_DNS || type === Discovery.STRICT_DNS) {
    return readDns(cluster, hosts, type === Discovery.STRICT_DNS);
  }
  throw new ResourceFault(`type ${String(type)} is not known`);
}

function readEds({ name, edsClusterConfig: eds }: Cluster): HostSource {
  const from = eds?.edsConfig?.configSourceSpecifier.case;
  if (from === "path") throw new ResourceFault("eds_config must be ads: files are not supported");
  const service = eds?.serviceName ?? "";
  return { type: "eds", service: service === "" ? name : service };
}

/**
 * One name that stands for many hosts is followed. Otherwise each name is one host, resolved at every connect: what
 * LOGICAL_DNS means, and next to what STRICT_DNS means of several names.
 */
function readDns(cluster: Cluster, hosts: readonly HostConfig[], strict: boolean): HostSource {
  const [host] = hosts;
  if (host === undefined) throw new ResourceFault("load_assignment must have an endpoint");
  if (!strict && hosts.length > 1) {
    throw new ResourceFault("LOGICAL_DNS must have exactly one endpoint");
  }
  const [name, port] = splitAddress(host.address);
  if (!strict || hosts.length > 1 || isIP(name) !== 0) return { type: "static", hosts };
  return {
    type: "dns",
    name,
    port,
    record: cluster.dnsLookupFamily === Family.V6_ONLY ? "AAAA" : "A",
    refreshMs: cluster.respectDnsTtl ? undefined : millis(cluster.dnsRefreshRate),
  };
}

function splitAddress(address: string): [string, number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), Number(address.slice(colon + 1))];
}
