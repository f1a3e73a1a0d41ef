import type { Cluster_SlowStartConfig } from "@layotto/proto/envoy/config/cluster/v3/cluster";
import { defaultBalancer } from "../../config/defaults.ts";
import type { BalancerConfig, SlowStartConfig } from "../../model/cluster.ts";
import { ResourceFault } from "../resource.ts";
import { millis } from "./values.ts";

/** What a policy says; the rest has defaults. */
export type BalancerPart = { -readonly [K in keyof BalancerConfig]?: BalancerConfig[K] } & {
  /** Hosts of the own zone go first. */
  zoneAware?: boolean;
};

/** Both shapes of the API give the same figures. */
export function leastRequest(
  choices: number | undefined,
  bias: number | undefined,
  slowStart: SlowStart | undefined,
): BalancerPart {
  return {
    policy: "least_request",
    choices: Math.max(2, choices ?? defaultBalancer.choices),
    activeRequestBias: bias ?? defaultBalancer.activeRequestBias,
    slowStart: slowStartOf(slowStart),
  };
}

/** @throws ResourceFault */
export function ringHash(min: bigint | undefined, max: bigint | undefined): BalancerPart {
  const maxRingSize = Number(max ?? defaultBalancer.maxRingSize);
  const minRingSize = Number(min ?? Math.min(defaultBalancer.minRingSize, maxRingSize));
  if (minRingSize > maxRingSize || maxRingSize > defaultBalancer.maxRingSize) {
    throw new ResourceFault(`the ring must have ${minRingSize} to 8388608 points: ${maxRingSize}`);
  }
  return { policy: "ring_hash", minRingSize, maxRingSize };
}

/** @throws ResourceFault */
export function maglev(size: bigint | undefined): BalancerPart {
  const tableSize = Number(size ?? defaultBalancer.tableSize);
  if (!isPrime(tableSize) || tableSize > 5_000_011) {
    throw new ResourceFault(`table_size must be a prime up to 5000011: it is ${tableSize}`);
  }
  return { policy: "maglev", tableSize };
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let i = 2; i * i <= number; i += 1) if (number % i === 0) return false;
  return true;
}

/** Both shapes of the API have these fields. */
type SlowStart = Pick<
  Cluster_SlowStartConfig,
  "slowStartWindow" | "aggression" | "minWeightPercent"
>;

/** undefined: hosts get their full share at once. @throws ResourceFault */
export function slowStartOf(config: SlowStart | undefined): SlowStartConfig | undefined {
  const windowMs = millis(config?.slowStartWindow) ?? 0;
  if (config === undefined || windowMs <= 0) return undefined;
  const aggression = config.aggression?.defaultValue ?? 1;
  if (aggression <= 0) throw new ResourceFault(`aggression must be above 0: it is ${aggression}`);
  return { windowMs, aggression, minWeightPercent: config.minWeightPercent?.value ?? 10 };
}
