import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import type { MeshClock, Random } from "../clock.ts";
import type { BalancerConfig } from "../model/cluster.ts";
import type { Balancer } from "./balancer.ts";
import type { SlowStart } from "./slow-start.ts";
import { bestOf, type ChoiceRules } from "./two-choices.ts";
import { WeightedDraw } from "./weighted-draw.ts";

/**
 * Takes in the latency of a call. A latency above the estimate replaces it at once (the peak), one below moves it by
 * w = exp(−t / decay) with t the time since the last one: estimate := estimate × w + latency × (1 − w). So trouble is
 * believed immediately and its end only bit by bit (Finagle's and Linkerd's PeakEwma).
 *
 * @param ms latency of the call
 * @param decayMs time constant
 * @param nowMs monotonic
 */
export function recordLatency(host: Host, ms: number, decayMs: number, nowMs: number): void {
  if (host.ewmaMs < 0 || ms >= host.ewmaMs) host.ewmaMs = ms;
  else {
    const keep = Math.exp(-Math.max(0, nowMs - host.ewmaAt) / decayMs);
    host.ewmaMs = host.ewmaMs * keep + ms * (1 - keep);
  }
  host.ewmaAt = nowMs;
}

/**
 * What a call on a host would cost, ms: estimate × exp(−t / decay) × (calls under way + 1). The estimate fades while
 * nothing new is heard, so that a host that was slow once gets a call again some day. A host of which nothing is known
 * is taken for `defaultRttMs`.
 */
export function ewmaCost(
  host: Host,
  config: Pick<BalancerConfig, "decayMs" | "defaultRttMs">,
  nowMs: number,
): number {
  if (host.ewmaMs < 0) return config.defaultRttMs * (host.active + 1);
  const fade = Math.exp(-Math.max(0, nowMs - host.ewmaAt) / config.decayMs);
  return host.ewmaMs * fade * (host.active + 1);
}

/** Of `choices` hosts the one with the least {@link ewmaCost}. Weights say how often a host is a candidate. */
export class PeakEwma implements Balancer {
  readonly #config: BalancerConfig;
  readonly #clock: MeshClock;
  readonly #rules: ChoiceRules;
  readonly #draw: WeightedDraw;
  #live: readonly Host[] = [];
  #nowMs = 0;

  constructor(config: BalancerConfig, clock: MeshClock, random: Random, slowStart?: SlowStart) {
    this.#config = config;
    this.#clock = clock;
    this.#draw = new WeightedDraw(random);
    this.#rules = {
      choices: config.choices,
      slowStart,
      costOf: (host) => ewmaCost(host, this.#config, this.#nowMs),
      draw: () => this.#draw.next(),
    };
  }

  setLive(live: readonly Host[]): void {
    this.#live = live;
    this.#draw.setWeights(live.map((host) => host.weight));
    this.#rules.slowStart?.setLive(live);
  }

  pick(context: PickContext): Host | undefined {
    this.#nowMs = this.#clock.monotonic();
    return bestOf(this.#rules, this.#live, context);
  }
}
