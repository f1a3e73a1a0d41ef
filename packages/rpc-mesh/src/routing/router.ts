import type { Random } from "../clock.ts";
import type { RequestView } from "../call/request.ts";
import type { RouterConfig, VirtualHostConfig } from "../model/route.ts";
import { DomainTable } from "./domains.ts";
import { RouteTable } from "./route-table.ts";
import { type Route, compileRoute } from "./route.ts";

export { hashOf } from "./hash.ts";
export { redirectLocation, rewritePath } from "./rewrite.ts";
export { chooseCluster, type ClusterChoice, type Route } from "./route.ts";

/** The routes of one router, prepared for matching. Never changes: a new configuration makes a new one. */
export class Router {
  readonly name: string;
  readonly config: RouterConfig;
  /** All routes, in the order of the configuration. */
  readonly routes: readonly Route[];
  readonly #hosts: DomainTable<RouteTable>;

  constructor(config: RouterConfig) {
    this.name = config.name;
    this.config = config;
    const compiled = config.virtualHosts.map((host) => ({
      host,
      routes: host.routes.map((route) => compileRoute(route, host, config)),
    }));
    this.routes = compiled.flatMap(({ routes }) => routes);
    this.#hosts = new DomainTable(compiled.flatMap(({ host, routes }) => entriesOf(host, routes)));
  }

  /** The route of a request: that which matches first in the virtual host that fits best. */
  match(request: RequestView, random: Random): Route | undefined {
    return this.#hosts.find(request.authority)?.find(request, random);
  }
}

function entriesOf(host: VirtualHostConfig, routes: readonly Route[]): [string, RouteTable][] {
  const table = new RouteTable(routes);
  return host.domains.map((domain) => [domain, table]);
}
