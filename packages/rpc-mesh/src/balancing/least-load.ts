import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import type { Random } from "../clock.ts";
import type { BalancerConfig } from "../model/cluster.ts";
import type { Balancer } from "./balancer.ts";
import { LoadedRoundRobin } from "./loaded-round-robin.ts";
import type { SlowStart } from "./slow-start.ts";
import { bestOf, type ChoiceRules } from "./two-choices.ts";

/** Load of a host: calls under way, or connections. */
export type LoadOf = (host: Host) => number;

/**
 * Least request and least connection, as in Envoy and MOSN: with equal weights the least loaded of `choices` random
 * hosts, with different weights a weighted round robin whose weights shrink with the load.
 */
export class LeastLoad implements Balancer {
  readonly #rules: ChoiceRules;
  readonly #weighted: LoadedRoundRobin;
  #live: readonly Host[] = [];
  #equal = true;

  constructor(config: BalancerConfig, loadOf: LoadOf, random: Random, slowStart?: SlowStart) {
    this.#weighted = new LoadedRoundRobin(config.activeRequestBias, loadOf, random, slowStart);
    this.#rules = {
      choices: config.choices,
      slowStart,
      costOf: loadOf,
      draw: () => Math.floor(random() * this.#live.length),
    };
  }

  setLive(live: readonly Host[]): void {
    this.#live = live;
    this.#equal = live.every((host) => host.weight === live[0]?.weight);
    if (this.#equal) this.#rules.slowStart?.setLive(live);
    else this.#weighted.setLive(live);
  }

  pick(context: PickContext): Host | undefined {
    return this.#equal ? bestOf(this.#rules, this.#live, context) : this.#weighted.pick(context);
  }
}
