import type { Any } from "@bufbuild/protobuf/wkt";
import type { LoadBalancingPolicy } from "@layotto/proto/envoy/config/cluster/v3/cluster";
import type { LocalityLbConfig } from "@layotto/proto/envoy/extensions/load_balancing_policies/common/v3/common";
import { LeastRequestSchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/least_request/v3/least_request";
import { MaglevSchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/maglev/v3/maglev";
import { RingHashSchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash";
import { RoundRobinSchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin";
import { WrrLocalitySchema } from "@layotto/proto/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality";
import { ResourceFault } from "../resource.ts";
import { type BalancerPart, leastRequest, maglev, ringHash, slowStartOf } from "./balancer-part.ts";
import { decode, typeOf } from "./extension.ts";

const prefix = "envoy.extensions.load_balancing_policies";

/** How deep policies may wrap each other. */
const maxDepth = 8;

/** The first policy that is known here. @throws ResourceFault when none is */
export function readPolicies({ policies }: LoadBalancingPolicy, depth = 0): BalancerPart {
  if (depth > maxDepth) throw new ResourceFault("load_balancing_policy is nested too deep");
  const names: string[] = [];
  for (const { typedExtensionConfig } of policies) {
    const any = typedExtensionConfig?.typedConfig;
    const part = any === undefined ? undefined : readPolicy(any, depth);
    if (part !== undefined) return part;
    names.push(any === undefined ? (typedExtensionConfig?.name ?? "") : typeOf(any));
  }
  throw new ResourceFault(`load_balancing_policy names no policy known here: ${names.join(", ")}`);
}

function readPolicy(any: Any, depth: number): BalancerPart | undefined {
  switch (typeOf(any)) {
    case `${prefix}.round_robin.v3.RoundRobin`: {
      const { slowStartConfig, localityLbConfig } = decode(RoundRobinSchema, any.value);
      const slowStart = slowStartOf(slowStartConfig);
      return { policy: "weighted_round_robin", slowStart, ...zoneOf(localityLbConfig) };
    }
    case `${prefix}.least_request.v3.LeastRequest`: {
      const settings = decode(LeastRequestSchema, any.value);
      const bias = settings.activeRequestBias?.defaultValue;
      const part = leastRequest(settings.choiceCount, bias, settings.slowStartConfig);
      return { ...part, ...zoneOf(settings.localityLbConfig) };
    }
    case `${prefix}.ring_hash.v3.RingHash`: {
      const settings = decode(RingHashSchema, any.value);
      return ringHash(settings.minimumRingSize, settings.maximumRingSize);
    }
    case `${prefix}.maglev.v3.Maglev`:
      return maglev(decode(MaglevSchema, any.value).tableSize);
    case `${prefix}.random.v3.Random`:
      return { policy: "random" };
    case `${prefix}.wrr_locality.v3.WrrLocality`: {
      // Weights of localities are in those of the hosts already.
      const inner = decode(WrrLocalitySchema, any.value).endpointPickingPolicy;
      return inner === undefined ? undefined : readPolicies(inner, depth + 1);
    }
    default:
      return undefined;
  }
}

function zoneOf(config: LocalityLbConfig | undefined): BalancerPart {
  if (config === undefined) return {};
  return { zoneAware: config.localityConfigSpecifier.case === "zoneAwareLbConfig" };
}
