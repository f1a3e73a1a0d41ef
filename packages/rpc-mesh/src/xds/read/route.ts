import {
  type Route,
  type RouteConfiguration,
  RouteConfigurationSchema,
  RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from "@layotto/proto/envoy/config/route/v3/route";
import type { RouteConfig, RouterConfig, VirtualHostConfig } from "../../model/route.ts";
import { type ReadContext, ResourceFault, Unsupported } from "../resource.ts";
import { splitMessage } from "../split-message.ts";
import { readDirect, readRedirect } from "./answer.ts";
import { decode } from "./extension.ts";
import { readRouteFault } from "./fault.ts";
import { readForward } from "./forward.ts";
import { readHeaders } from "./headers.ts";
import { readMatch } from "./match.ts";

const virtualHostsField = 2;
const routesField = 3;

/**
 * Reads a `RouteConfiguration`, one route at a time: it may have thousands.
 *
 * @param name for one that is part of a listener and has none
 * @throws ResourceFault
 */
export async function readRouter(
  bytes: Uint8Array,
  context: ReadContext,
  name = "",
): Promise<RouterConfig> {
  const { parts, rest } = splitMessage(bytes, virtualHostsField);
  const router = decode(RouteConfigurationSchema, rest);
  const virtualHosts: VirtualHostConfig[] = [];
  for (const part of parts) virtualHosts.push(await readVirtualHost(part, router, context));
  checkDomains(virtualHosts);
  const named = router.name === "" ? name : router.name;
  return { name: named, virtualHosts, headers: readHeaders(router, context) };
}

async function readVirtualHost(
  bytes: Uint8Array,
  router: RouteConfiguration,
  context: ReadContext,
): Promise<VirtualHostConfig> {
  const { parts, rest } = splitMessage(bytes, routesField);
  const host = decode(VirtualHostSchema, rest);
  if (host.domains.length === 0) {
    throw new ResourceFault(`domains of virtual host "${host.name}" must not be empty`);
  }
  const routes: RouteConfig[] = [];
  const names = new Set<string>();
  for (const [index, part] of parts.entries()) {
    if (context.slices.due) await context.slices.pause();
    const route = readRoute(decode(RouteSchema, part), `${host.name}/${index}`, {
      host,
      router,
      context,
    });
    if (route !== undefined) routes.push(withUniqueName(route, names, index));
  }
  const domains = host.domains.map((domain) => domain.toLowerCase());
  return { name: host.name, domains, routes, headers: readHeaders(host, context) };
}

function withUniqueName(route: RouteConfig, names: Set<string>, index: number): RouteConfig {
  const name = names.has(route.name) ? `${route.name}#${index}` : route.name;
  names.add(name);
  return name === route.name ? route : { ...route, name };
}

interface Around {
  readonly host: VirtualHost;
  readonly router: RouteConfiguration;
  readonly context: ReadContext;
}

/** undefined: a route that cannot be used here, with a warning; the others stand. */
function readRoute(route: Route, position: string, around: Around): RouteConfig | undefined {
  const name = route.name === "" ? position : route.name;
  const levels = [route, around.host, around.router].map((each) => each.typedPerFilterConfig);
  try {
    if (route.match === undefined) throw new ResourceFault("match must be there");
    return {
      name,
      match: readMatch(route.match),
      action: readAction(route, around),
      headers: readHeaders(route, around.context),
      fault: readRouteFault(levels, around.context),
      limits: {},
    };
  } catch (error) {
    if (error instanceof Unsupported) {
      around.context.warn(`route "${name}" is left out: ${error.message} is not supported`);
      return undefined;
    }
    if (!(error instanceof ResourceFault)) throw error;
    throw new ResourceFault(`route "${name}": ${error.message}`, { cause: error });
  }
}

function readAction({ action }: Route, { host, router, context }: Around): RouteConfig["action"] {
  switch (action.case) {
    case "route": {
      const own = host.requestMirrorPolicies;
      const mirrors = own.length > 0 ? own : router.requestMirrorPolicies;
      const { retryPolicy, hedgePolicy } = host;
      return readForward(action.value, { retryPolicy, hedgePolicy, mirrors }, context);
    }
    case "redirect":
      return readRedirect(action.value);
    case "directResponse":
      return readDirect(action.value);
    default:
      throw new Unsupported(action.case ?? "its action");
  }
}

/** A domain belongs to one virtual host. */
function checkDomains(hosts: readonly VirtualHostConfig[]): void {
  const owners = new Map<string, string>();
  for (const { name, domains } of hosts) {
    for (const domain of domains) {
      const owner = owners.get(domain);
      if (owner !== undefined) {
        throw new ResourceFault(`domain "${domain}" must be in one virtual host: "${owner}" and "${name}" have it`); // prettier-ignore
      }
      owners.set(domain, name);
    }
  }
}

const knownClusters = new WeakMap<RouterConfig, ReadonlySet<string>>();

/** Names of the clusters that a router sends to, as far as they are known before a request is there. */
export function clustersOf(router: RouterConfig): ReadonlySet<string> {
  let names = knownClusters.get(router);
  if (names === undefined) {
    names = findClusters(router);
    knownClusters.set(router, names);
  }
  return names;
}

function findClusters(router: RouterConfig): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { action } of router.virtualHosts.flatMap((host) => host.routes)) {
    if (action.type !== "forward") continue;
    if (action.cluster !== undefined) names.add(action.cluster);
    for (const { name } of action.weighted ?? []) names.add(name);
    for (const { cluster } of action.mirrors) names.add(cluster);
  }
  return names;
}
