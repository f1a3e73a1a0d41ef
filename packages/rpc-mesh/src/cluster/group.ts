import type { Balancer } from "../balancing/balancer.ts";
import type { Host } from "./host.ts";
import type { PickContext } from "./pick.ts";

/** Hosts among which one balancer chooses: a zone of a priority, or all hosts in a panic. */
export class Group {
  hosts: readonly Host[] = [];
  /** Hosts that may be picked. */
  live: readonly Host[] = [];
  readonly #create: () => Balancer;
  #balancer: Balancer | undefined;
  #hostsStale = true;
  #liveStale = true;

  /** The balancer is only made when the group is used. */
  constructor(create: () => Balancer) {
    this.#create = create;
  }

  /** Replaces the hosts; {@link setLive} must follow. */
  setHosts(hosts: readonly Host[]): void {
    this.hosts = hosts;
    this.#hostsStale = true;
  }

  setLive(live: readonly Host[]): void {
    if (!this.#liveStale && sameHosts(live, this.live)) return;
    this.live = live;
    this.#liveStale = true;
  }

  pick(context: PickContext): Host | undefined {
    if (this.live.length === 0) return undefined;
    return (this.#liveStale || this.#hostsStale ? this.prepare() : this.#balancer)?.pick(context);
  }

  /** Brings the balancer up to date, so that the next pick need not. */
  prepare(): Balancer {
    const balancer = (this.#balancer ??= this.#create());
    if (this.#hostsStale) balancer.setHosts?.(this.hosts);
    if (this.#hostsStale || this.#liveStale) balancer.setLive(this.live);
    this.#hostsStale = false;
    this.#liveStale = false;
    return balancer;
  }

  close(): void {
    this.#balancer?.close?.();
  }
}

function sameHosts(left: readonly Host[], right: readonly Host[]): boolean {
  return left.length === right.length && left.every((host, index) => host === right[index]);
}
