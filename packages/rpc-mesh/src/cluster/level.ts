import type { LocalityConfig } from "../model/cluster.ts";
import { groupBy } from "./group-by.ts";
import { Group } from "./group.ts";
import { type Host, Unfit } from "./host.ts";
import { spillLoads, zoneCapacity } from "./spill.ts";
import type { Balancer } from "../balancing/balancer.ts";

/** Hosts of one priority that have a weight, by zone. */
export class Level {
  readonly priority: number;
  /** By zone, in the order in which the zones are used; without a locality there is one. */
  zones: readonly Group[] = [];
  /** Load of each zone, 0 to 1. */
  loads: readonly number[] = [];
  /** Share of fit hosts, 0 to 1. */
  fitShare = 0;
  /** Whether the fit hosts can take all of the load. */
  sufficient = false;
  readonly #create: () => Balancer;
  readonly #locality: LocalityConfig | undefined;
  readonly #groups = new Map<number, Group>();
  readonly #panic: Group;
  #hosts: readonly Host[] = [];

  constructor(priority: number, locality: LocalityConfig | undefined, create: () => Balancer) {
    this.priority = priority;
    this.#locality = locality;
    this.#create = create;
    this.#panic = new Group(create);
  }

  setHosts(hosts: readonly Host[]): void {
    this.#hosts = hosts;
    this.#panic.setHosts(hosts);
    const byRank = groupBy(hosts, (host) => zoneRank(host.config.zone, this.#locality));
    for (const [rank, group] of this.#groups) {
      if (byRank.has(rank)) continue;
      group.close();
      this.#groups.delete(rank);
    }
    const ranks = [...byRank.keys()].sort((a, b) => a - b);
    this.zones = ranks.map((rank) => this.#zone(rank, byRank.get(rank) ?? []));
  }

  /** Looks at the health of all hosts again. */
  refresh(panicThreshold: number): void {
    let fit = 0;
    const shares = this.zones.map((zone) => {
      zone.setLive(zone.hosts.filter((host) => host.unfit === 0));
      fit += zone.live.length;
      return zone.live.length / zone.hosts.length;
    });
    const spillPercent = this.#locality?.spillPercent ?? 0;
    this.loads = spillLoads(shares, spillPercent);
    this.fitShare = fit / this.#hosts.length;
    const capacity = shares.reduce((sum, share) => sum + zoneCapacity(share, spillPercent), 0);
    const zonesSuffice = this.#locality !== undefined && capacity >= 1;
    this.sufficient = fit > 0 && (zonesSuffice || this.fitShare * 100 >= panicThreshold);
  }

  /** All hosts whatever their health, except where calls would surely be refused; undefined: there are none. */
  panic(): Group | undefined {
    const open = this.#hosts.filter((host) => (host.unfit & Unfit.BREAKER) === 0);
    const staying = open.filter((host) => (host.unfit & Unfit.DRAINING) === 0);
    // With one zone its group takes the others in, and hashed requests stay where they are.
    const [zone] = this.zones;
    const group = this.zones.length === 1 && zone !== undefined ? zone : this.#panic;
    group.setLive(staying.length > 0 ? staying : open);
    return open.length > 0 ? group : undefined;
  }

  close(): void {
    this.#panic.close();
    for (const group of this.#groups.values()) group.close();
  }

  #zone(rank: number, hosts: readonly Host[]): Group {
    let group = this.#groups.get(rank);
    if (group === undefined) {
      group = new Group(this.#create);
      this.#groups.set(rank, group);
    }
    group.setHosts(hosts);
    return group;
  }
}

/** Place of a zone in the order of use: the own one, those for failover, then all others alike. */
function zoneRank(zone: string | undefined, locality: LocalityConfig | undefined): number {
  if (locality === undefined || zone === locality.zone) return 0;
  const index = zone === undefined ? -1 : locality.failover.indexOf(zone);
  return index < 0 ? locality.failover.length + 1 : index + 1;
}
