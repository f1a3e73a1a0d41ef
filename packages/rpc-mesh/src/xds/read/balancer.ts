import {
  type Cluster,
  Cluster_DiscoveryType as Discovery,
  Cluster_LbPolicy as Policy,
} from "@layotto/proto/envoy/config/cluster/v3/cluster";
import { defaultBalancer } from "../../config/defaults.ts";
import type { BalancerConfig, LocalityConfig } from "../../model/cluster.ts";
import { type ReadContext, ResourceFault } from "../resource.ts";
import { type BalancerPart, leastRequest, maglev, ringHash, slowStartOf } from "./balancer-part.ts";
import { readPolicies } from "./balancing-policy.ts";

/** Reads `load_balancing_policy`, or `lb_policy` with its settings. @throws ResourceFault */
export function readBalancer(cluster: Cluster, { zone }: ReadContext): BalancerConfig {
  const newer = cluster.loadBalancingPolicy;
  const part = newer === undefined ? readPolicy(cluster) : readPolicies(newer);
  const common = cluster.commonLbConfig;
  const older = common?.localityConfigSpecifier.case === "zoneAwareLbConfig";
  const { zoneAware = older, ...rest } = part;
  return {
    ...defaultBalancer,
    ...rest,
    locality: zoneAware && zone !== undefined ? localityOf(zone) : undefined,
    panicThreshold: common?.healthyPanicThreshold?.value ?? defaultBalancer.panicThreshold,
  };
}

function localityOf(zone: string): LocalityConfig {
  return { zone, failover: [], spillPercent: 70 };
}

function isOriginal({ clusterDiscoveryType: { case: kind, value } }: Cluster): boolean {
  return kind === "type" && value === Discovery.ORIGINAL_DST;
}

function readPolicy(cluster: Cluster): BalancerPart {
  const { lbConfig: config } = cluster;
  switch (cluster.lbPolicy) {
    case Policy.ROUND_ROBIN: {
      const settings = config.case === "roundRobinLbConfig" ? config.value : undefined;
      // Weights count there, and where there are none it is the same.
      return { policy: "weighted_round_robin", slowStart: slowStartOf(settings?.slowStartConfig) };
    }
    case Policy.LEAST_REQUEST: {
      const settings = config.case === "leastRequestLbConfig" ? config.value : undefined;
      return leastRequest(
        settings?.choiceCount,
        settings?.activeRequestBias?.defaultValue,
        settings?.slowStartConfig,
      );
    }
    case Policy.RING_HASH: {
      const settings = config.case === "ringHashLbConfig" ? config.value : undefined;
      return ringHash(settings?.minimumRingSize, settings?.maximumRingSize);
    }
    case Policy.MAGLEV:
      return maglev(config.case === "maglevLbConfig" ? config.value.tableSize : undefined);
    case Policy.RANDOM:
      return { policy: "random" };
    case Policy.CLUSTER_PROVIDED:
      // Its clusters are those of source.ts that get no hosts.
      if (isOriginal(cluster)) return {};
      throw new ResourceFault("lb_policy CLUSTER_PROVIDED is for clusters of type ORIGINAL_DST");
    default:
      throw new ResourceFault(`lb_policy ${String(cluster.lbPolicy)} is not supported`);
  }
}
