// Random histories of a cluster, and what must hold for every pick whatever has happened.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clusterOf, contextOf } from "../balancing/testing/simulation.ts";
import type { BalancerConfig, BalancerPolicy } from "../model/cluster.ts";
import type { HostConfig } from "../model/host.ts";
import { SimulatedClock } from "../resilience/testing/simulation.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { Background } from "./background.ts";
import { Cluster } from "./cluster.ts";
import { type Host, Unfit } from "./host.ts";
import type { PickContext } from "./pick.ts";

const POLICIES: readonly BalancerPolicy[] = [
  "round_robin",
  "random",
  "weighted_round_robin",
  "least_request",
  "least_connection",
  "peak_ewma",
  "ring_hash",
  "maglev",
  "request_round_robin",
];

describe("Cluster.pick after any history", () => {
  for (const policy of POLICIES) {
    it(`keeps its promises with ${policy}`, async () => {
      for (let seed = 1; seed <= 12; seed += 1) await new History(policy, seed).run(60);
    });
  }
});

/** A cluster to which things happen. */
class History {
  readonly #random: () => number;
  readonly #policy: BalancerPolicy;
  readonly #clock = new SimulatedClock();
  readonly #background = new Background();
  readonly #cluster: Cluster;

  constructor(policy: BalancerPolicy, seed: number) {
    this.#random = seededRandom(seed);
    this.#policy = policy;
    const options = { clock: this.#clock, random: this.#random, background: this.#background };
    this.#cluster = new Cluster(this.#config(), options);
  }

  async run(events: number): Promise<void> {
    for (let event = 0; event < events; event += 1) {
      this.#event();
      for (let call = 0; call < 8; call += 1) this.#call();
      if (this.#below(4) === 0) await this.#background.idle();
    }
    this.#cluster.close();
  }

  #event(): void {
    this.#clock.advance(this.#below(20_000));
    const what = this.#below(10);
    if (what < 2) this.#cluster.setHosts(this.#hostConfigs());
    else if (what === 2) this.#cluster.update(this.#config());
    else {
      const host = this.#cluster.hosts[this.#below(this.#cluster.hosts.length)];
      if (host === undefined) return;
      host.unfit = this.#below(3) === 0 ? 0 : host.unfit | (1 << this.#below(5));
      this.#cluster.fitChanged(host);
    }
  }

  #call(): void {
    const { hosts } = this.#cluster;
    const tried = hosts.filter(() => this.#below(4) === 0);
    const hash = this.#below(3) === 0 ? undefined : this.#below(2 ** 32);
    const context = contextOf({ hash, tried });
    const host = this.#cluster.pick(context);
    if (host === undefined) this.#checkNone();
    else this.#check(host, context);
    if (host !== undefined) host.active = this.#below(4);
  }

  /** Nothing is picked only when nothing can be. */
  #checkNone(): void {
    const { hosts, config } = this.#cluster;
    const able = config.balancer.panicThreshold > 0 ? Unfit.BREAKER : ~0;
    assert.ok(
      hosts.every((host) => host.unfit !== 0),
      "no host is fit",
    );
    assert.ok(
      users(hosts).every((host) => (host.unfit & able) !== 0),
      "no host is there for a panic",
    );
  }

  #check(host: Host, { tried }: PickContext): void {
    const { hosts, config } = this.#cluster;
    const fit = hosts.filter((each) => each.unfit === 0);
    const weighted = fit.filter((each) => each.weight > 0);
    assert.ok(hosts.includes(host) && !host.removed, "the host is in the cluster");
    assert.equal(host.unfit & Unfit.BREAKER, 0, "its breaker is closed");
    if (host.unfit !== 0) assert.ok(config.balancer.panicThreshold > 0 && this.#isPanic(), "an unfit host only in a panic"); // prettier-ignore
    const preferred = hosts.some((each) => each.weight > 0) ? weighted : fit;
    if (host.weight === 0) assert.ok(preferred === fit || weighted.length === 0, "weight 0 only when no other lives"); // prettier-ignore
    if (tried.includes(host)) assert.ok(preferred.every((each) => tried.includes(each)), "a tried host only when no other is left"); // prettier-ignore
  }

  /** No priority has its share of fit hosts. Zones can only make a panic rarer. */
  #isPanic(): boolean {
    const { hosts, config } = this.#cluster;
    const all = users(hosts);
    const priorities = new Set(all.map((host) => host.config.priority ?? 0));
    return [...priorities].every((priority) => {
      const level = all.filter((host) => (host.config.priority ?? 0) === priority);
      const share = level.filter((host) => host.unfit === 0).length / level.length;
      return share * 100 < config.balancer.panicThreshold;
    });
  }

  #config(): ReturnType<typeof clusterOf> {
    const balancer: Partial<BalancerConfig> = {
      policy: this.#policy,
      choices: 1 + this.#below(3),
      panicThreshold: this.#below(2) * 50,
      minRingSize: 128,
      tableSize: 251,
      locality: this.#below(2) === 0 ? undefined : { zone: "a", failover: ["b"], spillPercent: 70 },
      slowStart: this.#below(2) === 0 ? undefined : { windowMs: 60_000, aggression: 1, minWeightPercent: 10 }, // prettier-ignore
    };
    return clusterOf(balancer);
  }

  #hostConfigs(): HostConfig[] {
    const zones = ["a", "b", "c", undefined];
    const size = this.#below(4) === 0 ? 60 : 10;
    const all = Array.from({ length: this.#below(size) }, () => ({
      address: `10.0.0.${this.#below(size)}:80`,
      weight: this.#below(3) === 0 ? 0 : 1 + this.#below(2) * this.#below(200),
      priority: this.#below(4) === 0 ? 1 : 0,
      zone: zones[this.#below(4)],
      healthy: this.#below(6) > 0,
    }));
    return all;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** Hosts that are meant to be used: those with a weight, or all when none has one. */
function users(hosts: readonly Host[]): readonly Host[] {
  const weighted = hosts.filter((host) => host.weight > 0);
  return weighted.length > 0 ? weighted : hosts;
}
