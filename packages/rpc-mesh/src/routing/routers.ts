import type { RouterConfig } from "../model/route.ts";
import { Router } from "./router.ts";

/** The routers by name. A call that has its router keeps it; the next one gets the new one. */
export class Routers {
  #routers: ReadonlyMap<string, Router> = new Map();

  get(name: string): Router | undefined {
    return this.#routers.get(name);
  }

  all(): Iterable<Router> {
    return this.#routers.values();
  }

  /** Replaces all routers at once; one whose configuration is the same object stays. */
  apply(configs: readonly RouterConfig[]): void {
    const before = this.#routers;
    this.#routers = new Map(
      configs.map((config) => {
        const old = before.get(config.name);
        return [config.name, old?.config === config ? old : new Router(config)];
      }),
    );
  }
}
