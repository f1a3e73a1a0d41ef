import type { ServiceQuery } from "../../component.ts";
import { joinAddress } from "../../discovery/address.ts";
import type { HostConfig } from "../../model/host.ts";
import type { Endpoint, EndpointSlice } from "./endpoint-slice.ts";

/** A service of a cluster. */
export interface KubeService {
  readonly namespace: string;
  readonly name: string;
  /** Name or number of a port; undefined: the first. */
  readonly port: string | undefined;
  /** `IPv4`, `IPv6` or `FQDN`; undefined: the first of these that there is. */
  readonly addressType: string | undefined;
}

/** Endpoints that shut down but still answer are used when no other is left, as kube-proxy does. */
const TERMINATING_PRIORITY = 1;

/** The service of a query: `name` or `name.namespace`; parameters `namespace`, `port` and `addressType`. */
export function serviceOf({ service, parameters }: ServiceQuery, namespace: string): KubeService {
  const [name = service, inName] = service.split(".");
  return {
    name,
    namespace: inName ?? parameters["namespace"] ?? namespace,
    port: parameters["port"],
    addressType: parameters["addressType"],
  };
}

/**
 * Hosts of the slices of a service. What is not ready is left out, as Kubernetes has it; what is said about an endpoint
 * in two slices while it moves from one to the other counts in its favour.
 */
export function sliceHosts(slices: Iterable<EndpointSlice>, service: KubeService): HostConfig[] {
  const hosts = new Map<string, HostConfig>();
  for (const slice of ofOneType([...slices], service.addressType)) {
    const port = portOf(slice, service.port);
    if (port === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const host = hostOf(endpoint, { service, port, isName: slice.addressType === "FQDN" });
      if (host === undefined) continue;
      const other = hosts.get(host.address);
      if (other === undefined || priorityOf(host) < priorityOf(other))
        hosts.set(host.address, host);
    }
  }
  return [...hosts.values()];
}

/** A dual-stack service has its pods twice, once for each family. */
function ofOneType(slices: readonly EndpointSlice[], wanted: string | undefined): EndpointSlice[] {
  const types = wanted === undefined ? ["IPv4", "IPv6", "FQDN"] : [wanted];
  for (const type of types) {
    const some = slices.filter((slice) => slice.addressType === type && hasEndpoints(slice));
    if (some.length > 0) return some;
  }
  return [];
}

function hasEndpoints({ endpoints }: EndpointSlice): boolean {
  return (endpoints ?? []).length > 0;
}

function portOf({ ports }: EndpointSlice, wanted: string | undefined): number | undefined {
  if (wanted !== undefined && /^\d+$/.test(wanted)) return Number(wanted);
  const offered = (ports ?? []).filter(({ protocol = "TCP" }) => protocol === "TCP");
  const found = wanted === undefined ? offered[0] : offered.find(({ name }) => name === wanted);
  return found?.port ?? undefined;
}

function hostOf(
  { addresses, conditions, zone, nodeName, targetRef }: Endpoint,
  { service, port, isName }: { service: KubeService; port: number; isName: boolean },
): HostConfig | undefined {
  // All others of the list are the same endpoint.
  const [address] = addresses ?? [];
  if (address === undefined) return undefined;
  const ready = conditions?.ready ?? true;
  const isLeaving = conditions?.terminating === true && conditions.serving === true;
  if (!ready && !isLeaving) return undefined;
  const { name, namespace } = service;
  return {
    address: joinAddress(address, port),
    hostname: isName ? address : `${name}.${namespace}.svc`,
    metadata: { namespace, ...named("pod", targetRef?.name), ...named("node", nodeName) },
    ...named("zone", zone),
    ...(!ready && { priority: TERMINATING_PRIORITY }),
  };
}

function named(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}

function priorityOf({ priority = 0 }: HostConfig): number {
  return priority;
}
