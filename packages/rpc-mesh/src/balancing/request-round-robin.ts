import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import { type Balancer, isTried, untriedFrom } from "./balancer.ts";

/**
 * Primary and backups: every call starts with the first host, each retry takes the next one in the order of the
 * configuration (MOSN's LB_REQUEST_ROUNDROBIN). When all were tried it starts over.
 */
export class RequestRoundRobin implements Balancer {
  #live: readonly Host[] = [];

  setLive(live: readonly Host[]): void {
    this.#live = live;
  }

  pick(context: PickContext): Host | undefined {
    const host = untriedFrom(this.#live, 0, context);
    if (host === undefined || !isTried(host, context)) return host;
    return this.#live[context.tried.length % this.#live.length];
  }
}
