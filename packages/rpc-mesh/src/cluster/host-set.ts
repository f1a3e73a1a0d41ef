import { type Balancer, isTried } from "../balancing/balancer.ts";
import { mix32 } from "../balancing/hashing.ts";
import type { Random } from "../clock.ts";
import type { BalancerConfig } from "../model/cluster.ts";
import { groupBy } from "./group-by.ts";
import { Group } from "./group.ts";
import type { Host } from "./host.ts";
import { Level } from "./level.ts";
import type { PickContext } from "./pick.ts";

/** Counts changes of health in a cluster, so that its sets know when to look again. */
export interface HealthVersion {
  value: number;
}

/** What a host set needs from its cluster. */
export interface HostSetOptions {
  readonly config: BalancerConfig;
  readonly random: Random;
  readonly health: HealthVersion;
  readonly createBalancer: () => Balancer;
}

/** Who gets calls at the present state of health. */
interface Plan {
  readonly groups: readonly Group[];
  /** Upper end of each group's part of [0, 1). */
  readonly ends: readonly number[];
  /** For calls that have tried everything in the groups. */
  readonly spare: readonly Group[];
}

/**
 * Hosts to choose from: a whole cluster or a subset. Chooses priority and zone, then leaves the choice to a balancer.
 *
 * The first priority whose share of fit hosts reaches the panic threshold is used. When none does, the one with the
 * largest share is used and health is ignored there (panic), as the fit hosts could not bear the load. Hosts of weight 0
 * are used when no other host is fit. Who is fit is looked up when health has changed, not per pick.
 */
export class HostSet {
  readonly #options: HostSetOptions;
  readonly #standby: Group;
  #levels: readonly Level[] = [];
  #plan: Plan | undefined;
  #seen = -1;

  constructor(options: HostSetOptions) {
    this.#options = options;
    this.#standby = new Group(options.createBalancer);
  }

  setHosts(hosts: readonly Host[]): void {
    const weighted = hosts.filter((host) => host.weight > 0);
    // When no host has a weight they are all alike.
    const [users, standby] = weighted.length === 0 ? [hosts, []] : [weighted, weightless(hosts)];
    this.#standby.setHosts(standby);
    this.#setLevels(groupBy(users, (host) => host.config.priority ?? 0));
    this.#plan = undefined;
  }

  pick(context: PickContext): Host | undefined {
    const plan =
      this.#plan === undefined || this.#seen !== this.#options.health.value
        ? this.#refresh()
        : this.#plan;
    const host = this.#group(plan, context)?.pick(context);
    if (host !== undefined && !isTried(host, context)) return host;
    return this.#elsewhere(plan, context) ?? host;
  }

  /** Does now what the first pick would have to do, tables included. */
  prepare(): void {
    for (const group of this.#refresh().groups) group.prepare();
  }

  close(): void {
    this.#standby.close();
    for (const level of this.#levels) level.close();
  }

  #setLevels(byPriority: ReadonlyMap<number, readonly Host[]>): void {
    const { config, createBalancer } = this.#options;
    const old = new Map(this.#levels.map((level) => [level.priority, level]));
    const priorities = [...byPriority.keys()].sort((a, b) => a - b);
    this.#levels = priorities.map((priority) => {
      const level = old.get(priority) ?? new Level(priority, config.locality, createBalancer);
      old.delete(priority);
      level.setHosts(byPriority.get(priority) ?? []);
      return level;
    });
    for (const level of old.values()) level.close();
  }

  #refresh(): Plan {
    const { config, health } = this.#options;
    this.#seen = health.value;
    for (const level of this.#levels) level.refresh(config.panicThreshold);
    this.#standby.setLive(this.#standby.hosts.filter((host) => host.unfit === 0));
    const chosen = this.#levels.find((level) => level.sufficient);
    const plan = chosen === undefined ? this.#without() : this.#of(chosen);
    this.#plan = plan;
    return plan;
  }

  #of(level: Level): Plan {
    const groups = level.zones.filter((_, index) => level.loads[index] !== 0);
    const loads = level.loads.filter((load) => load !== 0);
    let end = 0;
    const ends = loads.map((load) => (end += load));
    return { groups, ends, spare: this.#spare(groups) };
  }

  /** No priority has enough fit hosts. */
  #without(): Plan {
    const byShare = this.#levels.toSorted((a, b) => b.fitShare - a.fitShare);
    const someFit = (byShare[0]?.fitShare ?? 0) > 0;
    if (!someFit && this.#standby.live.length > 0) return only(this.#standby, []);
    if (this.#options.config.panicThreshold <= 0) return { groups: [], ends: [], spare: [] };
    for (const level of byShare) {
      const group = level.panic();
      if (group !== undefined) return only(group, this.#spare([]));
    }
    return { groups: [], ends: [], spare: [] };
  }

  #spare(used: readonly Group[]): Group[] {
    const zones = this.#levels.flatMap((level) => level.zones);
    return zones.filter((zone) => zone.live.length > 0 && !used.includes(zone));
  }

  #group(plan: Plan, context: PickContext): Group | undefined {
    if (plan.groups.length <= 1) return plan.groups[0];
    // A hashed request stays with its zone as it stays with its host.
    const { hash } = context;
    const at = hash === undefined ? this.#options.random() : mix32(hash ^ 0x5bd1e995) / 2 ** 32;
    const index = plan.ends.findIndex((end) => at < end);
    return plan.groups[index < 0 ? plan.groups.length - 1 : index];
  }

  /** The group that was drawn has only hosts that the call has tried: any other is better than one of these. */
  #elsewhere(plan: Plan, context: PickContext): Host | undefined {
    for (const groups of [plan.groups, plan.spare]) {
      for (const group of groups) {
        const host = group.pick(context);
        if (host !== undefined && !isTried(host, context)) return host;
      }
    }
    return undefined;
  }
}

function weightless(hosts: readonly Host[]): Host[] {
  return hosts.filter((host) => host.weight === 0);
}

function only(group: Group, spare: readonly Group[]): Plan {
  return { groups: [group], ends: [1], spare };
}
