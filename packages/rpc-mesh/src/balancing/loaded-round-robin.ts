import type { Host } from "../cluster/host.ts";
import type { Random } from "../clock.ts";
import type { LoadOf } from "./least-load.ts";
import { Schedule } from "./schedule.ts";
import type { SlowStart } from "./slow-start.ts";
import { weightOf } from "./weighted-round-robin.ts";

/**
 * Weighted round robin whose weights follow the load: after each turn the next is due (load + 1)^bias / weight later, so
 * a host gets a share in proportion to weight / (load + 1)^bias (Envoy's weighted least request).
 */
export class LoadedRoundRobin extends Schedule {
  readonly #bias: number;
  readonly #loadOf: LoadOf;

  constructor(bias: number, loadOf: LoadOf, random: Random, slowStart?: SlowStart) {
    super(random, slowStart);
    this.#bias = bias;
    this.#loadOf = loadOf;
  }

  protected override firstAfter(now: number, host: Host): number {
    // Anywhere in the first interval, as if the schedule had been running for ever.
    return now + this.random() * this.#interval(host);
  }

  protected override nextAfter(now: number, host: Host): number {
    return now + this.#interval(host);
  }

  #interval(host: Host): number {
    const load = this.#loadOf(host) + 1;
    return (this.#bias === 1 ? load : load ** this.#bias) / weightOf(host);
  }
}
