import type { HostsListener } from "../component.ts";
import type { HostConfig } from "../model/host.ts";

/** Who wants to hear of the hosts of which service. */
export class EndpointWatches {
  private readonly listeners = new Map<string, Set<HostsListener>>();
  private readonly changed: () => void;

  /** @param changed is called when the services that are watched change */
  constructor(changed: () => void) {
    this.changed = changed;
  }

  get services(): Iterable<string> {
    return this.listeners.keys();
  }

  has(service: string): boolean {
    return this.listeners.has(service);
  }

  /** @returns how to stop */
  add(service: string, listener: HostsListener): () => void {
    // Its own function, so that one listener can follow twice.
    const own: HostsListener = (hosts) => listener(hosts);
    const known = this.listeners.get(service);
    if (known === undefined) {
      this.listeners.set(service, new Set([own]));
      this.changed();
    } else known.add(own);
    return () => this.remove(service, own);
  }

  tell(service: string, hosts: readonly HostConfig[]): void {
    for (const listener of [...(this.listeners.get(service) ?? [])]) listener(hosts);
  }

  private remove(service: string, listener: HostsListener): void {
    const known = this.listeners.get(service);
    if (known?.delete(listener) !== true || known.size > 0) return;
    this.listeners.delete(service);
    this.changed();
  }
}
