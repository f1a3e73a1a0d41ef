import type {
  BalancerConfig,
  LocalityConfig,
  SlowStartConfig,
  SubsetConfig,
} from "../model/cluster.ts";
import type { ConfigNode } from "./config-node.ts";
import { defaultBalancer } from "./defaults.ts";
import { balancerNames } from "./names.ts";

/**
 * Reads how hosts of a cluster are chosen.
 *
 * @param zone the mesh's own
 * @param hashed whether a route to the cluster has a hash policy: then a cluster that names no algorithm uses maglev
 */
export function readBalancer(
  node: ConfigNode,
  zone: string | undefined,
  hashed: boolean,
): BalancerConfig {
  const settings = node.child("lb_config") ?? node.child("lbconfig");
  const base = defaultBalancer;
  const named = node.meaning("lb_type", balancerNames);
  const tableSize = settings?.integer("table_size", { min: 3, max: 5_000_011 }) ?? base.tableSize;
  if (!isPrime(tableSize)) settings?.fault("table_size", "must be a prime number");
  const minRingSize = settings?.integer("minimum_ring_size", { min: 1 }) ?? base.minRingSize;
  const maxRingSize = settings?.integer("maximum_ring_size", { min: 1 }) ?? base.maxRingSize;
  if (minRingSize > maxRingSize)
    settings?.fault("minimum_ring_size", `must be at most ${maxRingSize}`);
  settings?.unserved(["client_error_bias", "server_error_bias"]);
  return {
    policy: named ?? (hashed ? "maglev" : base.policy),
    choices: settings?.integer("choice_count", { min: 2, max: 100 }) ?? base.choices,
    activeRequestBias: settings?.number("active_request_bias") ?? base.activeRequestBias,
    decayMs: settings?.duration("decay") ?? base.decayMs,
    defaultRttMs: settings?.duration("default_rtt") ?? base.defaultRttMs,
    minRingSize,
    maxRingSize,
    tableSize,
    slowStart: readSlowStart(node.child("slow_start")),
    locality: readLocality(node, zone),
    panicThreshold: node.number("panic_threshold", { max: 100 }) ?? base.panicThreshold,
  };
}

function readSlowStart(node: ConfigNode | undefined): SlowStartConfig | undefined {
  if (node === undefined) return undefined;
  node.meaning("mode", { duration: true, "": true });
  const windowMs = node.duration("slow_start_duration") ?? 0;
  // MOSN writes a share of 1 here.
  const share = node.number("min_weight_percent", { max: 100 }) ?? 0.1;
  return windowMs === 0
    ? undefined
    : {
        windowMs,
        aggression: node.number("aggression", { min: 0.01 }) ?? 1,
        minWeightPercent: share <= 1 ? share * 100 : share,
      };
}

function readLocality(node: ConfigNode, zone: string | undefined): LocalityConfig | undefined {
  if (node.raw("locality") === false) return undefined;
  const settings = node.child("locality");
  const own = settings?.text("zone") ?? zone;
  if (own === undefined) {
    settings?.fault("zone", "is missing: give it here or as mesh.zone");
    return undefined;
  }
  return {
    zone: own,
    failover: settings?.texts("failover") ?? [],
    spillPercent: settings?.number("spill_percent", { max: 100 }) ?? 70,
  };
}

/** Reads `lb_subset_config`. */
export function readSubsets(node: ConfigNode | undefined): SubsetConfig | undefined {
  if (node === undefined || node.keys().length === 0) return undefined;
  const fallbacks = { 0: "none", 1: "any", 2: "default", none: "none", any: "any", default: "default" } as const; // prettier-ignore
  const selectors = node.raw("subset_selectors") ?? [];
  if (!Array.isArray(selectors) || !selectors.every(isKeyList)) {
    node.fault("subset_selectors", "must be a list of lists of keys");
    return undefined;
  }
  return {
    fallback: node.meaning<SubsetConfig["fallback"]>("fall_back_policy", fallbacks) ?? "none",
    default: node.labels("default_subset") ?? {},
    selectors,
  };
}

function isKeyList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === "string");
}

function isPrime(n: number): boolean {
  for (let i = 2; i * i <= n; i += 1) if (n % i === 0) return false;
  return n > 1;
}
