import { consistsOf, isToken, isValue } from "@layotto/http1";
import type { Cluster } from "../cluster/cluster.ts";
import type { HeaderChanges } from "../model/route.ts";
import type { Route } from "../routing/router.ts";

/** Changes of one direction, ready to be applied: what is removed goes first. */
export interface Changes {
  /** Lower-case names; undefined: none. */
  readonly remove: ReadonlySet<string> | undefined;
  /** Header lines, each with its CRLF. */
  readonly add: string;
}

/** Changes of a route in both directions. */
export interface RouteChanges {
  readonly request: Changes;
  readonly response: Changes;
}

const nothing: Changes = { remove: undefined, add: "" };
const unchanged: RouteChanges = { request: nothing, response: nothing };

/** By route and, for weighted routes, the cluster that was drawn. Routes of an old configuration are let go. */
const compiled = new WeakMap<Route, Map<string, RouteChanges>>();

/** What a route, its virtual host, its router and the drawn cluster change. */
export function changesOf(route: Route | undefined, cluster: Cluster | undefined): RouteChanges {
  if (route === undefined) return unchanged;
  if (route.headers.length === 0 && route.shares === undefined) return unchanged;
  let byCluster = compiled.get(route);
  if (byCluster === undefined) compiled.set(route, (byCluster = new Map<string, RouteChanges>()));
  const name = cluster?.name ?? "";
  let changes = byCluster.get(name);
  if (changes === undefined) byCluster.set(name, (changes = compile(route, name)));
  return changes;
}

function compile({ headers, action }: Route, cluster: string): RouteChanges {
  const weighted = action.type === "forward" ? action.weighted : undefined;
  const own = weighted?.find((each) => each.name === cluster)?.headers;
  const all: readonly HeaderChanges[] = own === undefined ? headers : [own, ...headers];
  return {
    request: direction(all.map((each) => [each.requestRemove, each.requestAdd])),
    response: direction(all.map((each) => [each.responseRemove, each.responseAdd])),
  };
}

type Lists = readonly [readonly string[], readonly (readonly [string, string])[]];

function direction(lists: readonly Lists[]): Changes {
  const remove = new Set(lists.flatMap(([names]) => names.map((name) => name.toLowerCase())));
  const add = lists.flatMap(([, lines]) => lines.filter(isSafe));
  return {
    remove: remove.size === 0 ? undefined : remove,
    add: add.map(([name, value]) => `${name}: ${value}\r\n`).join(""),
  };
}

/** Fields that delimit messages, belong to the hop, or must be there once: a second line of them is how requests are smuggled. */
const ours = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade"]);

/** What would break out of its line or its message is left out; configuration is checked before, a registry's is not. */
function isSafe([name, value]: readonly [string, string]): boolean {
  if (ours.has(name.toLowerCase())) return false;
  return name !== "" && consistsOf(name, isToken) && consistsOf(value, isValue);
}
