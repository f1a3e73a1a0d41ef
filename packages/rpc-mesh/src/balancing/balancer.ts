import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";

/** Chooses one of the hosts of a group. It knows nothing of health: it is told whom to choose from. */
export interface Balancer {
  /**
   * All hosts of the group, whatever their health: for tables that must not change when health does. Called when the
   * hosts of the cluster change, always before {@link setLive}.
   */
  setHosts?(hosts: readonly Host[]): void;
  /** The hosts to choose from until the next call. Called when they change, never per pick. */
  setLive(live: readonly Host[]): void;
  /** A host that was not tried yet if there is one, otherwise any; undefined: there are no hosts. */
  pick(context: PickContext): Host | undefined;
  /** Gives up background work. */
  close?(): void;
}

/** Whether a host had its chance in this call. */
export function isTried(host: Host, context: PickContext): boolean {
  return context.tried.length > 0 && context.tried.includes(host);
}

/** The first untried host from a position on, otherwise the host at that position. */
export function untriedFrom(
  hosts: readonly Host[],
  start: number,
  context: PickContext,
): Host | undefined {
  for (let i = 0; i < hosts.length; i += 1) {
    const host = hosts[(start + i) % hosts.length];
    if (host !== undefined && !isTried(host, context)) return host;
  }
  return hosts[start % hosts.length];
}
