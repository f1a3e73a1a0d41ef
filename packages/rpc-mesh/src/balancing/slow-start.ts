import type { Host } from "../cluster/host.ts";
import type { MeshClock, Random } from "../clock.ts";
import type { SlowStartConfig } from "../model/cluster.ts";

/** Share of its normal load that a host gets at an age: max(age / window, min weight)^(1 / aggression), at most 1. */
export function rampFactor(config: SlowStartConfig, ageMs: number): number {
  if (ageMs >= config.windowMs) return 1;
  const linear = Math.max(ageMs / config.windowMs, config.minWeightPercent / 100);
  return Math.min(1, linear ** (1 / config.aggression));
}

/**
 * Lets new hosts take up their load step by step, by thinning: the policy chooses as ever, and a choice that falls on
 * a new host is kept only with the probability of its ramp. That works with every policy, follows the time exactly
 * (Envoy's recalculated weights lag behind by one turn of the schedule) and needs no timer. The ramp is relative to the
 * oldest host, so when all are new, as after a start, none is held back.
 */
export class SlowStart {
  readonly #config: SlowStartConfig;
  readonly #clock: MeshClock;
  readonly #random: Random;
  #oldest = 0;
  #youngest = 0;
  #warming = false;

  constructor(config: SlowStartConfig, clock: MeshClock, random: Random) {
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
  }

  /** The hosts among which the choice is. */
  setLive(live: readonly Host[]): void {
    this.#oldest = Infinity;
    this.#youngest = -Infinity;
    for (const host of live) {
      this.#oldest = Math.min(this.#oldest, host.joinedAt);
      this.#youngest = Math.max(this.#youngest, host.joinedAt);
    }
    this.#warming = this.#youngest > this.#oldest;
  }

  /** Whether a choice that fell on this host is kept. */
  admits(host: Host): boolean {
    if (!this.#warming) return true;
    const now = this.#clock.monotonic();
    if (now - this.#youngest >= this.#config.windowMs) {
      this.#warming = false;
      return true;
    }
    const factor = rampFactor(this.#config, now - host.joinedAt);
    if (factor === 1) return true;
    return this.#random() * rampFactor(this.#config, now - this.#oldest) < factor;
  }
}
