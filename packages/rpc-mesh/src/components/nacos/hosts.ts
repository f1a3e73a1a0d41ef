import type { Instance, ServiceQuery } from "../../component.ts";
import { joinAddress, splitAddress } from "../../discovery/address.ts";
import { isRecord } from "../../discovery/parse-hosts.ts";
import type { HostConfig } from "../../model/host.ts";
import type { NacosInstance, NacosService } from "./api.ts";
import type { NacosMetadata } from "./metadata.ts";

/** A weight of 1 in Nacos is one of 100 here. */
const WEIGHT_FACTOR = 100;
const MAX_WEIGHT = 10_000;
const DEFAULT_CLUSTER = "DEFAULT";

/** The service of a query: parameters `group`, `namespace` and `cluster` (several with commas) are Nacos' own. */
export function serviceOf(
  { service, parameters }: ServiceQuery,
  { namespaceId, groupName }: Pick<NacosMetadata, "namespaceId" | "groupName">,
): NacosService {
  return {
    namespaceId: parameters["namespace"] ?? namespaceId,
    groupName: parameters["group"] ?? groupName,
    serviceName: service,
    clusterName: parameters["cluster"],
  };
}

/** An instance as Nacos keeps it: other parameters become metadata. */
export function instanceOf(
  instance: Instance,
  metadata: Pick<NacosMetadata, "namespaceId" | "groupName">,
): NacosInstance {
  const service = serviceOf(instance, metadata);
  const place = splitAddress(instance.address);
  return {
    ...service,
    clusterName: service.clusterName ?? DEFAULT_CLUSTER,
    ip: place?.host ?? instance.address,
    port: String(place?.port ?? 0),
    weight: instance.weight / WEIGHT_FACTOR,
    metadata: { ...othersOf(instance), ...instance.metadata },
  };
}

/** Hosts of the instances that Nacos lists, as far as they are enabled and fit the query. */
export function hostsOf(instances: readonly unknown[], query: ServiceQuery): HostConfig[] {
  const others = Object.entries(othersOf(query));
  return instances.flatMap((each) => {
    const host = hostOf(each);
    const fits = others.every(([key, value]) => host?.metadata?.[key] === value);
    return host !== undefined && fits ? [host] : [];
  });
}

function othersOf({ parameters }: ServiceQuery): Record<string, string> {
  const { namespace: _namespace, group: _group, cluster: _cluster, ...others } = parameters;
  return others;
}

function hostOf(instance: unknown): HostConfig | undefined {
  if (!isRecord(instance) || instance["enabled"] === false) return undefined;
  const { ip, port, weight = 1, healthy, clusterName } = instance;
  if (typeof ip !== "string" || typeof port !== "number" || ip === "") return undefined;
  const given = isRecord(instance["metadata"]) ? instance["metadata"] : {};
  const metadata = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, String(value)]),
  );
  if (typeof clusterName === "string") metadata["cluster"] ??= clusterName;
  const { zone } = metadata;
  return {
    address: joinAddress(ip, port),
    weight: Math.max(0, Math.min(MAX_WEIGHT, Math.round(Number(weight) * WEIGHT_FACTOR) || 0)),
    metadata,
    ...(healthy === false && { healthy }),
    ...(zone !== undefined && { zone }),
  };
}
