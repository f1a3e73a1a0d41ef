import type { RouteConfig, RouteLimits, RouterConfig, VirtualHostConfig } from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";
import { readDirect, readForward, readRedirect } from "./read-action.ts";
import { readFault } from "./read-fault.ts";
import { joinHeaders, readHeaders } from "./read-headers.ts";
import { readMatch } from "./read-match.ts";
import { readBreaker } from "./read-resilience.ts";

/** Reads one of `routers`, also as the filter `connection_manager` of older MOSN files has it. */
export function readRouter(node: ConfigNode): RouterConfig {
  const name = node.text("router_config_name") ?? node.need("name");
  if (node.has("router_configs")) {
    node.fault("router_configs", "is not supported: put the virtual hosts into the file");
  }
  const domains = new Map<string, number>();
  const names = new Set<string>();
  const virtualHosts = node.children("virtual_hosts").map((each, index) => {
    const host = readVirtualHost(each, index, names);
    for (const domain of host.domains) {
      const lower = domain.toLowerCase();
      if (domains.has(lower)) {
        each.fault(
          "domains",
          `"${domain}" belongs to virtual_hosts[${domains.get(lower)}] already`,
        );
      } else domains.set(lower, index);
    }
    return host;
  });
  return { name, virtualHosts, headers: readHeaders(node) };
}

function readVirtualHost(node: ConfigNode, index: number, names: Set<string>): VirtualHostConfig {
  const name = node.text("name") ?? `virtual_hosts[${index}]`;
  const domains = node.texts("domains");
  if (domains.length === 0 && !node.has("domains")) node.fault("domains", 'is missing, e.g. ["*"]');
  for (const domain of domains) {
    if (!isDomain(domain)) {
      node.fault(
        "domains",
        `"${domain}" must be a name like shop, shop:80, shop:*, *.example.com or *`,
      );
    }
  }
  if (node.has("require_tls") && node.raw("require_tls") !== "NONE") node.unserved(["require_tls"]);
  const key = node.has("routes") ? "routes" : "routers";
  const routes = node.children(key).map((each, i) => readRoute(each, `${name}/${i}`, names));
  return { name, domains, routes, headers: readHeaders(node) };
}

/** A star stands for the whole name or for its beginning. */
function isDomain(text: string): boolean {
  return /^(\*|\*?[^*\s/:]+|\[[0-9a-fA-F:.]+\])(:(\*|\d{1,5}))?$/.test(text);
}

/** @param names of the routes of this router so far: statistics and breakers go by them */
function readRoute(node: ConfigNode, standard: string, names: Set<string>): RouteConfig {
  const name = node.text("name") ?? standard;
  if (names.has(name)) node.fault("name", `"${name}" is the name of another route of this router`);
  names.add(name);
  node.unserved(["metadata"]);
  const [route, redirect, direct] = ["route", "redirect", "direct_response"].map((key) => node.child(key)); // prettier-ignore
  const filters = node.child("per_filter_config");
  for (const key of filters?.keys() ?? []) {
    if (key !== "fault" && key !== "payload_limit") {
      filters?.warn(key, "is not supported for a route: it has no effect");
    }
  }
  return {
    name,
    match: readMatch(node.child("match")),
    action: readAction(node, route, redirect, direct),
    headers: joinHeaders(route && readHeaders(route), readHeaders(node)),
    fault: readFault(node.child("fault") ?? filters?.child("fault")),
    breaker: readBreaker(node.child("breaker")),
    limits: readLimits(node.child("limits"), filters?.child("payload_limit")),
  };
}

/** With several actions, an answer of our own goes before a redirect, and that before forwarding, as with MOSN. */
function readAction(
  node: ConfigNode,
  route: ConfigNode | undefined,
  redirect: ConfigNode | undefined,
  direct: ConfigNode | undefined,
): RouteConfig["action"] {
  if (direct !== undefined && direct.keys().length > 0) return readDirect(direct);
  if (redirect !== undefined && redirect.keys().length > 0) return readRedirect(redirect);
  if (route !== undefined) return readForward(route, node);
  node.fault(undefined, "must have route, redirect or direct_response");
  return readDirect(node);
}

function readLimits(own: ConfigNode | undefined, payload: ConfigNode | undefined): RouteLimits {
  return {
    maxBodyBytes: own?.integer("max_body_bytes") ?? payload?.integer("max_entity_size"),
    maxConcurrent: own?.integer("max_concurrent"),
  };
}
