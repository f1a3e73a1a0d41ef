import type { Background } from "../cluster/background.ts";
import type { MeshClock, Random } from "../clock.ts";
import type { BalancerConfig } from "../model/cluster.ts";
import type { Balancer } from "./balancer.ts";
import { ConsistentHash } from "./consistent-hash.ts";
import { LeastLoad } from "./least-load.ts";
import { maglevBuilder } from "./maglev.ts";
import { PeakEwma } from "./peak-ewma.ts";
import { RandomChoice } from "./random.ts";
import { RequestRoundRobin } from "./request-round-robin.ts";
import { ringBuilder } from "./ring.ts";
import { RoundRobin } from "./round-robin.ts";
import { SlowStart } from "./slow-start.ts";
import { WeightedRoundRobin } from "./weighted-round-robin.ts";

/** What balancers need from outside. */
export interface BalancerTools {
  readonly clock: MeshClock;
  readonly random: Random;
  /** Builds tables. */
  readonly background: Background;
}

/** Creates the balancer that a configuration names. Slow start plays no part where the choice is not free. */
export function createBalancer(config: BalancerConfig, tools: BalancerTools): Balancer {
  const { clock, random, background } = tools;
  const slowStart = config.slowStart && new SlowStart(config.slowStart, clock, random);
  switch (config.policy) {
    case "round_robin":
      return new RoundRobin(random, slowStart);
    case "random":
      return new RandomChoice(random, slowStart);
    case "weighted_round_robin":
      return new WeightedRoundRobin(random, slowStart);
    case "least_request":
      return new LeastLoad(config, (host) => host.active, random, slowStart);
    case "least_connection":
      return new LeastLoad(config, (host) => host.connections, random, slowStart);
    case "peak_ewma":
      return new PeakEwma(config, clock, random, slowStart);
    case "ring_hash":
      return new ConsistentHash(ringBuilder(config), background, random);
    case "maglev":
      return new ConsistentHash(maglevBuilder(config.tableSize), background, random);
    case "request_round_robin":
      return new RequestRoundRobin();
  }
}
